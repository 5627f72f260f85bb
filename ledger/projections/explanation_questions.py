"""Which events and rules stand behind a balance? Attendance by attendance, in order of their first event.

What the pages show sums to the balance asked about in the same way: each movement that the balance counts stands once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import CUT_SQL, view
from ledger.projections.basis import Ground, ReadPool
from ledger.projections.explained_attendance import DURATION_ABOVE_CAP, Line, Telling
from ledger.projections.holders import refuse_unknown_holders
from ledger.projections.linked_names import linked_names
from ledger.projections.page_token import PageToken, read_token, rows_wanted, token_of
from ledger.projections.snapshot import ReadConnection
from ledger.projections.sums import CLASS_COUNT, IN_PERIOD, KNOWN, evidence_seconds, period_dates
from volunteer_hours.v1.hours_service_pb2 import ExplainBalanceRequest, ExplainBalanceResponse

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

_CAPS: Final = "select name, (rules ->> 'attendance_seconds_max')::bigint from policies where name = any(%b)"


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
        lines = [Line(*row) for row in await cursor.fetchall()]
        linked = await linked_names(seen, [request.name])
        caps = await _attendance_caps(seen.connection, lines)
    told = {name: Telling(name, caps) for name in names}
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
        linked_names=linked.values(),
    )


_NOTHING: Final = (0,) * CLASS_COUNT


def _after(token: PageToken | None) -> int:
    if token is None:
        return 0
    [key, *more] = token.after or (None,)
    if not isinstance(key, int) or more or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return key


async def _attendance_caps(connection: ReadConnection, lines: Sequence[Line]) -> Mapping[str, int]:
    """By version of the rules that withheld something as too long: what an attendance may have at most."""
    versions = {line.policy for line in lines if DURATION_ABOVE_CAP in line.withheld_reasons}
    if not versions:
        return {}
    cursor = await connection.execute(_CAPS, (list(versions),), binary=True)
    return dict(await cursor.fetchall())
