"""The history LEEDS 2023 published, read as the commands that would have recorded it.

Each row of revisions.csv says what became known when: a shift appeared, changed or vanished. Here rows become steps.
Pure functions over the file's rows; who sends the steps is another file's matter.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

COLUMNS: Final = (
    "recorded_at",
    "change",
    "shift_id",
    "service_date",
    "event_id",
    "event_type",
    "places",
    "attended",
    "hours",
)


class HistoryUnreadable(Exception):
    """The folder does not hold the history in the form we know; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one revision said of one shift."""

    recorded_at: str
    """As written in the file: it names the revision."""
    change: str
    shift_id: str
    service_date: str
    event_id: str
    event_type: str
    places: int
    head_count: int
    attended_seconds: int
    """Of all people together."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Where a step comes from: the revision and the shift's row in it."""

    recorded_at: str
    shift_id: str


@dataclass(frozen=True, slots=True)
class PublishOpportunity:
    """An event of the programme is named for the first time."""

    learnt: Learnt
    event_id: str
    event_type: str


@dataclass(frozen=True, slots=True)
class ChangeEventType:
    """The publisher moved an event to another type: sums by type change from this moment on."""

    learnt: Learnt
    event_id: str
    event_type: str


@dataclass(frozen=True, slots=True)
class OpenShift:
    """A shift is named for the first time; only its date is known."""

    learnt: Learnt
    event_id: str
    shift_id: str
    service_date: str
    places: int


@dataclass(frozen=True, slots=True)
class ChangePlaces:
    """Another number of people is wanted."""

    learnt: Learnt
    event_id: str
    shift_id: str
    places: int


@dataclass(frozen=True, slots=True)
class CountHeads:
    """A row appeared: so many came, for so many seconds together."""

    learnt: Learnt
    event_id: str
    shift_id: str
    group_id: str
    """r1; after a deletion the next row of the shift is a new count, r2: a withdrawn one stays withdrawn."""
    head_count: int
    attended_seconds: int


@dataclass(frozen=True, slots=True)
class CorrectCount:
    """A row's head count or hours changed."""

    learnt: Learnt
    event_id: str
    shift_id: str
    group_id: str
    head_count: int
    attended_seconds: int


@dataclass(frozen=True, slots=True)
class WithdrawCount:
    """A row vanished."""

    learnt: Learnt
    event_id: str
    shift_id: str
    group_id: str


EventStep: TypeAlias = PublishOpportunity | ChangeEventType
ShiftStep: TypeAlias = OpenShift | ChangePlaces | CountHeads | CorrectCount | WithdrawCount
Step: TypeAlias = EventStep | ShiftStep


@dataclass(frozen=True, slots=True)
class Revision:
    """What became known at one moment. The events' steps come first; then the shifts', each shift's in order."""

    recorded_at: str
    events: tuple[EventStep, ...]
    shifts: tuple[tuple[ShiftStep, ...], ...]

    def steps(self) -> Iterator[Step]:
        """All steps in an order in which they may be sent one by one."""
        yield from self.events
        for steps in self.shifts:
            yield from steps


@dataclass(slots=True)
class _Shift:
    """What the rows read so far say of a shift."""

    places: int
    counts: int = 0
    count: tuple[int, int] | None = None
    """(head count, seconds) of the row that stands, None when it vanished."""


@dataclass(slots=True)
class _Known:
    event_types: dict[str, str] = field(default_factory=dict)
    shifts: dict[str, _Shift] = field(default_factory=dict)


def seconds_of(hours: str) -> int:
    """The publisher's hours (3 places) as whole seconds, half to even. Never by way of a float."""
    return int((Decimal(hours) * 3600).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def moment(recorded_at: str) -> datetime:
    """The moment a revision names, with its zone. Raises HistoryUnreadable if it has none."""
    value = datetime.fromisoformat(recorded_at)
    if value.tzinfo is None:
        raise HistoryUnreadable(f"{recorded_at} has no zone; write it as 2023-06-17T23:38:46+00:00")
    return value


def read_rows(folder: Path) -> list[Row]:
    """The rows of revisions.csv in the file's order. Raises HistoryUnreadable."""
    path = folder / "revisions.csv"
    if not path.is_file():
        raise HistoryUnreadable(f"{path} is not there; give the folder that holds revisions.csv, as examples/leeds2023")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise HistoryUnreadable(f"{path} has the columns {reader.fieldnames}; it should have {', '.join(COLUMNS)}")
        rows = [_row(path, number, cells) for number, cells in enumerate(reader, start=2)]
    moments = [moment(row.recorded_at) for row in rows]
    if moments != sorted(moments):
        raise HistoryUnreadable(
            f"{path} is not in order of recorded_at; a history is imported in the order it happened"
        )
    return rows


def _row(path: Path, number: int, cells: dict[str, str]) -> Row:
    try:
        return Row(
            recorded_at=cells["recorded_at"],
            change=cells["change"],
            shift_id=cells["shift_id"],
            service_date=cells["service_date"],
            event_id=cells["event_id"],
            event_type=cells["event_type"],
            places=int(cells["places"]),
            head_count=int(cells["attended"]),
            attended_seconds=seconds_of(cells["hours"]),
        )
    except (ValueError, ArithmeticError, TypeError) as broken:
        raise HistoryUnreadable(f"{path}, line {number}: {broken}; places and attended are whole numbers") from broken


def plan(rows: Iterable[Row]) -> list[Revision]:
    """The steps that record this history, revision by revision. Raises HistoryUnreadable on rows that cannot follow.

    The same rows give the same steps, so that a second import sends the same requests.
    """
    known = _Known()
    return [_revision(known, when, list(group)) for when, group in groupby(rows, key=lambda row: row.recorded_at)]


def _revision(known: _Known, recorded_at: str, rows: list[Row]) -> Revision:
    events: list[EventStep] = []
    shifts: list[tuple[ShiftStep, ...]] = []
    for row in rows:
        learnt = Learnt(row.recorded_at, row.shift_id)
        events += _event_steps(known, learnt, row)
        if steps := tuple(_shift_steps(known, learnt, row)):
            shifts.append(steps)
    return Revision(recorded_at, tuple(events), tuple(shifts))


def _event_steps(known: _Known, learnt: Learnt, row: Row) -> list[EventStep]:
    before = known.event_types.get(row.event_id)
    if before == row.event_type or row.change == "delete":
        return []
    known.event_types[row.event_id] = row.event_type
    if before is None:
        return [PublishOpportunity(learnt, row.event_id, row.event_type)]
    return [ChangeEventType(learnt, row.event_id, row.event_type)]


def _shift_steps(known: _Known, learnt: Learnt, row: Row) -> Iterator[ShiftStep]:
    shift = known.shifts.get(row.shift_id)
    if shift is None:
        shift = known.shifts[row.shift_id] = _Shift(places=row.places)
        yield OpenShift(learnt, row.event_id, row.shift_id, row.service_date, row.places)
    elif shift.places != row.places and row.change != "delete":
        shift.places = row.places
        yield ChangePlaces(learnt, row.event_id, row.shift_id, row.places)
    yield from _count_steps(shift, learnt, row)


def _count_steps(shift: _Shift, learnt: Learnt, row: Row) -> Iterator[ShiftStep]:
    count = (row.head_count, row.attended_seconds)
    match row.change, shift.count:
        case "insert", None:
            shift.counts += 1
            shift.count = count
            yield CountHeads(learnt, row.event_id, row.shift_id, f"r{shift.counts}", *count)
        case "update", before if before is not None:
            shift.count = count
            if before != count:
                yield CorrectCount(learnt, row.event_id, row.shift_id, f"r{shift.counts}", *count)
        case "delete", before if before is not None:
            shift.count = None
            yield WithdrawCount(learnt, row.event_id, row.shift_id, f"r{shift.counts}")
        case change, _:
            raise HistoryUnreadable(
                f"{row.recorded_at}: {change} of shift {row.shift_id} cannot follow what came before; "
                "a shift is inserted once, then updated, then deleted"
            )


def tally(revisions: Iterable[Revision]) -> Counter[str]:
    """How many steps of each kind the history has."""
    return Counter(type(step).__name__ for revision in revisions for step in revision.steps())
