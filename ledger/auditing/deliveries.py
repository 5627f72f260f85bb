"""Checks: rows of subscriptions, by the domain's own fold; and that what was taken and is open is what was moved.

The sum is the auditor's own: seconds of every entry up to where a receiver acknowledged, beside what the
acknowledgements say was taken and what is open. How pieces are cut does not enter it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from pydantic import ValidationError

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Row, Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.auditing.stored_page import StoredPage
from ledger.domain.catalogue import fold
from ledger.domain.delivery_pieces import entry_of_piece, partition_of_piece
from ledger.domain.refusals import InvariantBroken
from ledger.domain.subscription import Subscription
from ledger.domain.subscription_events import SubscriptionChanged, SubscriptionOpened
from ledger.event_bytes import decode, recorded_event

SUBSCRIPTIONS: Final = "subscriptions"
PLACE: Final = "store deliveries"
_EVENTS: Final = """
    select stream, body from events where starts_with(stream, 'subscriptions/') order by stream, version
"""


class _Movement(msgspec.Struct):
    seconds: int


class _Moved(msgspec.Struct):
    """Of an event's data: what moves hours, and who offers the service. Other events have no entries."""

    organization: str = ""
    entries: list[_Movement] = []


_MOVED: Final = msgspec.json.Decoder(_Moved)


def subscription_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one subscription, from its events."""
    state = steps[-1].state
    if isinstance(state, Subscription):
        yield (
            state.name,
            {
                "position": steps[0].event.position,
                "client": state.client,
                "organizations": list(state.organizations),
                "limits_version": state.version,
                "state": state.state,
                "opened_at": state.opened_at,
                "acknowledged_at": state.acknowledged_at,
                "taken_pieces": state.taken_pieces,
            },
        )


class DeliveryRowsCheck:
    """subscription_limits, delivery_places and open_pieces: each has many rows of one subscription."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._limits = Table(read, "projection", "subscription_limits", "subscription", report)
        self._places = Table(read, "projection", "delivery_places", "subscription", report)
        self._open = Table(read, "projection", "open_pieces", "subscription", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """The rows of each subscription, as its events leave it."""
        wanted = [stream for stream in streams if stream.kind == SUBSCRIPTIONS]
        names = [stream.name for stream in wanted]
        if not names:
            return
        limits, places, pieces = (_held(table, names) for table in (self._limits, self._places, self._open))
        for stream in wanted:
            steps = stream.until(self._moment.prefix(stream.partition))
            for table in (self._limits, self._places, self._open):
                table.uncertain |= stream.broken
            state = steps[-1].state if steps else None
            if isinstance(state, Subscription):
                self._compare(self._limits, steps, {row["version"]: row for row in limits[stream.name]}, _limits(steps))
                held = {row["entry_partition"]: row for row in places[stream.name]}
                self._compare(self._places, steps, held, _places(state))
                self._compare(self._open, steps, {row["piece"]: row for row in pieces[stream.name]}, _pieces(state))

    def end(self) -> None:
        """No further row."""
        for table in (self._limits, self._places, self._open):
            table.end(self._moment.store)

    def _compare(
        self,
        table: Table,
        steps: Sequence[Step],
        held: Mapping[object, Row],
        expected: Mapping[object, dict[str, object]],
    ) -> None:
        last = steps[-1].event
        for key, columns in expected.items():
            where = Where(table.place, last.partition, last.position, f"{last.stream} {key}")
            table.compare(where, {"partition": last.partition, **columns}, held.get(key))
        for key in held.keys() - expected.keys():
            where = Where(table.place, last.partition, last.position, f"{last.stream} {key}")
            table.report.differs(where, "row", "none", "there")


def _held(table: Table, names: list[str]) -> dict[str, list[Row]]:
    held: dict[str, list[Row]] = {name: [] for name in names}
    for row in table.all_rows(names):
        held[row["subscription"]].append(row)
    return held


def _limits(steps: Sequence[Step]) -> dict[object, dict[str, object]]:
    told = [(step.event, step.event.data) for step in steps]
    said = [(event, data.limits) for event, data in told if isinstance(data, SubscriptionOpened | SubscriptionChanged)]
    return {
        version: {"position": event.position, "limits": limits.model_dump(mode="json", exclude_none=True)}
        for version, (event, limits) in enumerate(said, 1)
    }


def _places(state: Subscription) -> dict[object, dict[str, object]]:
    return {
        partition: {
            "position": place.position,
            "entry_index": place.entry_index,
            "taken_seconds": state.taken.get(partition, 0),
        }
        for partition, place in state.places.items()
    }


def _pieces(state: Subscription) -> dict[object, dict[str, object]]:
    rows: dict[object, dict[str, object]] = {}
    for name, piece in state.open.items():
        partition, position, entry_index = entry_of_piece(name)
        rows[name] = {
            "entry_partition": partition,
            "position": position,
            "entry_index": entry_index,
            "seconds": piece.seconds,
            "reason": piece.reason,
            "held": piece.held,
            "opened_at": piece.opened_at,
        }
    return rows


@dataclass(slots=True)
class _Delivered:
    """One subscription, and what its organisations' entries add up to so far, by partition."""

    state: Subscription
    where: Where
    moved: dict[int, int] = field(default_factory=dict)
    behind: dict[int, int] = field(default_factory=dict)

    def add(self, partition: int, place: tuple[int, int], seconds: int) -> None:
        reached = self.state.place(partition)
        sums = self.moved if place <= (reached.position, reached.entry_index) else self.behind
        sums[partition] = sums.get(partition, 0) + seconds


class DeliveredCheck:
    """All subscriptions of the ledger, beside all its events."""

    def __init__(self, moment: Snapshots, report: Report) -> None:
        self._report = report
        self._heads = {partition: head[0] for partition, head in moment.heads.items()}
        self._delivered = list(_folded(moment.store))

    def of_partition(self, partition: int) -> PartitionDelivered:
        """What looks at the events of one partition; each partition is looked at once."""
        return PartitionDelivered(partition, self._delivered)

    def end(self) -> None:
        """All partitions have been read: compare."""
        for one in self._delivered:
            state = one.state
            still_open: dict[int, int] = {}
            for name, piece in state.open.items():
                partition = partition_of_piece(name)
                still_open[partition] = still_open.get(partition, 0) + piece.seconds
            for partition in sorted({*state.places, *state.taken, *still_open}):
                told = state.taken.get(partition, 0) + still_open.get(partition, 0)
                if told != (moved := one.moved.get(partition, 0)):
                    self._report.differs(one.where, f"seconds taken and open of partition {partition}", moved, told)
            for partition, place in sorted(state.places.items()):
                if place.position > self._heads.get(partition, 0):
                    told_of = f"place in partition {partition}"
                    self._report.differs(one.where, told_of, f"at most {self._heads.get(partition, 0)}", place.position)
            taken, opened = sum(state.taken.values()), sum(still_open.values())
            behind = sum(one.behind.values())
            whole = sum(one.moved.values()) + behind
            self._report.note(
                f"deliveries, {state.name}: {taken} seconds taken, {opened} open, {behind} behind, {whole} moved"
            )


class PartitionDelivered:
    """The sums of one partition."""

    def __init__(self, partition: int, delivered: Sequence[_Delivered]) -> None:
        self._partition = partition
        self._delivered = delivered

    def page(self, page: StoredPage) -> None:
        """The next events; none is looked at where nobody subscribes."""
        if not self._delivered:
            return
        for event in page.events:
            if event.envelope is None:
                continue
            try:
                moved = _MOVED.decode(event.envelope.data)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # whoever walks the streams has named it
            for one in self._delivered if moved.entries else ():
                if not one.state.organizations or moved.organization in one.state.organizations:
                    for index, entry in enumerate(moved.entries):
                        one.add(self._partition, (event.position, index), entry.seconds)

    def end(self) -> None:
        """There is no further event."""


def _folded(store: Database) -> Iterator[_Delivered]:
    """Every subscription; one that cannot be folded is named by the walk through the streams."""
    states: dict[str, _Delivered | None] = {}
    with store.cursor("subscription_events", binary=True) as cursor:
        for stream, body in cursor.execute(_EVENTS):
            before = states.get(stream)
            if stream in states and before is None:
                continue
            try:
                event = recorded_event(decode(bytes(body)))
                state = fold(None if before is None else before.state, event)
            except (InvariantBroken, ValidationError, TypeError, ValueError):
                states[stream] = None
                continue
            where = Where(PLACE, event.partition, event.position, stream)
            states[stream] = _Delivered(state, where) if isinstance(state, Subscription) else None
    yield from (one for one in states.values() if one is not None)
