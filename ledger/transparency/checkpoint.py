"""Checkpoints (C2SP tlog-checkpoint v1.0.0): the text of a log's signed tree head, in three lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_decimal, read_hash, read_text
from ledger.transparency.signed_note import NOTE_BYTES_MAX
from ledger.transparency.tree_hash import EMPTY_ROOT

ORIGIN_BYTES_MAX: Final = 255
"""What an ML-DSA-44 signature can say (tlog-cosignature: opaque log_origin<1..2^8-1>)."""

_FORM: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's statement: these are all my leaves, this is their root."""

    origin: str
    """Which log: one a ledger partition."""
    size: int
    """Leaves; equal to the last position, since leaf index = position - 1."""
    root: bytes
    extension: tuple[str, ...] = ()
    """Further lines of other logs. Ours writes none: ML-DSA-44 signatures do not cover them."""

    def text(self) -> bytes:
        """The text to sign. Raises Malformed for one that could not be read back."""
        lines = (self.origin, str(self.size), base64_text(self.root), *self.extension)
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
        if parse_checkpoint_text(data) != self:
            raise Malformed(_FORM, "no line may hold a newline")
        return data


def parse_checkpoint_text(text: bytes) -> Checkpoint:
    """Read the text of a note as a checkpoint.

    Raises:
        Malformed: it is none.
    """
    lines = read_text(text, _FORM, NOTE_BYTES_MAX).split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise Malformed(_FORM, "it must have three lines or more, none of them empty, each ended by a newline")
    origin, size_line, root_line, *extension = lines
    if len(origin.encode()) > ORIGIN_BYTES_MAX:
        raise Malformed(_FORM, f"the origin must have at most {ORIGIN_BYTES_MAX} bytes")
    size = read_decimal(size_line, _FORM, "the size")
    root = read_hash(root_line, _FORM, "the root")
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed(_FORM, f"the root of an empty log must be {base64_text(EMPTY_ROOT)}, not {root_line}")
    return Checkpoint(origin, size, root, tuple(extension))
