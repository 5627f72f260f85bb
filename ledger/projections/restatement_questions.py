"""What moved in a closed period behind the positions it was closed at? Event by event, in order of their place.

An event moves seconds of one holder, so its place names it. Closed and restated totals together are the totals at the
answer's positions, always: nothing before the closed positions changes any more, and everything behind them is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final, NamedTuple

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import View, view
from ledger.projections.basis import Ground, ReadPool, timestamp
from ledger.projections.closed_period_questions import SELECT, ClosedRow, closed_positions
from ledger.projections.page_token import PageToken, read_token, rows_wanted, token_of
from ledger.projections.sums import CLASS_COUNT, IN_PERIOD, OF_ENTRIES, evidence_seconds
from volunteer_hours.v1.hours_service_pb2 import (
    ExplainedMovement,
    ListRestatementsRequest,
    ListRestatementsResponse,
    Restatement,
)
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.reporting_service_pb2 import PeriodTotals
from volunteer_hours.v1.values_pb2 import EvidenceClass

NUMBER_MAX: Final = 2**63 - 1
"""No position is beyond it."""

_CLOSED: Final = f"{SELECT} where period = %(period)b"
_BEHIND: Final = """
    unnest(%(partitions)b::int[], %(after)b::bigint[], %(upto)b::bigint[]) as behind (partition, after, upto)
"""
_IS_BEHIND: Final = "e.partition = behind.partition and e.position > behind.after and e.position <= behind.upto"
RESTATED: Final = f"select count(*), {OF_ENTRIES} from entries e join {_BEHIND} on {_IS_BEHIND} where {IN_PERIOD}"
# Partition by partition, or the whole ledger before the closed positions would be read to be left out again.
_PAGE: Final = f"""
    with page as (
        select behind.partition, found.position from {_BEHIND} cross join lateral (
            select distinct e.position from entries e where {_IS_BEHIND} and {IN_PERIOD}
            order by e.position limit %(rows)b
        ) found
        order by 1, 2 limit %(rows)b
    )
    select e.partition, e.position, e.event_type, e.event_id, e.recorded_at, e.source_recorded_at, e.actor,
           e.attendance, e.shift, e.opportunity, e.organization, e.from_class, e.to_class, e.seconds, e.service_date,
           e.reason
    from entries e join page using (partition, position)
    where {IN_PERIOD} order by e.partition, e.position, e.entry_index
"""


class _Line(NamedTuple):
    """A movement, as _PAGE reads it."""

    partition: int
    position: int
    event_type: str
    event_id: str
    recorded_at: datetime
    source_recorded_at: datetime | None
    actor: str
    attendance: str
    shift: str
    opportunity: str
    organization: str
    from_class: EvidenceClass.ValueType
    to_class: EvidenceClass.ValueType
    seconds: int
    service_date: date
    reason: str | None

    @property
    def place(self) -> tuple[int, int]:
        return self.partition, self.position


async def list_restatements(
    pool: ReadPool, ground: Ground, request: ListRestatementsRequest, seconds_left: float | None
) -> ListRestatementsResponse:
    """See HoursQuestions.list_restatements."""
    token = read_token(request, request.page_token)
    last_shown = _after(token)
    as_of = request.as_of if request.HasField("as_of") else None
    pinned = None if token is None else token.positions  # the first page's: the pages together are one answer
    rows = rows_wanted(request.page_size)
    async with view(pool, ground, request.positions, as_of, seconds_left, pinned) as seen:
        closed = await _closed(seen, request.parent)
        partitions = range(len(closed.closed_positions))
        parameters = {
            "partitions": list(partitions),
            "after": list(closed.closed_positions),
            "upto": [seen.basis.positions[partition] for partition in partitions],
            "start_date": closed.start_date,
            "end_date": closed.end_date,
        }
        [[count, *restated]] = await (await seen.connection.execute(RESTATED, parameters, binary=True)).fetchall()
        asked = {"after": _further(closed, last_shown), "rows": rows + 1}
        cursor = await seen.connection.execute(_PAGE, {**parameters, **asked}, binary=True)
        lines = [_Line(*row) for row in await cursor.fetchall()]
    found = [_restatement(list(movements)) for _, movements in groupby(lines, key=lambda line: line.place)]
    shown = found[:rows]
    last = (shown[-1].position.partition, shown[-1].position.position) if len(found) > rows else None
    return ListRestatementsResponse(
        restatements=shown,
        next_page_token="" if last is None else token_of(request, last, seen.basis.positions),
        closed_totals=_totals(closed.entry_count, closed.seconds),
        closed_positions=closed_positions(closed),
        restated_totals=_totals(count, restated),
        totals=_totals(closed.entry_count + count, _sums((closed.seconds, restated))),
        positions=seen.basis.position_messages(),
        recorded_through=seen.basis.recorded_through_message(),
    )


async def _closed(seen: View, name: str) -> ClosedRow:
    """What was closed. Refuses NOT_FOUND, and PERIOD_NOT_CLOSED_THEN where the moment asked about lies before it."""
    row = await (await seen.connection.execute(_CLOSED, {"period": name}, binary=True)).fetchone()
    if row is None:
        refuse(Reason.NOT_FOUND, name=name)
    closed = ClosedRow(*row)
    counted = enumerate(closed.closed_positions)
    reached = seen.basis.positions
    needed = [*counted, (closed.partition, closed.position)]
    if any(reached.get(partition, 0) < position for partition, position in needed):
        refuse(Reason.PERIOD_NOT_CLOSED_THEN, name=name)
    return closed


def _after(token: PageToken | None) -> tuple[int, int]:
    if token is None:
        return -1, 0
    keys = [key for key in token.after if isinstance(key, int)]
    if len(keys) != 2 or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return keys[0], keys[1]


def _further(closed: ClosedRow, last_shown: tuple[int, int]) -> list[int]:
    """Behind which position of each partition the page goes on; partitions shown before have nothing more."""
    partition, position = last_shown
    behind = enumerate(closed.closed_positions)
    return [NUMBER_MAX if one < partition else max(at, position) if one == partition else at for one, at in behind]


def _restatement(lines: Sequence[_Line]) -> Restatement:
    event = lines[0]
    change = [0] * CLASS_COUNT
    for line in lines:
        for account, sign in ((line.from_class, -1), (line.to_class, 1)):
            if account:  # 0 is outside the ledger
                change[account - 1] += sign * line.seconds
    return Restatement(
        position=Position(partition=event.partition, position=event.position),
        event_type=event.event_type,
        event_id=event.event_id,
        record_time=timestamp(event.recorded_at),
        source_record_time=None if event.source_recorded_at is None else timestamp(event.source_recorded_at),
        actor=event.actor,
        attendance=event.attendance,
        shift=event.shift,
        opportunity=event.opportunity,
        organization=event.organization,
        movements=[_movement(line) for line in lines],
        change=evidence_seconds(change),
    )


def _movement(line: _Line) -> ExplainedMovement:
    return ExplainedMovement(
        from_class=line.from_class,
        to_class=line.to_class,
        seconds=line.seconds,
        service_date=line.service_date.isoformat(),
        reason=line.reason or "",
    )


def _sums(classes: Iterable[Sequence[int]]) -> list[int]:
    return [sum(one) for one in zip(*classes, strict=True)]


def _totals(entry_count: int, seconds: Sequence[int]) -> PeriodTotals:
    return PeriodTotals(seconds=evidence_seconds(seconds), entry_count=entry_count)
