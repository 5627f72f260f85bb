"""Certificates of callers."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable, Mapping
from functools import lru_cache


def peer_certificate_sha256(auth_context: Mapping[str, Iterable[bytes]]) -> str | None:
    """SHA-256 of the certificate (DER) a caller showed, in hex digits; None where there was none."""
    for pem in auth_context.get("x509_pem_cert", ()):
        return _sha256(pem)
    return None


@lru_cache(1_000)
def _sha256(pem: bytes) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))).hexdigest()
