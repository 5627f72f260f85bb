"""Which movements made up a holder's hours, page by page, in order of position?"""

from __future__ import annotations

from typing import Any, Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import CUT_SQL, view
from ledger.projections.basis import Ground, ReadPool, timestamp
from ledger.projections.holders import refuse_unknown_holders
from ledger.projections.linked_names import linked_names
from ledger.projections.page_token import PageToken, read_token, rows_wanted, token_of
from ledger.projections.sums import COUNTED, period_dates
from volunteer_hours.v1.hours_service_pb2 import Entry, ListEntriesRequest, ListEntriesResponse
from volunteer_hours.v1.positions_pb2 import Position

ENTRY_COLUMNS: Final = """
    e.partition, e.position, e.entry_index, e.event_type, e.event_id, e.from_class, e.to_class, e.seconds,
    e.service_date, e.reason, e.attendance, e.shift, e.organization, e.recorded_at, e.source_recorded_at, e.actor
"""
"""Of a row that `entry_message` reads."""
_PAGE: Final = f"""
    with {CUT_SQL}
    select {ENTRY_COLUMNS}
    from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
    where e.holder = %(holder)b and (e.position, e.entry_index) > (%(position)b, %(entry_index)b) and {COUNTED}
    order by e.position, e.entry_index
    limit %(rows)b
"""


async def list_entries(
    pool: ReadPool, ground: Ground, request: ListEntriesRequest, seconds_left: float | None
) -> ListEntriesResponse:
    """See HoursQuestions.list_entries."""
    token = read_token(request, request.page_token)
    position, entry_index = _after(token)
    as_of = request.as_of if request.HasField("as_of") else None
    pinned = None if token is None else token.positions  # the first page's: the pages together are one answer
    first, last = period_dates(request.period)
    rows = rows_wanted(request.page_size)
    async with view(pool, ground, request.positions, as_of, seconds_left, pinned) as seen:
        parameters = {
            **seen.cut,
            "holder": request.parent,
            "position": position,
            "entry_index": entry_index,
            "start_date": first,
            "end_date": last,
            "rows": rows + 1,
        }
        cursor = await seen.connection.execute(_PAGE, parameters, binary=True)
        found = await cursor.fetchall()
        linked = await linked_names(seen, [request.parent])
        if not found:
            await refuse_unknown_holders(seen.connection, [request.parent])
    more = len(found) > rows
    return ListEntriesResponse(
        entries=[entry_message(row) for row in found[:rows]],
        next_page_token=token_of(request, (found[rows - 1][1], found[rows - 1][2]), seen.basis.positions)
        if more
        else "",
        positions=seen.basis.position_messages(),
        recorded_through=seen.basis.recorded_through_message(),
        linked_names=linked.values(),
    )


def _after(token: PageToken | None) -> tuple[int, int]:
    if token is None:
        return 0, -1
    keys = [key for key in token.after if isinstance(key, int)]
    if len(keys) != 2 or not token.positions:
        refuse(Reason.PAGE_TOKEN_INVALID)
    return keys[0], keys[1]


def entry_message(row: tuple[Any, ...]) -> Entry:
    """From a row of ENTRY_COLUMNS."""
    return Entry(
        position=Position(partition=row[0], position=row[1]),
        entry_index=row[2],
        event_type=row[3],
        event_id=row[4],
        from_class=row[5],
        to_class=row[6],
        seconds=row[7],
        service_date=row[8].isoformat(),
        reason=row[9] or "",
        attendance=row[10],
        shift=row[11],
        organization=row[12],
        record_time=timestamp(row[13]),
        source_record_time=None if row[14] is None else timestamp(row[14]),
        actor=row[15],
    )
