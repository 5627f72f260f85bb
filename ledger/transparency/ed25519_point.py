"""Which 32 bytes are an Ed25519 public key: the one spelling of a point of the curve (RFC 8032, section 5.1.3).

The library that checks signatures takes some second spellings too. One key must have one spelling: its id is a hash of
it, and a key that two programs disagree about lets them disagree about a signature.
"""

from __future__ import annotations

from typing import Final

_PRIME: Final = 2**255 - 19
_D: Final = -121_665 * pow(121_666, -1, _PRIME) % _PRIME
_EULER: Final = (_PRIME - 1) // 2


def is_point(encoded: bytes) -> bool:
    """Whether these 32 bytes are a point: y below 2^255 - 19 with an x to it, and no sign where x is 0."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _PRIME:
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME) % _PRIME
    if x_squared == 0:
        return sign == 0
    return pow(x_squared, _EULER, _PRIME) == 1
