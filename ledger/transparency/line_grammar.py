"""The small grammar all text formats of the log share: decimals, base64, hashes, lines.

One value has one spelling. A reader that took a second one (a leading zero, loose base64) would let the same proof
exist in different bytes, and readers in other languages would disagree about it.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.tree_hash import HASH_BYTES

SIZE_MAX: Final = 2**63 - 1
"""Of a tree: the last position an event can have."""
PROOF_HASHES_MAX: Final = 63
"""No tree up to SIZE_MAX is deeper; tlog-witness allows no more consistency hashes either."""

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL: Final = re.compile("0|[1-9][0-9]{0,18}")


def read_decimal(text: str, form: str, what: str) -> int:
    """A size or an index: ASCII digits without a leading zero, at most 2^63 - 1. Raises Malformed."""
    if _DECIMAL.fullmatch(text) is None or int(text) > SIZE_MAX:
        raise Malformed(form, f"{what} must be a decimal from 0 to {SIZE_MAX} without leading zeros, not {text[:30]!r}")
    return int(text)


def read_base64(text: str, form: str, what: str) -> bytes:
    """Bytes in standard base64 with padding (RFC 4648 section 4), in the one canonical spelling. Raises Malformed."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Malformed(form, f"{what} must be standard base64 with padding, not {text[:60]!r}") from error
    if base64_text(data) != text:
        raise Malformed(form, f"{what} must be canonical base64 (unused bits zero), not {text[-60:]!r}")
    return data


def read_hash(text: str, form: str, what: str) -> bytes:
    """One SHA-256 hash in base64. Raises Malformed."""
    data = read_base64(text, form, what)
    if len(data) != HASH_BYTES:
        raise Malformed(form, f"{what} must be the base64 of {HASH_BYTES} bytes, not of {len(data)}")
    return data


def read_text(data: bytes, form: str, bytes_max: int) -> str:
    """UTF-8 without ASCII control characters but newline (signed-note v1.0.0, Format). Raises Malformed."""
    if len(data) > bytes_max:
        raise Malformed(form, f"it must have at most {bytes_max} bytes, not {len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(form, f"it must be UTF-8; byte {error.start} is not") from error
    if control := _CONTROL.search(text):
        raise Malformed(form, f"it must hold no control character but newline; it holds {control[0]!r}")
    return text


def base64_text(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")
