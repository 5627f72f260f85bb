"""Reading an access token before anything in it is believed: strictly, so that no two readers see two tokens in it.

JWS compact serialization (RFC 7515 section 7.1) of a JSON Web Token. What RFC 8725 warns of is refused here already:
members that stand twice, numbers that are none, extensions, and keys that the token itself brings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Never

from joserfc.util import urlsafe_b64decode

TOKEN_BYTES_MAX: Final = 8 * 1024
LIFE_SECONDS_MAX: Final = 24 * 3_600
"""From `iat` to `exp`."""
_TYPES: Final = ("at+jwt", "application/at+jwt")
"""RFC 9068 section 2.1; names of media types are the same in upper case."""
_NEVER_IN_A_HEADER: Final = frozenset(("crit", "b64", "jwk", "jku", "x5u", "x5c", "enc", "zip"))
"""Extensions that would have to be understood, keys of the token's own choice, and what only encrypted ones have."""


class TokenFault(StrEnum):
    """Why a token is refused, in a word that tells nothing of it: for logs and for its client."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    HEADER = "header"
    TYPE = "type"
    ALGORITHM = "algorithm"
    NO_KEY_NAMED = "no_key_named"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    CLAIM = "claim"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    LIFE_TOO_LONG = "life_too_long"
    SUBJECT = "subject"
    CLIENT = "client"
    OTHER_CERTIFICATE = "other_certificate"


class TokenRefused(Exception):
    """A token that proves nothing. Says why in one word, and nothing of the token."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class UnprovenToken:
    """What a token says of itself."""

    algorithm: str
    key_id: str | None
    claims: Mapping[str, object]


def read_unproven(token: str) -> UnprovenToken:
    """Take a token apart. Raises TokenRefused; the signature is not looked at."""
    if len(token) > TOKEN_BYTES_MAX:
        raise TokenRefused(TokenFault.TOO_LONG)
    segments = token.split(".")
    if len(segments) != 3 or not token.isascii() or not segments[2]:
        raise TokenRefused(TokenFault.MALFORMED)
    header = _members(segments[0])
    if not _NEVER_IN_A_HEADER.isdisjoint(header):
        raise TokenRefused(TokenFault.HEADER)
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused(TokenFault.TYPE)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str):
        raise TokenRefused(TokenFault.ALGORITHM)
    if key_id is not None and not isinstance(key_id, str):
        raise TokenRefused(TokenFault.HEADER)
    return UnprovenToken(algorithm, key_id, _members(segments[1]))


def _members(segment: str) -> dict[str, object]:
    try:
        text = urlsafe_b64decode(segment.encode("ascii")).decode("utf-8")
        value: object = json.loads(text, object_pairs_hook=_each_once, parse_constant=_is_no_number)
    except (ValueError, RecursionError) as wrong:
        raise TokenRefused(TokenFault.MALFORMED) from wrong
    if not isinstance(value, dict):
        raise TokenRefused(TokenFault.MALFORMED)
    return value


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _is_no_number(_: str) -> Never:
    raise ValueError("NaN and Infinity are no JSON")
