"""How many attend a live session at once, and how many did in every second? One statement runs over its connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ledger.domain.refusals import Reason, refuse
from ledger.projections.basis import Ground, Patience, ReadPool, timestamp
from ledger.projections.page_token import read_token, rows_wanted, token_of
from ledger.projections.snapshot import ReadConnection, snapshot
from volunteer_hours.v1 import live_session_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

_CURVE: Final = """
    with session as (select * from live_sessions where session = %(session)b),
    spans as (
        select volunteer, joined as start, case
            when not has_ended and through - last_sign <= silence_seconds then greatest(through, last_sign)
            else last_sign end as stop
        from live_connections join session using (session)
        where volunteer <> all (excluded)
    ),
    -- A person's connections that touch or overlap are one span: it begins where none before reaches.
    reached as (
        select volunteer, start, stop,
               max(stop) over (partition by volunteer order by start, stop
                               rows between unbounded preceding and 1 preceding) as before
        from spans where stop > start
    ),
    begun as (
        select volunteer, start, stop, sum((before is null or start > before)::int)
            over (partition by volunteer order by start, stop) as span
        from reached
    ),
    merged as (select volunteer, min(start) as start, max(stop) as stop from begun group by volunteer, span),
    changed as (
        select second, sum(change)::bigint as change
        from (select start as second, 1 as change from merged union all select stop, -1 from merged) changes
        group by second having sum(change) <> 0
    )
"""
_POINTS: Final = _CURVE + "select second, sum(change) over (order by second)::bigint from changed order by second"
_FIGURES: Final = (
    _CURVE
    + """, points as (select second, sum(change) over (order by second)::bigint as participants from changed)
    select (select count(distinct volunteer) from merged), (select count(*) from live_connections
                                                             where session = %(session)b),
           (select count(*) from merged, session where start < through and stop >= through),
           coalesce((select max(participants) from points), 0),
           (select second from points order by participants desc, second limit 1)
"""
)
_SESSION: Final = """
    select session, position, organization, silence_seconds, registration_required, excluded, opened_at, through,
           ended_at
    from live_sessions
"""
_ONE: Final = _SESSION + "where session = %b"
_PAGE: Final = _SESSION + "where shift = %b and position > %b order by position limit %b"


class SessionRow(NamedTuple):
    """A live session as the projections know it; moments in whole seconds since 1970."""

    session: str
    position: int
    organization: str
    silence_seconds: int
    registration_required: bool
    excluded: Sequence[str]
    opened_at: int
    through: int
    ended_at: int | None


class LiveCurveQuestions:
    """Reads the read database. Safe to share between calls.

    Questions that name positions raise NotYetApplied when these are not reached in `seconds_left`.
    """

    def __init__(self, pool: ReadPool, partitions: int) -> None:
        self._pool = pool
        self._ground = Ground(partitions, None)

    async def get(self, request: pb.GetLiveSessionRequest, seconds_left: float | None) -> pb.LiveSession:
        """One session, with its figures. Refuses NOT_FOUND."""
        wanted = self._ground.wanted(request.positions)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            row = await _one(found.connection, request.name)
            return await _with_figures(found.connection, row, found.basis.position_messages())

    async def page(
        self, request: pb.ListLiveSessionsRequest, seconds_left: float | None
    ) -> pb.ListLiveSessionsResponse:
        """The sessions of one shift. Refuses PAGE_TOKEN_INVALID."""
        token, rows_max = read_token(request, request.page_token), rows_wanted(request.page_size)
        after = 0 if token is None else int(token.after[0])
        wanted = self._ground.wanted(request.positions)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            cursor = await found.connection.execute(_PAGE, (request.parent, after, rows_max + 1), binary=True)
            rows = [SessionRow(*row) for row in await cursor.fetchall()]
            page = rows[:rows_max]
            return pb.ListLiveSessionsResponse(
                live_sessions=[await _with_figures(found.connection, row, []) for row in page],
                next_page_token=token_of(request, (page[-1].position,)) if len(rows) > rows_max else "",
                positions=found.basis.position_messages(),
            )

    async def curve(self, request: pb.GetLiveCurveRequest, seconds_left: float | None) -> pb.GetLiveCurveResponse:
        """Every second at which the number changed. Refuses NOT_FOUND."""
        wanted = self._ground.wanted(request.positions)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            row = await _one(found.connection, request.name)
            cursor = await found.connection.execute(_POINTS, {"session": request.name}, binary=True)
            points = [
                pb.CurvePoint(time=timestamp(_moment(second)), participants=participants)
                for second, participants in await cursor.fetchall()
            ]
            settled = row.through if row.ended_at is not None else row.through - row.silence_seconds
            return pb.GetLiveCurveResponse(
                points=points,
                settled_through_time=timestamp(_moment(settled)),
                positions=found.basis.position_messages(),
            )


async def _one(connection: ReadConnection, name: str) -> SessionRow:
    row = await (await connection.execute(_ONE, (name,), binary=True)).fetchone()
    if row is None:
        refuse(Reason.NOT_FOUND, name=name)
    return SessionRow(*row)


async def _with_figures(connection: ReadConnection, row: SessionRow, positions: Iterable[Position]) -> pb.LiveSession:
    figures = await (await connection.execute(_FIGURES, {"session": row.session}, binary=True)).fetchone()
    persons, connections, participants, peak, peak_second = figures or (0, 0, 0, 0, None)
    message = pb.LiveSession(
        name=row.session,
        organization=row.organization,
        rule=pb.LiveRule(
            version=1,
            silence_seconds=row.silence_seconds,
            registration_required=row.registration_required,
            excluded=row.excluded,
        ),
        state=pb.LIVE_SESSION_STATE_OPEN if row.ended_at is None else pb.LIVE_SESSION_STATE_ENDED,
        open_time=timestamp(_moment(row.opened_at)),
        stored_through_time=timestamp(_moment(row.through)),
        participants=participants,
        peak_participants=peak,
        persons=persons,
        connections=connections,
        positions=positions,
    )
    if row.ended_at is not None:
        message.end_time.CopyFrom(timestamp(_moment(row.ended_at)))
    if peak and peak_second is not None:
        message.peak_time.CopyFrom(timestamp(_moment(peak_second)))
    return message


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
