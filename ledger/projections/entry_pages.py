"""All entries of a ledger, an organisation or a holder, page by page, as columns.

A column is gathered in the database and unpacked here as a whole: to make an object of each entry would cost more than
all else (decision 35).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from operator import gt
from typing import Any, Final, LiteralString, NamedTuple

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.projections.bulk_pages import BulkPages, Reading, one_ahead
from ledger.projections.sums import COUNTED
from volunteer_hours.v1.bulk_reading_pb2 import StreamEntriesRequest, TextColumn
from volunteer_hours.v1.bulk_reading_pb2 import StreamEntriesResponse as Page
from volunteer_hours.v1.values_pb2 import EvidenceClass

STEP_POSITIONS: Final = 4_000
"""Looked at in one step: each row is read, some hundredths of a second."""
HOLDER_POSITIONS: Final = 1_000_000
"""The same of one holder, whose rows lie together in an index."""
ROWS_MAX: Final = 4_000
"""Of a page: some 2 MB with long names, and clients accept 4 MiB."""
NO_TIME: Final = -(2**63)
"""`source_record_times` where an event has none."""

_TO_1970: Final = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL begins to count."""
_DAYS_TO_1970: Final = 10_957
_CLASSES: Final = EvidenceClass.values()
"""By their number."""
_LINE: Final = "\n"
# No text of an event's envelope or of a name holds a line feed; that is looked at again when a column is taken apart.
_COLUMNS: Final = r"""
    select count(*)::int,
           string_agg(int8send(position), ''), string_agg(int2send(entry_index), ''),
           string_agg(int2send(from_class), ''), string_agg(int2send(to_class), ''),
           string_agg(int8send(seconds), ''), string_agg(date_send(service_date), ''),
           string_agg(timestamptz_send(recorded_at), ''),
           string_agg(timestamptz_send(coalesce(source_recorded_at, '-infinity')), ''),
           count(source_recorded_at)::int,
           string_agg(holder, E'\n'), string_agg(event_type, E'\n'), string_agg(event_id, E'\n'),
           string_agg(coalesce(reason, ''), E'\n'), string_agg(attendance, E'\n'), string_agg(shift, E'\n'),
           string_agg(opportunity, E'\n'), string_agg(organization, E'\n'), string_agg(actor, E'\n')
    from (
        select * from entries e
        where e.partition = %(partition)b and e.position > %(after)b and e.position <= %(upto)b
          and (%(organiser)b::text = '' or e.organization = %(organiser)b)
"""
_OF_HOLDER: Final = "and e.holder = %(holder)b"
_END: Final = "order by e.position, e.entry_index) in_order"


class _Step(NamedTuple):
    """Positions that are looked at together: behind `after`, up to `upto`."""

    partition: int
    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class _Columns:
    """The rows of one step."""

    positions: Sequence[int]
    entry_indexes: Sequence[int]
    from_classes: Sequence[int]
    to_classes: Sequence[int]
    seconds: Sequence[int]
    service_days: Sequence[int]
    record_times: Sequence[int]
    source_record_times: Sequence[int]
    """Empty: no event has one."""
    texts: Sequence[Sequence[str]]
    """Holder, event type, event id, reason, attendance, shift, opportunity, organisation, actor."""

    def page(self, start: int, end: int, partition: int, first_position: int, next_position: int) -> Page:
        """Some of the rows: all there are at these positions."""
        some = slice(start, end)
        holder, event_type, event_id, reason, attendance, shift, opportunity, organization, actor = self.texts
        return Page(
            partition=partition,
            first_position=first_position,
            next_position=next_position,
            entry_positions=self.positions[some],
            entry_indexes=self.entry_indexes[some],
            holder=_coded(holder[some]),
            event_type=_coded(event_type[some]),
            event_ids=event_id[some],
            from_classes=map(_CLASSES.__getitem__, self.from_classes[some]),
            to_classes=map(_CLASSES.__getitem__, self.to_classes[some]),
            seconds=self.seconds[some],
            service_days=[day + _DAYS_TO_1970 for day in self.service_days[some]],
            reason=_coded(reason[some]),
            attendances=attendance[some],
            shift=_coded(shift[some]),
            opportunity=_coded(opportunity[some]),
            organization=_coded(organization[some]),
            record_times=[moment + _TO_1970 for moment in self.record_times[some]],
            source_record_times=[
                NO_TIME if moment == NO_TIME else moment + _TO_1970 for moment in self.source_record_times[some]
            ],
            actor=_coded(actor[some]),
        )


class EntryPages:
    """Reads entries for StreamEntries. Safe to share between calls."""

    def __init__(self, pages: BulkPages) -> None:
        self._pages = pages

    async def stream(
        self, request: StreamEntriesRequest, seconds_left: float | None = None
    ) -> AsyncGenerator[Page, None]:
        """The pages asked for, in order of partition and position; one at least, to tell what they rest on.

        Refuses what `BulkPages.reading` refuses.
        """
        reading = await self._pages.reading(request, seconds_left)
        told = False
        async with aclosing(one_ahead(_steps(reading), partial(self._read, reading))) as steps:
            async for step, columns in steps:
                for page in _pages_of(columns, step):
                    _tell_basis(reading, page, (page.partition, page.next_position - 1))
                    yield page
                    told = True
        if not told:
            nothing = Page()
            _tell_basis(reading, nothing, reading.after or (0, 0))
            yield nothing

    async def _read(self, reading: Reading, step: _Step) -> _Columns:
        parameters = {
            **reading.counted,
            "partition": step.partition,
            "after": step.after,
            "upto": step.upto,
            "holder": reading.holder,
            "organiser": reading.organiser,
        }
        async with self._pages.page(reading) as connection:
            cursor = await connection.execute(_statement(reading), parameters, binary=True)
            row = await cursor.fetchone()
        if row is None:
            raise InvariantBroken("sums without groups have one row")
        return _columns(row)


def _statement(reading: Reading) -> LiteralString:
    holder: LiteralString = _OF_HOLDER if reading.holder else ""
    return f"{_COLUMNS} and {COUNTED} {holder} {_END}"


async def _steps(reading: Reading) -> AsyncGenerator[_Step, None]:
    """From where the token says up to the answer's positions."""
    length = HOLDER_POSITIONS if reading.holder else STEP_POSITIONS
    begun, behind = _after(reading)
    for partition, head in sorted(reading.basis.positions.items()):
        if partition < begun:
            continue
        for after in range(behind if partition == begun else 0, head, length):
            yield _Step(partition, after, min(after + length, head))


def _after(reading: Reading) -> tuple[int, int]:
    keys = [key for key in reading.after if isinstance(key, int)]
    if not reading.after:
        return -1, 0
    if len(keys) != 2 or len(reading.after) != 2:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return keys[0], keys[1]


def _pages_of(columns: _Columns, step: _Step) -> Iterator[Page]:
    """One step as messages of bounded length, cut between events."""
    start, first, count = 0, step.after + 1, len(columns.positions)
    while count - start > ROWS_MAX:
        end = start + ROWS_MAX
        while end > start and columns.positions[end - 1] == columns.positions[end]:
            end -= 1
        if end == start:
            raise InvariantBroken(f"one event has more than {ROWS_MAX} entries")
        following = columns.positions[end]
        yield columns.page(start, end, step.partition, first, following)
        start, first = end, following
    yield columns.page(start, count, step.partition, first, step.upto + 1)


def _tell_basis(reading: Reading, page: Page, after: tuple[str | int, ...]) -> None:
    page.positions.extend(reading.basis.position_messages())
    recorded_through = reading.basis.recorded_through_message()
    if recorded_through is not None:
        page.recorded_through.CopyFrom(recorded_through)
    page.next_page_token = reading.token(after)


def _columns(row: Sequence[Any]) -> _Columns:
    """From a row of the statement. Raises InvariantBroken where columns do not fit each other."""
    count, numbers, texts = row[0], row[1:9], row[10:]
    taken = [_numbers(code, packed or b"") for code, packed in zip("qhhhqiqq", numbers, strict=True)]
    split = [_split(text, count) for text in texts]
    if {len(column) for column in taken} != {count} or {len(column) for column in split} != {count}:
        raise InvariantBroken("a column of entries has another length than the others")
    position, entry_index, from_class, to_class, seconds, day, recorded, learnt = taken
    if any(map(gt, position, position[1:])):
        raise InvariantBroken("entries were not gathered in order of position")
    known = learnt if row[9] else array("q")
    return _Columns(position, entry_index, from_class, to_class, seconds, day, recorded, known, split)


def _numbers(code: str, packed: bytes) -> array[int]:
    """Big-endian numbers, as PostgreSQL sends them."""
    numbers = array(code)
    numbers.frombytes(packed)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _split(text: str | None, count: int) -> list[str]:
    return [] if text is None or not count else text.split(_LINE)


def _coded(column: Sequence[str]) -> TextColumn:
    numbers = {value: number for number, value in enumerate(dict.fromkeys(column))}
    return TextColumn(values=numbers, indexes=map(numbers.__getitem__, column))
