"""Issuer keys in a file of this machine: rotated and revoked by commands, read again by the service when it changes.

{"keys": [{"kty", "crv", "x", "y", "d", "valid_from", "valid_until"?, "revoked_at"?}]}: private JWKs (RFC 7518 section
6.2.2), dates in unix seconds. Nothing is ever taken out: statements of old keys must stay checkable. What an error says
holds nothing of a private key.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Lock
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePrivateNumbers,
    generate_private_key,
)
from pydantic import ValidationError

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.compact_jwt import signer, told
from ledger.credentials.issuer_keys import (
    PublishedKey,
    PublishedKeys,
    SigningKey,
    UnixDate,
    coordinates,
    need_issuer,
    newest_signing,
    read_public_key,
    thumbprint,
)
from ledger.credentials.strict_json import need_one_reading
from ledger.domain.event import Value
from ledger.log_keeping.durable_file import replace_file
from ledger.transparency.failures import Malformed

FILE_BYTES_MAX: Final = 1_000_000
OVERLAP_SECONDS: Final = 30 * 86_400

_FORM: Final = "issuer key file"
_SECRET_BYTES: Final = 32


class KeyFileUnusable(Exception):
    """The file is not there, is open to others, holds something else, or has no such key. The message names it."""


@dataclass(frozen=True, slots=True)
class _HeldKey:
    private: EllipticCurvePrivateKey
    published: PublishedKey


class FileIssuerKeys:
    """See IssuerKeys. Safe to share between threads."""

    def __init__(self, path: Path, issuer: str) -> None:
        """Raises KeyFileUnusable, and Malformed for an issuer that is none."""
        need_issuer(issuer)
        self._path = path
        self._issuer = issuer
        self._lock = Lock()
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[_HeldKey, ...] = ()
        self._published = PublishedKeys(issuer, ())
        self._signing: dict[str, SigningKey] = {}
        self._current()

    @property
    def issuer(self) -> str:
        """See IssuerKeys."""
        return self._issuer

    def published(self) -> PublishedKeys:
        """See IssuerKeys. Raises KeyFileUnusable: a revocation that cannot be read must not be passed over."""
        with self._lock:
            self._current()
            return self._published

    def signing(self, now: int) -> SigningKey:
        """See IssuerKeys. Raises KeyFileUnusable, too."""
        with self._lock:
            self._current()
            return self._signing[newest_signing(self._published.keys, now).kid]

    def _current(self) -> None:
        state = _state(self._path)
        if state == self._seen:
            return
        self._keys = _read(self._path)
        self._published = PublishedKeys(self._issuer, tuple(key.published for key in self._keys))
        self._signing = {key.published.kid: SigningKey(key.published.kid, signer(key.private)) for key in self._keys}
        self._seen = state


def create(path: Path) -> None:
    """Begin a file without keys. Raises KeyFileUnusable where one is there already."""
    with _changing(path):
        if path.exists():
            raise KeyFileUnusable(f"{path} is there already; its keys are needed for ever")
        _write(path, ())


def add_key(path: Path, now: int, overlap_seconds: int = OVERLAP_SECONDS) -> str:
    """A new key, valid from now on; those before end after the overlap. Returns its kid. Raises KeyFileUnusable.

    A key that ends earlier anyway keeps its end.
    """
    private = generate_private_key(SECP256R1())
    kid = thumbprint(private.public_key())
    end = now + overlap_seconds

    def ended(key: PublishedKey) -> PublishedKey:
        if key.valid_until is not None and key.valid_until <= end:
            return key
        return replace(key, valid_until=max(end, key.valid_from))

    with _changing(path):
        held = [replace(one, published=ended(one.published)) for one in _read(path)]
        _write(path, (*held, _HeldKey(private, PublishedKey(kid, private.public_key(), now))))
    return kid


def revoke_key(path: Path, kid: str, at: int) -> None:
    """Say that a key may have been in wrong hands from then on. Raises KeyFileUnusable for a key that is not there.

    A date may be moved to the past, never to the future: nobody knows again that hands were right.
    """
    with _changing(path):
        held = _read(path)
        if all(one.published.kid != kid for one in held):
            raise KeyFileUnusable(f"{path} has no key {kid}")
        _write(path, tuple(_revoked(one, at) if one.published.kid == kid else one for one in held))


def _revoked(held: _HeldKey, at: int) -> _HeldKey:
    before = held.published.revoked_at
    return replace(held, published=replace(held.published, revoked_at=at if before is None else min(before, at)))


class _PrivateJwk(Value):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    d: str
    valid_from: UnixDate
    valid_until: UnixDate | None = None
    revoked_at: UnixDate | None = None


class _File(Value):
    keys: tuple[_PrivateJwk, ...]


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """One change at a time: of two at once, one would be lost."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flock(folder, LOCK_EX)
            yield
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyFileUnusable(f"{path} cannot be changed: {error.strerror}") from error


def _state(path: Path) -> tuple[int, int, int]:
    """Another one: another file. Raises KeyFileUnusable where others than its owner may read it."""
    try:
        found = path.stat()
    except OSError as error:
        raise KeyFileUnusable(f"{path} cannot be read: {error.strerror}") from error
    if stat.S_IMODE(found.st_mode) & 0o077 or not stat.S_ISREG(found.st_mode):
        raise KeyFileUnusable(f"{path} must be a file that its owner alone may read: mode 0600")
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> tuple[_HeldKey, ...]:
    _state(path)
    try:
        with path.open("rb") as opened:
            data = opened.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise Malformed(_FORM, f"it must have at most {FILE_BYTES_MAX} bytes")
        need_one_reading(data, _FORM)
        return tuple(map(_held, _File.model_validate_json(data).keys))
    except OSError as error:
        raise KeyFileUnusable(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        # Not chained: the library's error holds what was given.
        raise KeyFileUnusable(f"{path} is no file of issuer keys: {told(error)}") from None
    except Malformed as error:
        raise KeyFileUnusable(f"{path} is no file of issuer keys: {error.form}") from None


def _held(jwk: _PrivateJwk) -> _HeldKey:
    public = read_public_key(jwk.x, jwk.y)
    secret = read_base64url(jwk.d, _FORM, "a private key")
    try:
        private = EllipticCurvePrivateNumbers(int.from_bytes(secret), public.public_numbers()).private_key()
    except ValueError as error:
        raise Malformed(_FORM, "a private key is not that of its public key") from error
    return _HeldKey(private, PublishedKey(thumbprint(public), public, jwk.valid_from, jwk.valid_until, jwk.revoked_at))


def _write(path: Path, held: tuple[_HeldKey, ...]) -> None:
    data = msgspec.json.encode({"keys": list(map(_jwk, held))})
    if len(data) > FILE_BYTES_MAX:
        raise KeyFileUnusable(f"{path} is full: it may have {FILE_BYTES_MAX} bytes")
    replace_file(path, data)


def _jwk(held: _HeldKey) -> dict[str, object]:
    key = held.published
    x, y = coordinates(key.key)
    secret = held.private.private_numbers().private_value.to_bytes(_SECRET_BYTES)
    jwk: dict[str, object] = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": base64url(secret)}
    dates = {"valid_from": key.valid_from, "valid_until": key.valid_until, "revoked_at": key.revoked_at}
    return jwk | {name: date for name, date in dates.items() if date is not None}
