"""Check: the journal's lines are those of the events, column by column; each entry moves seconds between classes.

What a line says of the attendance is compared with the fold of its stream, in `attendances.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from psycopg.rows import dict_row

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.auditing.stored_page import AuditedEvent, StoredPage
from ledger.event_bytes import Envelope

PLACE: Final = "projection journal_lines"
CLASS_NUMBERS: Final = {
    "outside": 0,
    "claimed": 1,
    "attended": 2,
    "verified": 3,
    "disputed": 4,
    "withheld": 5,
    "reversed": 6,
}
"""As the API's EvidenceClass numbers them (`docs/format.md`)."""

_HELD: Final = """
    select * from journal_lines where partition = %b and position between %b and %b order by position, entry_index
"""
_LATER: Final = "select min(position) from journal_lines where partition = %b and position > %b"


class _Movement(msgspec.Struct):
    service_date: str
    from_class: str
    to_class: str
    seconds: int
    reason: str | None = None


class _Moved(msgspec.Struct):
    """Of an event's data: what moves hours or tells of a presence. Other events name no attendance."""

    entries: list[_Movement] = []
    holder: str = ""
    attendance: str = ""
    shift: str = ""
    opportunity: str = ""
    organization: str = ""


_MOVED: Final = msgspec.json.Decoder(_Moved)


_NO_MOVEMENT: Final[dict[str, object]] = dict.fromkeys(
    ("from_class", "to_class", "seconds", "service_date", "reason"), None
)
"""A line of an event that moves no seconds."""


class JournalCheck:
    """One partition's lines beside its events."""

    def __init__(self, read: Database, partition: int, applied: int, report: Report) -> None:
        self._rows = read.cursor(binary=True, row_factory=dict_row)
        self._partition = partition
        self._applied = applied
        self._report = report

    def page(self, page: StoredPage) -> None:
        last = min(page.last, self._applied)
        if page.first > last:
            return
        held = {
            (row["position"], row["entry_index"]): row
            for row in self._rows.execute(_HELD, (self._partition, page.first, last))
        }
        for event in page.events:
            if event.position <= last:
                for index, told in enumerate(self._told(event)):
                    where = Where(PLACE, self._partition, event.position, f"line {index}")
                    self._report.compare(where, told, held.pop((event.position, index), None))
        for position, index in held:
            self._report.differs(Where(PLACE, self._partition, position, f"line {index}"), "row", "none", "there")

    def end(self) -> None:
        row = self._rows.execute(_LATER, (self._partition, self._applied)).fetchone()
        if row is not None and row["min"] is not None:
            where = Where(PLACE, self._partition, row["min"])
            self._report.differs(where, "row", f"none after position {self._applied}", "there")

    def _told(self, event: AuditedEvent) -> list[dict[str, object]]:
        envelope = event.envelope
        if envelope is None:
            return []
        where = Where("store events", self._partition, event.position, event.stream)
        try:
            moved = _MOVED.decode(envelope.data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._report.differs(where, "data.entries", "movements of seconds", str(error))
            return []
        if not moved.attendance:
            return []
        for index, entry in enumerate(moved.entries):
            if entry.seconds <= 0 or entry.from_class == entry.to_class or entry.to_class == "outside":
                self._report.differs(where, f"data.entries[{index}]", "seconds > 0 into another class", repr(entry))
        cause = _cause(envelope, moved)
        return [_movement(entry) | cause for entry in moved.entries] or [_NO_MOVEMENT | cause]


def _movement(entry: _Movement) -> dict[str, object]:
    return {
        "from_class": CLASS_NUMBERS.get(entry.from_class),
        "to_class": CLASS_NUMBERS.get(entry.to_class),
        "seconds": entry.seconds,
        "service_date": date.fromisoformat(entry.service_date),
        "reason": entry.reason,
    }


def _cause(envelope: Envelope, moved: _Moved) -> dict[str, object]:
    return {
        "recorded_at": envelope.time,
        "source_recorded_at": envelope.sourcetime,
        "event_id": envelope.id,
        "event_type": envelope.type,
        "holder": moved.holder,
        "attendance": moved.attendance,
        "shift": moved.shift,
        "opportunity": moved.opportunity,
        "organization": moved.organization,
        "actor": envelope.actor,
    }
