"""What TrainingService asks: courses, their sessions, and what somebody has completed, now or as known at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, LiteralString

import msgspec

from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import CUT_SQL, view
from ledger.projections.basis import Ground, KnownHorizon, Patience, ReadPool, timestamp
from ledger.projections.directory_rows import EVERYTHING, DirectoryRows, Listing, Narrowed, beneath
from ledger.projections.page_token import read_token, rows_wanted, token_of
from ledger.projections.snapshot import snapshot
from ledger.projections.training_data import CourseDetails, CourseTitle
from volunteer_hours.v1 import training_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import LocalizedText, Place

RESULTS: Final[Mapping[str, pb.CompletionResult.ValueType]] = {
    "attended": pb.COMPLETION_RESULT_ATTENDED,
    "passed": pb.COMPLETION_RESULT_PASSED,
}
COURSE_STATES: Final[Mapping[str, pb.CourseState.ValueType]] = {
    "published": pb.COURSE_STATE_PUBLISHED,
    "closed": pb.COURSE_STATE_CLOSED,
}
SESSION_STATES: Final[Mapping[str, pb.TrainingSessionState.ValueType]] = {
    "open": pb.TRAINING_SESSION_STATE_OPEN,
    "cancelled": pb.TRAINING_SESSION_STATE_CANCELLED,
}
_DETAILS: Final = msgspec.json.Decoder(CourseDetails)

_COURSES: Final = Listing("select course, organization, state, details::text from courses", "course")
_SESSIONS: Final = Listing(
    """
    select training_session, start_time, end_time, time_zone, places, region, online, city, live_session,
           attendance_seconds_min, state
    from training_sessions
    """,
    "training_session",
)
_COLUMNS: Final = """
    completion, number, course, organization, result, completes, completed_on, valid_until, training_session,
    live_session, recorded_by, recorded_at
"""
_ONE: Final[LiteralString] = f"""
    select {_COLUMNS}, revoked_at, revoked_by, revoked_for from completion_records
    where completion = %(name)b and (%(number)b = 0 or number = %(number)b) order by number desc limit 1
"""
_PAGE: Final[LiteralString] = f"""
    with {CUT_SQL}, known as (
        select {_COLUMNS},
               case when revoked_position <= cut.upto then revoked_at end as revoked_at,
               case when revoked_position <= cut.upto then revoked_by end as revoked_by,
               case when revoked_position <= cut.upto then revoked_for end as revoked_for
        from completion_records r join cut on cut.partition = r.partition
        where completion >= %(first)b and completion < %(end)b and position <= cut.upto
    )
    select {_COLUMNS}, revoked_at, revoked_by, revoked_for from known
    where (completion, number) > (%(after)b, %(after_number)b)
      and (%(day)b::date is null
           or (completes and revoked_at is null and completed_on <= %(day)b
               and (valid_until is null or %(day)b <= valid_until)))
    order by completion, number limit %(rows)b
"""


class TrainingQuestions:
    """Answers from the read database. Safe to share between calls.

    Questions that name positions raise NotYetApplied when these are not reached in `seconds_left`.
    """

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._rows = DirectoryRows(pool, self._ground)

    async def course(self, request: pb.GetCourseRequest, seconds_left: float | None) -> pb.Course:
        """A course as it is now. Refuses NOT_FOUND."""
        row, _, positions = await self._rows.one(_COURSES, request.name, request.positions, seconds_left)
        message = _course(row)
        message.positions.extend(positions)
        return message

    async def courses(self, request: pb.ListCoursesRequest, seconds_left: float | None) -> pb.ListCoursesResponse:
        """Courses by name, of one organisation if it is named. Refuses PAGE_TOKEN_INVALID."""
        narrowed: Narrowed = EVERYTHING
        if request.organization:
            narrowed = ("organization = %(organization)b", {"organization": request.organization})
        page, _ = await self._rows.page(_COURSES, request, seconds_left, narrowed)
        return pb.ListCoursesResponse(
            courses=[_course(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def sessions(
        self, request: pb.ListTrainingSessionsRequest, seconds_left: float | None
    ) -> pb.ListTrainingSessionsResponse:
        """The sessions of a course by name. Refuses PAGE_TOKEN_INVALID."""
        narrowed = beneath(request.parent, "sessions", "training_session")
        page, _ = await self._rows.page(_SESSIONS, request, seconds_left, narrowed)
        return pb.ListTrainingSessionsResponse(
            training_sessions=[_session(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def completion(self, request: pb.GetCompletionRequest, seconds_left: float | None) -> pb.Completion:
        """One record. Refuses NOT_FOUND."""
        asked = {"name": request.name, "number": request.number}
        wanted = self._ground.wanted(request.positions)
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            row = await (await found.connection.execute(_ONE, asked, binary=True)).fetchone()
            if row is None:
                refuse(Reason.NOT_FOUND, name=request.name)
            message = _completion(row)
            message.positions.extend(found.basis.position_messages())
            return message

    async def completions(
        self, request: pb.ListCompletionsRequest, day: date | None, seconds_left: float | None
    ) -> pb.ListCompletionsResponse:
        """A person's records by course and number; with `day` those that complete and are valid on it.

        Refuses PAGE_TOKEN_INVALID, and as `as_of.view` does.
        """
        token, rows_max = read_token(request, request.page_token), rows_wanted(request.page_size)
        after, after_number = _after(None if token is None else token.after)
        as_of = request.as_of if request.HasField("as_of") else None
        pinned = None if token is None else token.positions
        async with view(self._pool, self._ground, request.positions, as_of, seconds_left, pinned) as known:
            asked = {
                **{name: value for name, value in known.cut.items() if name != "known_until"},
                **beneath(request.parent, "completions", "completion")[1],
                "after": after,
                "after_number": after_number,
                "day": day,
                "rows": rows_max + 1,
            }
            rows = await (await known.connection.execute(_PAGE, asked, binary=True)).fetchall()
            basis = known.basis
        page = rows[:rows_max]
        more = token_of(request, page[-1][:2], basis.positions) if len(rows) > rows_max else ""
        return pb.ListCompletionsResponse(
            completions=[_completion(row) for row in page],
            next_page_token=more,
            positions=basis.position_messages(),
        )


def _after(key: Sequence[str | int] | None) -> tuple[str, int]:
    if key is None:
        return "", 0
    match key:
        case (str(name), int(number)):
            after = name, number
        case _:
            refuse(Reason.PAGE_TOKEN_INVALID)
    return after


def _course(row: Sequence[Any]) -> pb.Course:
    details = _DETAILS.decode(row[3])
    return pb.Course(
        name=row[0],
        organization=row[1],
        title=_localized(details.title),
        description=_localized(details.description),
        completion_by=RESULTS[details.completion_by],
        valid_days=details.valid_days,
        sector=details.sector or "",
        skills=details.skills,
        state=COURSE_STATES[row[2]],
    )


def _localized(text: CourseTitle | None) -> LocalizedText | None:
    return None if text is None else LocalizedText(ar=text.ar or "", en=text.en or "")


def _session(row: Sequence[Any]) -> pb.TrainingSession:
    return pb.TrainingSession(
        name=row[0],
        start_time=timestamp(row[1]),
        end_time=timestamp(row[2]),
        time_zone=row[3],
        places=row[4],
        place=Place(region=row[5] or "", online=row[6], city=row[7] or ""),
        live_session=row[8] or "",
        attendance_seconds_min=row[9] or 0,
        state=SESSION_STATES[row[10]],
    )


def _completion(row: Sequence[Any]) -> pb.Completion:
    until, revoked_at = row[7], row[12]
    return pb.Completion(
        name=row[0],
        number=row[1],
        course=row[2],
        organization=row[3],
        result=RESULTS[row[4]],
        completes=row[5],
        completed_date=row[6].isoformat(),
        valid_until_date="" if until is None else until.isoformat(),
        training_session=row[8] or "",
        live_session=row[9] or "",
        recorded_by=row[10],
        record_time=timestamp(row[11]),
        revoke_time=None if revoked_at is None else timestamp(revoked_at),
        revoke_reason=row[14] or "",
        revoked_by=row[13] or "",
    )
