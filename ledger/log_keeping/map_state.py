"""How far a balance map is, and its root there; as the keeper remembers it beside its keys.

<size, decimal>
<map root, base64>
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_decimal, read_hash, read_text

_FORM: Final = "mapped size and root"
_BYTES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class MapState:
    """The map over the first `size` events of its log."""

    size: int
    root: bytes

    def to_bytes(self) -> bytes:
        """What the file holds."""
        return f"{self.size}\n{base64_text(self.root)}\n".encode("ascii")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises Malformed."""
        lines = read_text(data, _FORM, _BYTES_MAX).split("\n")
        if len(lines) != 3 or lines[2]:
            raise Malformed(_FORM, "it must have two lines")
        return cls(read_decimal(lines[0], _FORM, "the size"), read_hash(lines[1], _FORM, "the root"))

    def in_words(self) -> str:
        """For an alarm."""
        return f"size {self.size} map root {self.root.hex()}"
