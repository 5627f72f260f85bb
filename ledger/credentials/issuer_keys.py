"""The issuer's keys: what is published of them, which one counts at a moment, and the port of whatever holds them.

`https://<issuer>/.well-known/jwt-vc-issuer` answers {"issuer", "jwks": {"keys": […]}} (SD-JWT VC, JWT VC Issuer
Metadata); of ours are the three dates of each key (docs/statements.md, The issuer's keys), unix seconds.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, Literal, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from pydantic import Field, ValidationError

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.compact_jwt import Sign, told
from ledger.credentials.strict_json import need_one_reading
from ledger.domain.event import Value
from ledger.transparency.failures import Malformed, SignatureRejected

WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"
DOCUMENT_BYTES_MAX: Final = 1_000_000

_FORM: Final = "issuer document"
_ISSUER: Final = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?")
_COORDINATE_BYTES: Final = 32


class NoSigningKey(Exception):
    """There is no key to sign statements with now: none has begun, or each one has ended or was revoked."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key and when it counts; unix seconds."""

    kid: str
    """RFC 7638 thumbprint of the key."""
    key: EllipticCurvePublicKey
    valid_from: int
    valid_until: int | None = None
    revoked_at: int | None = None
    """From then on it may have been in wrong hands."""

    def __post_init__(self) -> None:
        """Raises Malformed for a name that is not the key's own, and for a key that ends before it begins."""
        if self.kid != thumbprint(self.key):
            raise Malformed(_FORM, f"the kid of this key must be {thumbprint(self.key)}, its RFC 7638 thumbprint")
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise Malformed(_FORM, f"key {self.kid} must not end before it begins")

    def covers(self, at: int) -> bool:
        """Whether it may sign at this moment, by its dates alone."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True)
class PublishedKeys:
    """All keys that an issuer ever had."""

    issuer: str
    keys: tuple[PublishedKey, ...]

    def __post_init__(self) -> None:
        """Raises Malformed for an issuer that is no https URL without a path, and for a key that is there twice."""
        need_issuer(self.issuer)
        if len(self._by_kid) != len(self.keys):
            raise Malformed(_FORM, "a key must stand in it once")

    @cached_property
    def _by_kid(self) -> dict[str, PublishedKey]:
        return {key.kid: key for key in self.keys}

    def key_at(self, kid: str, iat: int) -> PublishedKey:
        """The key of this name, if it might sign then; whether it was revoked is the caller's to look at.

        Raises SignatureRejected.
        """
        key = self._by_kid.get(kid)
        if key is None:
            raise SignatureRejected(f"{self.issuer} has no key {kid}")
        if iat < key.valid_from:
            raise SignatureRejected(f"key {kid} was valid from {key.valid_from} on, and this says {iat}")
        if not key.covers(iat):
            raise SignatureRejected(f"key {kid} was valid until {key.valid_until}, and this says {iat}")
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs now; the private key may be in another process or device."""

    kid: str
    sign: Sign


class IssuerKeys(Protocol):
    """Where the issuer's keys are kept. Safe to share between threads."""

    @property
    def issuer(self) -> str:
        """An https URL without a path."""
        ...

    def published(self) -> PublishedKeys:
        """All keys there ever were: one that is left out takes away the statements it signed."""
        ...

    def signing(self, now: int) -> SigningKey:
        """The newest key that has begun, and has neither ended nor been revoked. Raises NoSigningKey."""
        ...


def newest_signing(keys: tuple[PublishedKey, ...], now: int) -> PublishedKey:
    """The key to sign with now. Raises NoSigningKey."""
    usable = [key for key in keys if key.covers(now) and key.revoked_at is None]
    if not usable:
        raise NoSigningKey(f"of {len(keys)} keys none may sign statements at {now}: make a new one")
    return max(usable, key=lambda key: (key.valid_from, key.kid))


def need_issuer(issuer: str) -> None:
    """Raise Malformed unless this can be the `iss` of a credential."""
    if _ISSUER.fullmatch(issuer) is None:
        raise Malformed("issuer", f"it must be an https URL without a path, in small letters, not {issuer[:80]!r}")


def thumbprint(key: EllipticCurvePublicKey) -> str:
    """The key's name (RFC 7638 section 3): SHA-256 over its required members, in order."""
    x, y = coordinates(key)
    return base64url(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode("ascii")).digest())


def coordinates(key: EllipticCurvePublicKey) -> tuple[str, str]:
    """x and y as a JWK has them (RFC 7518 section 6.2.1). Raises Malformed for a key of another curve."""
    if not isinstance(key.curve, SECP256R1):
        raise Malformed("issuer key", f"it must be of the curve P-256, not of {key.curve.name}")
    numbers = key.public_numbers()
    return base64url(numbers.x.to_bytes(_COORDINATE_BYTES)), base64url(numbers.y.to_bytes(_COORDINATE_BYTES))


def read_public_key(x: str, y: str) -> EllipticCurvePublicKey:
    """The key with these coordinates. Raises Malformed."""
    try:
        return EllipticCurvePublicNumbers(_coordinate(x), _coordinate(y), SECP256R1()).public_key()
    except ValueError as error:
        raise Malformed("issuer key", "x and y must be a point of the curve P-256") from error


def _coordinate(text: str) -> int:
    data = read_base64url(text, "issuer key", "a coordinate")
    if len(data) != _COORDINATE_BYTES:
        raise Malformed("issuer key", f"a coordinate must have {_COORDINATE_BYTES} bytes, not {len(data)}")
    return int.from_bytes(data)


def write_issuer_document(keys: PublishedKeys) -> bytes:
    """What `/.well-known/jwt-vc-issuer` answers."""
    return msgspec.json.encode({"issuer": keys.issuer, "jwks": {"keys": [_jwk(key) for key in keys.keys]}})


def read_issuer_document(data: bytes) -> PublishedKeys:
    """Read what an issuer published. Raises Malformed."""
    if len(data) > DOCUMENT_BYTES_MAX:
        raise Malformed(_FORM, f"it must have at most {DOCUMENT_BYTES_MAX} bytes, not {len(data)}")
    need_one_reading(data, _FORM)
    try:
        document = _Document.model_validate_json(data)
    except ValidationError as error:
        raise Malformed(_FORM, f"it must be as docs/statements.md says: {told(error)}") from error
    return PublishedKeys(document.issuer, tuple(map(_published, document.jwks.keys)))


UnixDate = Annotated[int, Field(ge=0, le=2**53)]


class _Jwk(Value):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]
    valid_from: UnixDate
    valid_until: UnixDate | None = None
    revoked_at: UnixDate | None = None


class _Jwks(Value):
    keys: tuple[_Jwk, ...]


class _Document(Value):
    issuer: str
    jwks: _Jwks


def _published(jwk: _Jwk) -> PublishedKey:
    return PublishedKey(jwk.kid, read_public_key(jwk.x, jwk.y), jwk.valid_from, jwk.valid_until, jwk.revoked_at)


def _jwk(key: PublishedKey) -> dict[str, object]:
    x, y = coordinates(key.key)
    jwk: dict[str, object] = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": key.kid, "alg": "ES256", "use": "sig"}
    dates = {"valid_from": key.valid_from, "valid_until": key.valid_until, "revoked_at": key.revoked_at}
    return jwk | {name: date for name, date in dates.items() if date is not None}
