"""Token Status Lists (draft-ietf-oauth-status-list-21): how a credential's status is published and read.

A list is a signed JWT of 1,048,576 places of 2 bits, packed from the least significant bit on and deflated (sections
4.1 and 5.1). Times are unix seconds.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.claims import PLACES as PLACES
from ledger.credentials.compact_jwt import CompactJwt, read_jwt, told, verify_signature, write_jwt
from ledger.credentials.issuer_keys import PublishedKeys, SigningKey
from ledger.domain.event import Value
from ledger.transparency.failures import Malformed, OutOfTree, SignatureRejected

TYP: Final = "statuslist+jwt"
BITS: Final = 2
VALID: Final = 0
REVOKED: Final = 1
"""Also where the person was erased."""
SUPERSEDED: Final = 3
"""The hours it states were corrected since."""
LIFE_SECONDS: Final = 24 * 3_600
TTL_SECONDS: Final = 60
LIST_CHARACTERS_MAX: Final = 600_000
"""What cannot be deflated, in base64 twice, is shorter."""

_PER_BYTE: Final = 8 // BITS
_BYTES: Final = PLACES // _PER_BYTE
_STATUS_MAX: Final = (1 << BITS) - 1
_LEVEL: Final = 9
"""Section 4.1 recommends the highest: a list is fetched oftener than it is made."""


@dataclass(frozen=True, slots=True)
class ReadStatusList:
    """A list as it was read. Its signature is not verified yet."""

    jwt: CompactJwt
    uri: str
    iat: int
    exp: int
    places: bytes
    """2 bits each."""

    def value_at(self, idx: int) -> int:
        """The status at a place. Raises OutOfTree for one that the list does not have."""
        if not 0 <= idx < len(self.places) * _PER_BYTE:
            raise OutOfTree(f"the status list has places 0 to {len(self.places) * _PER_BYTE - 1}, not {idx}")
        return self.places[idx // _PER_BYTE] >> BITS * (idx % _PER_BYTE) & _STATUS_MAX


def pack_statuses(taken: Iterable[tuple[int, int]], places_count: int = PLACES) -> bytes:
    """The deflated list in which these places have these statuses, and all others 0.

    Raises ValueError for a place or a status that a list cannot have.
    """
    places = bytearray(places_count // _PER_BYTE)
    for idx, status in taken:
        if not (0 <= idx < places_count and 0 <= status <= _STATUS_MAX):
            raise ValueError(f"place {idx} cannot have status {status}")
        shift = BITS * (idx % _PER_BYTE)
        places[idx // _PER_BYTE] = places[idx // _PER_BYTE] & ~(_STATUS_MAX << shift) | status << shift
    return zlib.compress(places, _LEVEL)


def write_status_list(uri: str, now: int, packed: bytes, signing_key: SigningKey) -> str:
    """The signed list."""
    payload = {
        "sub": uri,
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "ttl": TTL_SECONDS,
        "status_list": {"bits": BITS, "lst": base64url(packed)},
    }
    return write_jwt(TYP, signing_key.kid, payload, signing_key.sign)


def read_status_list(text: str) -> ReadStatusList:
    """Read a list's text. Raises Malformed."""
    if len(text) > LIST_CHARACTERS_MAX:
        raise Malformed(TYP, f"it must have at most {LIST_CHARACTERS_MAX} characters, not {len(text)}")
    jwt = read_jwt(text, TYP)
    try:
        claims = _Claims.model_validate_json(jwt.payload)
    except ValidationError as error:
        raise Malformed(TYP, f"its claims are not those of a status list: {told(error)}") from error
    if claims.exp <= claims.iat:
        raise Malformed(TYP, "it must end after it was made")
    return ReadStatusList(jwt, claims.sub, claims.iat, claims.exp, _inflated(claims.status_list.lst))


def verify_status_list(status_list: ReadStatusList, keys: PublishedKeys) -> None:
    """Whether the issuer signed it. Raises SignatureRejected.

    A list under a revoked key never holds, whatever date it says: no log shows when it was made.
    """
    key = keys.key_at(status_list.jwt.header.kid, status_list.iat)
    if key.revoked_at is not None:
        raise SignatureRejected(f"key {key.kid} of the status list was revoked")
    verify_signature(status_list.jwt, key.key)


class _Lst(Value):
    bits: Literal[2]
    lst: str


_UnixSeconds = Annotated[int, Field(ge=0, le=2**53)]


class _Claims(Value):
    sub: str
    iat: _UnixSeconds
    exp: _UnixSeconds
    ttl: Annotated[int, Field(ge=1, le=2**53)]
    status_list: _Lst


def _inflated(lst: str) -> bytes:
    """Never more than a list's bytes are made, whatever the deflated ones would become."""
    inflating = zlib.decompressobj()
    try:
        places = inflating.decompress(read_base64url(lst, TYP, "lst"), _BYTES + 1)
    except zlib.error as error:
        raise Malformed(TYP, f"lst must be deflated in zlib's form: {error}") from error
    if len(places) != _BYTES or not inflating.eof or inflating.unused_data:
        raise Malformed(TYP, f"lst must be {_BYTES} bytes, deflated, and nothing behind them")
    return places
