"""JWTs in compact form, signed ES256: the form of credentials and of status lists (RFC 7515, RFC 7518 section 3.4).

One algorithm, pinned by what kind of token is expected and never by what a token says; a signature has its lower s, so
that nobody can make a second valid signature out of a first one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import StringConstraints, ValidationError

from ledger.credentials.base64url import base64url, read_base64url
from ledger.credentials.strict_json import need_one_reading
from ledger.domain.event import Value
from ledger.transparency.failures import Malformed, SignatureRejected

Sign: TypeAlias = Callable[[bytes], bytes]
"""Signs bytes ES256: r and s, 32 bytes each; `write_jwt` sees to the lower s."""

SIGNATURE_BYTES: Final = 64
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""


class Header(Value):
    """All that a header may say."""

    alg: Literal["ES256"]
    typ: str
    kid: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


@dataclass(frozen=True, slots=True)
class CompactJwt:
    """A token as it was read. Nothing of it is verified yet."""

    header: Header
    payload: bytes
    """JSON."""
    signed: bytes
    signature: bytes


def write_jwt(typ: str, kid: str, payload: Mapping[str, object], sign: Sign) -> str:
    """A signed token. Raises ValueError where `sign` gives something else than r and s."""
    header = msgspec.json.encode({"alg": "ES256", "typ": typ, "kid": kid})
    signed = f"{base64url(header)}.{base64url(msgspec.json.encode(payload))}"
    return f"{signed}.{base64url(with_lower_s(sign(signed.encode('ascii'))))}"


def read_jwt(text: str, typ: str) -> CompactJwt:
    """Read a token of this type; its payload is JSON of one reading. Raises Malformed."""
    parts = text.split(".")
    if len(parts) != 3:
        raise Malformed(typ, "it must be three parts with dots between")
    header_json = read_base64url(parts[0], typ, "the header")
    need_one_reading(header_json, typ)
    try:
        header = Header.model_validate_json(header_json)
    except ValidationError as error:
        raise Malformed(typ, f"the header must be alg ES256, typ and kid alone: {told(error)}") from error
    if header.typ != typ:
        raise Malformed(typ, f"typ must be {typ}, not {header.typ[:40]!r}")
    payload, signature = read_base64url(parts[1], typ, "the payload"), read_base64url(parts[2], typ, "the signature")
    need_one_reading(payload, typ)
    return CompactJwt(header, payload, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def verify_signature(jwt: CompactJwt, key: EllipticCurvePublicKey) -> None:
    """Whether the key signed it. Raises SignatureRejected."""
    if len(jwt.signature) != SIGNATURE_BYTES:
        raise SignatureRejected(f"an ES256 signature has {SIGNATURE_BYTES} bytes, not {len(jwt.signature)}")
    r, s = int.from_bytes(jwt.signature[:32]), int.from_bytes(jwt.signature[32:])
    if s > _ORDER // 2:
        raise SignatureRejected("the signature must have the lower of its two possible s")
    try:
        key.verify(encode_dss_signature(r, s), jwt.signed, ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise SignatureRejected("the signature does not fit these bytes and this key") from error


def signer(key: EllipticCurvePrivateKey) -> Sign:
    """Signs with a key that is at hand."""

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


def with_lower_s(signature: bytes) -> bytes:
    """The same signature with the lower of its two possible s. Raises ValueError for what is no r and s."""
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"an ES256 signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    s = int.from_bytes(signature[32:])
    if not 0 < s < _ORDER:
        raise ValueError("the s of an ES256 signature must be from 1 to below the order of P-256")
    return signature if s <= _ORDER // 2 else signature[:32] + (_ORDER - s).to_bytes(32)


def told(error: ValidationError) -> str:
    """What is wrong, in one line, without what was given."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )[:300]
