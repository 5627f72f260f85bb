"""Rows that courses, their sessions and completions must have in the read database, as the domain folds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.completion import CompletionRecorded, CompletionRevoked
from ledger.domain.course import Course
from ledger.domain.training_session import TrainingSession

COURSES: Final = "courses"
SESSIONS: Final = "courses/sessions"
COMPLETIONS: Final = "volunteers/completions"
_STANDS: Final = {"revoked_position": None, "revoked_at": None, "revoked_by": None, "revoked_for": None}


def course_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one course."""
    state = steps[-1].state
    if isinstance(state, Course):
        yield (
            state.name,
            {
                "organization": state.organization,
                "state": "published" if state.closed_on is None else "closed",
                "details": state.details.model_dump(mode="json"),
            },
        )


def training_session_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one session."""
    state = steps[-1].state
    if isinstance(state, TrainingSession):
        opened = state.opened
        yield (
            state.name,
            {
                "course": opened.course,
                "organization": opened.organization,
                "start_time": opened.start,
                "end_time": opened.end,
                "time_zone": opened.time_zone,
                "places": opened.places,
                "region": opened.place.region,
                "online": opened.place.online,
                "city": opened.place.city,
                "live_session": opened.live_session,
                "attendance_seconds_min": opened.attendance_seconds_min,
                "state": state.state,
            },
        )


class CompletionsCheck:
    """The rows of all records of completions beside the streams they are made from."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "completion_records", "completion", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Fold up to where the projections are, and compare."""
        wanted = [stream for stream in streams if stream.kind == COMPLETIONS]
        held = self._table.rows_of_many([stream.name for stream in wanted], "number")
        for stream in wanted:
            steps = stream.until(self._moment.prefix(stream.partition))
            if stream.broken:
                self._table.uncertain = True
                continue
            for number, expected in _records(steps).items():
                position = steps[-1].event.position
                where = Where(self._table.place, stream.partition, position, f"{stream.name} {number}")
                self._table.compare(where, expected, held.get((stream.name, number)))

    def end(self) -> None:
        """No row without its stream."""
        self._table.end(self._moment.store)


def _records(steps: list[Step]) -> dict[int, dict[str, object]]:
    rows: dict[int, dict[str, object]] = {}
    for event in (step.event for step in steps):
        match event.data:
            case CompletionRecorded() as told:
                rows[told.number] = {
                    **told.model_dump(exclude={"holder", "completion", "number"}),
                    "partition": event.partition,
                    "position": event.position,
                    "recorded_by": event.actor,
                    "recorded_at": event.recorded_at,
                    **_STANDS,
                }
            case CompletionRevoked(number=number, reason=reason):
                rows[number] |= {
                    "revoked_position": event.position,
                    "revoked_at": event.recorded_at,
                    "revoked_by": event.actor,
                    "revoked_for": reason,
                }
    return rows
