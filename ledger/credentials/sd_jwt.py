"""SD-JWT (RFC 9901) as statements need it: flat disclosures of named claims, SHA-256, no key binding.

<issuer-signed JWT>~<disclosure>~…~<disclosure>~          a disclosure is base64url(JSON [salt, name, value])
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from pydantic import ValidationError

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.claims import TYP, Disclosed, StatementClaims
from ledger.credentials.compact_jwt import CompactJwt, Sign, read_jwt, told, write_jwt
from ledger.credentials.strict_json import need_one_reading
from ledger.transparency.failures import Malformed

SALT_BYTES: Final = 16
CREDENTIAL_CHARACTERS_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadCredential:
    """A credential as it was read. Neither its signature nor its disclosures are verified yet."""

    jwt: CompactJwt
    claims: StatementClaims
    digest: str
    """SHA-256 of the issuer-signed JWT, hexadecimal."""
    disclosures: tuple[str, ...]
    """As they stand in the text."""


def issue_credential(
    claims: Mapping[str, object],
    disclosable: Mapping[str, object],
    kid: str,
    sign: Sign,
    salts: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """The whole text of a credential, every disclosure with it.

    `claims` are those of StatementClaims but `_sd` and `_sd_alg`, under their names in JSON. `salts` gives so many
    bytes that nobody can guess: else whoever sees a digest finds out by trying what was left away.
    """
    disclosures = [
        base64url(msgspec.json.encode([base64url(salts(SALT_BYTES)), name, value]))
        for name, value in disclosable.items()
    ]
    payload = {**claims, "_sd_alg": "sha-256"}
    if disclosures:
        # Sorted, so that their order tells nothing (RFC 9901 section 4.2.4.1).
        payload["_sd"] = sorted(map(disclosure_digest, disclosures))
    return "~".join((write_jwt(TYP, kid, payload, sign), *disclosures, ""))


def read_credential(text: str) -> ReadCredential:
    """Read a credential's text. Raises Malformed."""
    if len(text) > CREDENTIAL_CHARACTERS_MAX:
        raise Malformed(TYP, f"it must have at most {CREDENTIAL_CHARACTERS_MAX} characters, not {len(text)}")
    if not text.isascii():
        raise Malformed(TYP, "it must be ASCII: base64url with . and ~ between")
    issued, *disclosures = text.split("~")
    if not disclosures or disclosures.pop():
        raise Malformed(TYP, "it must end with ~ (a statement is bound to no holder's key)")
    jwt = read_jwt(issued, TYP)
    try:
        claims = StatementClaims.model_validate_json(jwt.payload)
    except ValidationError as error:
        raise Malformed(TYP, f"its claims are not those of a statement: {told(error)}") from error
    return ReadCredential(jwt, claims, credential_digest(text), tuple(disclosures))


def disclosed_claims(credential: ReadCredential) -> Disclosed:
    """What its disclosures say. Raises Malformed where one is not the issuer's, or is there twice."""
    known, values = set(credential.claims.sd or ()), dict[str, object]()
    for disclosure in credential.disclosures:
        digest = disclosure_digest(disclosure)
        if digest not in known:
            raise Malformed(TYP, "a disclosure is not the issuer's, or is there twice")
        known.remove(digest)
        name, value = _name_and_value(disclosure)
        if name in values:
            raise Malformed(TYP, f"{name[:40]!r} is disclosed twice")
        values[name] = value
    try:
        return Disclosed.model_validate_json(msgspec.json.encode(values))
    except ValidationError as error:
        raise Malformed(TYP, f"what is disclosed is not what a statement discloses: {told(error)}") from error


def credential_digest(text: str) -> str:
    """SHA-256 of the issuer-signed JWT in a credential's text, hexadecimal: the same whatever is left away."""
    return hashlib.sha256(text.partition("~")[0].encode("utf-8", "surrogatepass")).hexdigest()


def disclosure_digest(disclosure: str) -> str:
    """As it stands in `_sd`."""
    return base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def _name_and_value(disclosure: str) -> tuple[str, object]:
    data = read_base64url(disclosure, TYP, "a disclosure")
    need_one_reading(data, TYP)
    try:
        _salt, name, value = _DISCLOSURE.decode(data)
    except msgspec.MsgspecError as error:
        raise Malformed(TYP, "a disclosure must be [salt, name, value]") from error
    if value is None:
        raise Malformed(TYP, "what is disclosed must have a value")
    return name, value


_DISCLOSURE: Final = msgspec.json.Decoder(tuple[str, str, object])
