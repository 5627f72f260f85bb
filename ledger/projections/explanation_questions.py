"""Which events and rules stand behind a balance? Attendance by attendance, in order of their first event.

What the pages show sums to the balance asked about in the same way: each movement that the balance counts stands once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.projections.as_of import CUT_SQL, view
from ledger.projections.basis import Ground, ReadPool, timestamp
from ledger.projections.holders import refuse_unknown_holders
from ledger.projections.page_token import PageToken, read_token, rows_wanted, token_of
from ledger.projections.sums import CLASS_COUNT, IN_PERIOD, KNOWN, evidence_seconds, period_dates
from volunteer_hours.v1.hours_service_pb2 import (
    ExplainBalanceRequest,
    ExplainBalanceResponse,
    ExplainedAttendance,
    ExplainedEvent,
    ExplainedMovement,
    WithheldSeconds,
)
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_WITHHELD, EvidenceClass

_PAGE: Final = f"""
    with {CUT_SQL}
    select e.attendance, min(e.position)
    from journal_lines e join cut on cut.partition = e.partition and e.position <= cut.upto
    where e.holder = %(holder)b and {KNOWN}
    group by e.attendance
    having min(e.position) > %(after)b and (%(any_date)b or bool_or(e.seconds is not null and {IN_PERIOD}))
    order by 2
    limit %(rows)b
"""
_LINES: Final = f"""
    with {CUT_SQL}
    select e.attendance, e.shift, e.opportunity, e.organization, e.partition, e.position, e.event_type, e.event_id,
           e.recorded_at, e.source_recorded_at, e.actor, e.policy, e.state, e.start_time, e.end_time,
           coalesce(e.withheld_reasons, '{{}}'), coalesce(e.flags, '{{}}'), e.withheld_reasons is not null,
           e.from_class, e.to_class, e.seconds, e.service_date, e.reason,
           coalesce(e.seconds is not null and {IN_PERIOD}, false)
    from journal_lines e join cut on cut.partition = e.partition and e.position <= cut.upto
    where e.holder = %(holder)b and e.attendance = any(%(attendances)b) and {KNOWN}
    order by e.position, e.entry_index
"""

RULES: Final[Mapping[str, str]] = {
    "DURATION_ABOVE_CAP": "attendance_seconds_max",
    "DAY_ABOVE_CAP": "day_seconds_max",
    "YEAR_ABOVE_CAP": "year_seconds_max",
    "OVERLAP": "overlap",
    "COMPULSORY_SERVICE": "compulsory_service_counts",
}
"""Why seconds are withheld → the rule of the policy that does it. Other grounds hold whatever the policy says."""


class _Line(NamedTuple):
    """A line of the journal, as _LINES reads it."""

    attendance: str
    shift: str
    opportunity: str
    organization: str
    partition: int
    position: int
    event_type: str
    event_id: str
    recorded_at: datetime
    source_recorded_at: datetime | None
    actor: str
    policy: str | None
    state: str | None
    start_time: datetime | None
    end_time: datetime | None
    withheld_reasons: Sequence[str]
    flags: Sequence[str]
    says_reasons: bool
    from_class: EvidenceClass.ValueType | None
    to_class: EvidenceClass.ValueType | None
    seconds: int | None
    service_date: date | None
    reason: str | None
    counted: bool


async def explain_balance(
    pool: ReadPool, ground: Ground, request: ExplainBalanceRequest, seconds_left: float | None
) -> ExplainBalanceResponse:
    """See HoursQuestions.explain_balance."""
    token = read_token(request, request.page_token)
    as_of = request.as_of if request.HasField("as_of") else None
    pinned = None if token is None else token.positions  # the first page's: the pages together are one answer
    first, last = period_dates(request.period)
    rows = rows_wanted(request.page_size)
    async with view(pool, ground, request.positions, as_of, seconds_left, pinned) as seen:
        parameters = {
            **seen.cut,
            "holder": request.name,
            "start_date": first,
            "end_date": last,
            "any_date": first == date.min and last == date.max,
        }
        cursor = await seen.connection.execute(
            _PAGE, {**parameters, "after": _after(token), "rows": rows + 1}, binary=True
        )
        found = await cursor.fetchall()
        if not found:
            await refuse_unknown_holders(seen.connection, [request.name])
        names = [row[0] for row in found[:rows]]
        cursor = await seen.connection.execute(_LINES, {**parameters, "attendances": names}, binary=True)
        lines = [_Line(*row) for row in await cursor.fetchall()]
    told = {name: _Telling(name) for name in names}
    for line in lines:
        told[line.attendance].add(line)
    attendances = [telling.message() for telling in told.values()]
    more = len(found) > rows
    return ExplainBalanceResponse(
        attendances=attendances,
        next_page_token=token_of(request, (found[rows - 1][1],), seen.basis.positions) if more else "",
        seconds=evidence_seconds([sum(one) for one in zip(*(t.sums for t in told.values()), _NOTHING, strict=True)]),
        positions=seen.basis.position_messages(),
        recorded_through=seen.basis.recorded_through_message(),
    )


_NOTHING: Final = (0,) * CLASS_COUNT


def _after(token: PageToken | None) -> int:
    if token is None:
        return 0
    [key, *more] = token.after or (None,)
    if not isinstance(key, int) or more or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return key


class _Telling:
    """One attendance as its lines tell it."""

    def __init__(self, name: str) -> None:
        self._message = ExplainedAttendance(name=name)
        self.sums = [0] * CLASS_COUNT
        """What the movements counted brought, by class."""
        self._reasons: Sequence[str] = ()
        self._policy = ""

    def add(self, line: _Line) -> None:
        """One more line, in order."""
        if not self._message.events:
            self._message.shift, self._message.opportunity = line.shift, line.opportunity
            self._message.organization = line.organization
        if not self._message.events or self._message.events[-1].position.position != line.position:
            self._message.events.append(_event(line))
            if line.says_reasons:
                self._reasons, self._policy = line.withheld_reasons, line.policy or ""
        if line.counted:
            self._move(line)

    def _move(self, line: _Line) -> None:
        source, sink, seconds, day = line.from_class, line.to_class, line.seconds, line.service_date
        if source is None or sink is None or seconds is None or day is None:
            raise InvariantBroken(f"position {line.position}: a movement that is counted lacks a part")
        movement = ExplainedMovement(from_class=source, to_class=sink, seconds=seconds, service_date=day.isoformat())
        movement.reason = line.reason or ""
        self._message.events[-1].movements.append(movement)
        for account, sign in ((source, -1), (sink, 1)):
            if account:  # 0 is outside the ledger
                self.sums[account - 1] += sign * seconds

    def message(self) -> ExplainedAttendance:
        """The whole of it."""
        self._message.seconds.CopyFrom(evidence_seconds(self.sums))
        if withheld := self.sums[EVIDENCE_CLASS_WITHHELD - 1]:
            # One ground at a time: whatever is withheld is so for the reason said last.
            reason = self._reasons[0] if self._reasons else ""
            self._message.withheld.append(
                WithheldSeconds(reason=reason, rule=RULES.get(reason, ""), policy=self._policy, seconds=withheld)
            )
        return self._message


def _event(line: _Line) -> ExplainedEvent:
    return ExplainedEvent(
        position=Position(partition=line.partition, position=line.position),
        event_type=line.event_type,
        event_id=line.event_id,
        record_time=timestamp(line.recorded_at),
        source_record_time=None if line.source_recorded_at is None else timestamp(line.source_recorded_at),
        actor=line.actor,
        policy=line.policy or "",
        state=line.state or "",
        start_time=None if line.start_time is None else timestamp(line.start_time),
        end_time=None if line.end_time is None else timestamp(line.end_time),
        withheld_reasons=line.withheld_reasons,
        flags=line.flags,
    )
