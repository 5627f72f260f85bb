"""Codes of links: 128 random bits in 26 small letters and digits that nobody confuses on paper (RFC 4648 section 6)."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from typing import Final

CODE_BYTES: Final = 16


def new_code() -> str:
    """A fresh one."""
    return b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii").rstrip("=").lower()


def code_digest(code: str) -> str:
    """What the ledger keeps of a code, hexadecimal. The code is random enough that no salt is needed."""
    return hashlib.sha256(code.encode("ascii")).hexdigest()


def share_uri(issuer: str, code: str) -> str:
    """The link."""
    return f"{issuer}/s/{code}"
