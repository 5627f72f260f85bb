"""Check: what a period was closed with is what the stored events up to the positions it names add up to.

While a partition is read in order, sums are kept by date of service; when a period's position in it has come, those of
its dates are taken. So memory grows with the dates of service and with the closed periods, never with the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from pydantic import ValidationError

from ledger.auditing.finding import Report, Where
from ledger.auditing.journal_lines import CLASS_NUMBERS
from ledger.auditing.snapshots import Snapshots
from ledger.auditing.stored_page import StoredPage
from ledger.domain.closed_period import PeriodClosed
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import decode, recorded_event

PLACE: Final = "store events"

_CLOSINGS: Final = "select partition, position, body from events where type = %b order by partition, position"
_NAMES: Final = ("entry_count", *(f"{name}_seconds" for name in CLASS_NUMBERS if name != "outside"))
"""What is summed: the number of entries, then seconds in the order of their classes, from 1."""


class _Movement(msgspec.Struct):
    service_date: str
    from_class: str
    to_class: str
    seconds: int


class _Moved(msgspec.Struct):
    """Of an event's data: what moves hours. Other events have no entries."""

    entries: list[_Movement] = []


_MOVED: Final = msgspec.json.Decoder(_Moved)


@dataclass(slots=True)
class _Closing:
    """One closed period, and what its dates add up to so far."""

    where: Where
    told: PeriodClosed
    sums: list[int] = field(default_factory=lambda: [0] * len(_NAMES))

    def upto(self, partition: int) -> int:
        """Up to which position it counts this partition; 0: it does not name it."""
        return next((one.position for one in self.told.positions if one.partition == partition), 0)


class ClosedPeriodCheck:
    """All closed periods of the ledger, beside all its events."""

    def __init__(self, moment: Snapshots, report: Report) -> None:
        self._partitions = moment.partitions
        self._heads = {partition: head[0] for partition, head in moment.heads.items()}
        self._report = report
        rows = moment.store.execute(_CLOSINGS, (PeriodClosed.stored_name,), binary=True)
        self._closings = [closing for row in rows if (closing := _closing(*row)) is not None]

    def of_partition(self, partition: int) -> PartitionSums:
        """What looks at the events of one partition; each partition is looked at once."""
        due = sorted(self._closings, key=lambda closing: closing.upto(partition))
        return PartitionSums(partition, due)

    def end(self) -> None:
        """All partitions have been read: compare."""
        for closing in self._closings:
            named = [one.partition for one in closing.told.positions]
            if named != list(range(self._partitions)):
                self._report.differs(closing.where, "data.positions", f"partitions 0 to {self._partitions - 1}", named)
            for one in closing.told.positions:
                head = self._heads.get(one.partition, 0)
                if one.position > head:
                    told = f"data.positions[{one.partition}].position"
                    self._report.differs(closing.where, told, f"at most {head}", one.position)
            totals = closing.told.totals.model_dump()
            added_up = {f"data.totals.{name}": seconds for name, seconds in zip(_NAMES, closing.sums, strict=True)}
            self._report.compare(closing.where, added_up, {f"data.totals.{name}": totals[name] for name in _NAMES})


class PartitionSums:
    """The sums of one partition by date of service, up to where it was read."""

    def __init__(self, partition: int, due: Sequence[_Closing]) -> None:
        """`due`: the closed periods, those first whose position in this partition comes first."""
        self._due = [(closing.upto(partition), closing) for closing in reversed(due)]
        self._by_date: dict[str, list[int]] = {}

    def page(self, page: StoredPage) -> None:
        """The next events; none is looked at once no closed period waits for it."""
        for event in page.events:
            while self._due and self._due[-1][0] < event.position:
                self._take(self._due.pop()[1])
            if not self._due:
                return
            if event.envelope is not None:
                self._add(event.envelope.data)

    def end(self) -> None:
        """There is no further event."""
        while self._due:
            self._take(self._due.pop()[1])

    def _add(self, data: msgspec.Raw) -> None:
        try:
            moved = _MOVED.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return  # whoever walks the streams has named it
        for entry in moved.entries:
            sums = self._by_date.setdefault(entry.service_date, [0] * len(_NAMES))
            sums[0] += 1
            for account, sign in ((entry.from_class, -1), (entry.to_class, 1)):
                if number := CLASS_NUMBERS.get(account, 0):
                    sums[number] += sign * entry.seconds

    def _take(self, closing: _Closing) -> None:
        first, last = closing.told.start_date.isoformat(), closing.told.end_date.isoformat()
        for day, sums in self._by_date.items():
            if first <= day <= last:
                closing.sums = [one + more for one, more in zip(closing.sums, sums, strict=True)]


def _closing(partition: int, position: int, body: bytes) -> _Closing | None:
    """None for one that cannot be read: the walk through the streams has named it."""
    try:
        event = recorded_event(decode(bytes(body)))
    except (InvariantBroken, ValidationError):
        return None
    if not isinstance(event.data, PeriodClosed):
        return None
    return _Closing(Where(PLACE, partition, position, event.stream), event.data)
