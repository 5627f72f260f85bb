"""A holder's entries as a chain of hashes: its head stands for the whole list, in order, with nothing left out.

    head of no entries    SHA-256(0x12 || key)
    head after an entry   SHA-256(0x12 || head before || bytes of the entry)

The bytes of an entry (all numbers unsigned, big-endian):

    position 8 | entry_index 4 | from_class 1 | to_class 1 | seconds 8 | service_date 10, ASCII YYYY-MM-DD
    | leaf hash of the event 32 | length of reason 2 | reason | length of attendance 2 | attendance

The first two kinds differ in length, and the parts of variable length carry theirs, so that different lists never have
the same bytes. The leaf hash ties each entry to the stored bytes of its event, and so to everything else they say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ledger.transparency.failures import Malformed

CLASS_NUMBERS: Final = {
    "outside": 0,
    "claimed": 1,
    "attended": 2,
    "verified": 3,
    "disputed": 4,
    "withheld": 5,
    "reversed": 6,
}
"""Classes by their number in the API and in hashes (`docs/format.md`, Entry)."""
OUTSIDE: Final = 0
CLASSES: Final = 7
NUMBER_MAX: Final = 2**63 - 1
"""Of positions, seconds and counts: what a 64-bit signed integer holds."""
TEXT_BYTES_MAX: Final = 2**16 - 1

_CHAIN: Final = b"\x12"
_FORM: Final = "entry"
_HASH_BYTES: Final = 32
_DATE_LENGTH: Final = 10
_fixed: Final = struct.Struct("!QIBBQ10s32s").pack
_length: Final = struct.Struct("!H").pack


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of seconds between two classes of one holder, as a chain binds it."""

    position: int
    entry_index: int
    """Which of the event's entries, from 0."""
    from_class: int
    to_class: int
    seconds: int
    service_date: str
    reason: str
    """Empty: the entry has none."""
    attendance: str
    event_leaf_hash: bytes
    """SHA-256(0x00 || stored bytes of the event): its leaf in the log."""

    def __post_init__(self) -> None:
        """Raises Malformed for an entry that no event can have caused."""
        if not (1 <= self.position <= NUMBER_MAX and 0 <= self.entry_index < 2**32):
            raise Malformed(_FORM, f"{self.position}/{self.entry_index} must be a position from 1 and an index from 0")
        if not 1 <= self.seconds <= NUMBER_MAX:
            raise Malformed(_FORM, f"seconds must be from 1 to {NUMBER_MAX}, not {self.seconds}")
        if not (0 <= self.from_class < CLASSES and 0 < self.to_class < CLASSES and self.from_class != self.to_class):
            raise Malformed(_FORM, f"it must lead into another class, never outside: {self.from_class} {self.to_class}")
        if len(self.event_leaf_hash) != _HASH_BYTES:
            raise Malformed(_FORM, f"the event's leaf hash must have {_HASH_BYTES} bytes")
        if not _is_date(self.service_date):
            raise Malformed(_FORM, f"service_date must be a day YYYY-MM-DD, not {self.service_date[:40]!r}")
        _need_text(self.reason, "reason")
        _need_text(self.attendance, "attendance")

    def to_bytes(self) -> bytes:
        """The bytes to hash."""
        reason, attendance = self.reason.encode(), self.attendance.encode()
        fixed = _fixed(
            self.position,
            self.entry_index,
            self.from_class,
            self.to_class,
            self.seconds,
            self.service_date.encode(),
            self.event_leaf_hash,
        )
        return b"".join((fixed, _length(len(reason)), reason, _length(len(attendance)), attendance))


def chain_start(key: bytes) -> bytes:
    """The head of a chain without entries, for the holder with this key."""
    return sha256(_CHAIN + key).digest()


def chain_head(head: bytes, entries: Iterable[Entry]) -> bytes:
    """The head after these entries, which stand in order of position and entry_index."""
    for entry in entries:
        head = chained(head, entry.to_bytes())
    return head


def chained(head: bytes, entry: bytes) -> bytes:
    """The head after one entry, given as its bytes."""
    return sha256(_CHAIN + head + entry).digest()


def _need_text(text: str, what: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Malformed(_FORM, f"{what} must be Unicode text without lone surrogates") from error
    if size > TEXT_BYTES_MAX:
        raise Malformed(_FORM, f"{what} must have at most {TEXT_BYTES_MAX} bytes, not {size}")


@lru_cache(4_096)
def _is_date(text: str) -> bool:
    try:
        # fromisoformat also takes 20261120 and 2026-W47-5: one day must have one spelling.
        return len(text) == _DATE_LENGTH and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
