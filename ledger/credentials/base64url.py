"""base64url without padding (RFC 7515 section 2), in its one canonical spelling.

A reader that took a second spelling would let the same credential exist in different bytes.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from ledger.transparency.failures import Malformed

_ALPHABET: Final = re.compile("[A-Za-z0-9_-]*")


def base64url(data: bytes) -> str:
    """The text of these bytes."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def read_base64url(text: str, form: str, what: str) -> bytes:
    """The bytes of a text. Raises Malformed."""
    if _ALPHABET.fullmatch(text) is None or len(text) % 4 == 1:
        raise Malformed(form, f"{what} must be base64url without padding, not {text[:60]!r}")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise Malformed(form, f"{what} must be canonical base64url (unused bits zero), not {text[-60:]!r}")
    return data
