"""The text of the note `<origin>/balances`: which map root belongs to which size and root of which log.

In the form of a C2SP checkpoint (tlog-checkpoint v1.0.0) with two extension lines, each line ended by a newline:

    <origin of the log>/balances
    <size of the log, decimal>
    <map root, base64>
    log <root of the log at this size, base64>
    partition <p> of <P>

The last line says of whom the map can speak at all: of holders whose names lead to partition p of P.
`docs/decisions/0009-balances-note-is-a-checkpoint.md` says why. Signature lines are none of this module's business.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from ledger.transparency.entry_chain import NUMBER_MAX
from ledger.transparency.failures import Malformed
from ledger.transparency.map_hash import HASH_BYTES

ORIGIN_SUFFIX: Final = "/balances"
ORIGIN_BYTES_MAX: Final = 255
"""Of the note's own origin: what an ML-DSA-44 signature can say (tlog-cosignature)."""
LOG_ORIGIN_BYTES_MAX: Final = ORIGIN_BYTES_MAX - len(ORIGIN_SUFFIX)
"""Of a log's origin: with the suffix it must still be one."""
TEXT_BYTES_MAX: Final = 512

_FORM: Final = "balances note"
_PARTITIONS_MAX: Final = 1024
"""Of a ledger (`docs/format.md`, Streams and partitions)."""
_ORIGIN: Final = "[!-*,-~]+"
"""A URL without its scheme, in ASCII, without spaces and plus signs (tlog-checkpoint)."""
_DECIMAL: Final = "(0|[1-9][0-9]{0,18})"
_HASH: Final = "([A-Za-z0-9+/]{43}=)"
_TEXT: Final = re.compile(
    f"({_ORIGIN}){ORIGIN_SUFFIX}\n{_DECIMAL}\n{_HASH}\nlog {_HASH}\npartition {_DECIMAL} of {_DECIMAL}\n"
)


@dataclass(frozen=True, slots=True)
class BalancesNote:
    """What the log's operator says: of these events, this is every balance."""

    log_origin: str
    size: int
    """Events the map was made of: positions 1 to this one. Never 0: position 1 opens the ledger."""
    map_root: bytes
    log_root: bytes
    partition: int
    partitions: int

    def __post_init__(self) -> None:
        """Raises Malformed for a note that could not be read back."""
        need_log_origin(self.log_origin, _FORM)
        if not 1 <= self.size <= NUMBER_MAX:
            raise Malformed(_FORM, f"the size must be from 1 to {NUMBER_MAX}, not {self.size}")
        if not 0 <= self.partition < self.partitions <= _PARTITIONS_MAX:
            raise Malformed(_FORM, f"it must be a partition p below P, not {self.partition} of {self.partitions}")
        if len(self.map_root) != HASH_BYTES or len(self.log_root) != HASH_BYTES:
            raise Malformed(_FORM, f"a root must have {HASH_BYTES} bytes")

    @property
    def origin(self) -> str:
        """The note's own origin, and the name of the keys that sign it."""
        return self.log_origin + ORIGIN_SUFFIX

    def text(self) -> bytes:
        """The text to sign."""
        lines = (
            self.origin,
            str(self.size),
            base64.b64encode(self.map_root).decode("ascii"),
            f"log {base64.b64encode(self.log_root).decode('ascii')}",
            f"partition {self.partition} of {self.partitions}",
        )
        return "".join(f"{line}\n" for line in lines).encode("ascii")


def need_log_origin(origin: str, form: str) -> None:
    """Raise Malformed unless a log of this ledger can have this name: one that fits into every note and signature."""
    if re.fullmatch(_ORIGIN, origin) is None or len(origin) > LOG_ORIGIN_BYTES_MAX:
        raise Malformed(
            form,
            f"the origin of a log must be a URL without scheme, 1 to {LOG_ORIGIN_BYTES_MAX} bytes of ASCII without "
            f"spaces and plus signs, not {len(origin)} characters {origin[:60]!r}",
        )


def parse_balances_note(text: bytes) -> BalancesNote:
    """Read the text of a note (what stands before its blank line) as one about balances.

    Raises:
        Malformed: it is none, or not in the one spelling.
    """
    if len(text) > TEXT_BYTES_MAX or not text.isascii():
        raise Malformed(_FORM, f"it must have at most {TEXT_BYTES_MAX} bytes, all of them ASCII")
    found = _TEXT.fullmatch(text.decode("ascii"))
    if found is None:
        raise Malformed(_FORM, f"it must have five lines: origin{ORIGIN_SUFFIX}, size, map root, log root, partition")
    log_origin, size, map_root, log_root, partition, partitions = found.groups()
    note = BalancesNote(
        log_origin, int(size), _read_hash(map_root), _read_hash(log_root), int(partition), int(partitions)
    )
    if note.text() != text:
        raise Malformed(_FORM, "base64 must be canonical: its unused bits zero")
    return note


def _read_hash(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
