"""Rows of recognition, as the domain folds their streams."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.event import RecordedEvent
from ledger.domain.milestone import Milestone, MilestoneReached, MilestoneTold, level_of, recognition_of
from ledger.domain.nomination import Nomination
from ledger.domain.recognition import (
    Recognition,
    RecognitionApproved,
    RecognitionProposed,
)
from ledger.domain.recognition import recognition_of as programme_of

MILESTONES, NOMINATIONS = "volunteers/recognitions/milestones", "volunteers/nominations"
TEAM_MILESTONES = "initiatives/recognitions/milestones"


def recognition_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """A row for each version."""
    state = steps[-1].state
    if not isinstance(state, Recognition):
        return
    events = [step.event for step in steps]
    proposed = {one.data.version: one for one in events if isinstance(one.data, RecognitionProposed)}
    approved = {one.data.version: one for one in events if isinstance(one.data, RecognitionApproved)}
    for version in state.versions:
        yield (
            version.name,
            {
                "recognition": state.name,
                "version": version.number,
                "effective_date": version.effective_date,
                "source": version.rule_source,
                "display_name": version.display_name.model_dump(exclude_none=True),
                "levels": [one.model_dump(mode="json", exclude_none=True) for one in version.levels],
                **_known("proposed", proposed[version.number]),
                **_known("approved", approved.get(version.number)),
            },
        )


def _known(what: str, event: RecordedEvent | None) -> dict[str, object]:
    known = (None, None, None) if event is None else (event.position, event.recorded_at, event.actor)
    return dict(zip((f"{what}_position", f"{what}_at", f"{what}_by"), known, strict=True))


def milestone_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """How a milestone was told last."""
    state, last = steps[-1].state, steps[-1].event
    if isinstance(state, Milestone) and isinstance(last.data, MilestoneTold):
        told = {"recognition_version": last.data.recognition_version, "reached": state.reached}
        yield state.name, {**told, **_counted(last.data), "position": last.position, "recorded_at": last.recorded_at}


def _counted(told: MilestoneTold) -> dict[str, object]:
    return {
        "counted_seconds": told.counted_seconds,
        "months": told.months,
        "skills_count": told.skills_count,
        "organizations_count": told.organizations_count,
        "persons_count": told.persons_count,
        "evaluated_at": {str(one.partition): one.position for one in told.evaluated_at},
        "cause_partition": told.cause.partition,
        "cause_position": told.cause.position,
    }


def nomination_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """A nomination."""
    state = steps[-1].state
    if isinstance(state, Nomination):
        yield (
            state.name,
            {
                "volunteer": state.volunteer,
                "recognition_version": state.recognition_version,
                "level": state.level,
                "organization": state.organization,
                "nominated_by": state.nominated_by,
                "state": state.state,
                "decided_by": list(state.decided_by),
                "reason": state.reason,
                "positions": [step.event.position for step in steps],
            },
        )


class HonoursCheck:
    """The rows of honours beside the streams they are made from."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "honours", "honour", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """A row for each time that a stream says somebody held a level."""
        wanted = [stream for stream in streams if stream.kind in (MILESTONES, TEAM_MILESTONES, NOMINATIONS)]
        for stream in wanted:
            self._table.uncertain |= stream.broken
        said = {stream.name: self._said(stream) for stream in wanted}
        held = self._table.rows_of_many([name for name, rows in said.items() if rows], "since_position")
        for stream in wanted:
            for position, expected in said[stream.name].items():
                where = Where(self._table.place, stream.partition, position, stream.name)
                self._table.compare(where, expected, held.get((stream.name, position)))

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)

    def _said(self, stream: FoldedStream) -> dict[int, dict[str, object]]:
        rows: dict[int, dict[str, object]] = {}
        for step in stream.until(self._moment.prefix(stream.partition)):
            event, state = step.event, step.state
            if isinstance(event.data, MilestoneReached):
                rows[event.position] = _milestone_honour(event, event.data)
            elif isinstance(event.data, MilestoneTold) and rows:
                rows[max(rows)].update(until_position=event.position, until_at=event.recorded_at)
            elif isinstance(state, Nomination) and state.state == "approved":
                rows[event.position] = _nominated_honour(event, state)
        return rows


_OPEN = {"until_position": None, "until_at": None}
_NOTHING_COUNTED = dict.fromkeys(
    (
        "counted_seconds",
        "months",
        "skills_count",
        "organizations_count",
        "persons_count",
        "evaluated_at",
        "cause_partition",
        "cause_position",
    )
)


def _milestone_honour(event: RecordedEvent, told: MilestoneTold) -> dict[str, object]:
    return {
        "partition": event.partition,
        "recognition": recognition_of(event.stream),
        "level": level_of(event.stream),
        "holder": told.holder,
        "recognition_version": told.recognition_version,
        "since_at": event.recorded_at,
        **_OPEN,
        **_counted(told),
    }


def _nominated_honour(event: RecordedEvent, state: Nomination) -> dict[str, object]:
    return {
        "partition": event.partition,
        "recognition": programme_of(state.recognition_version),
        "level": state.level,
        "holder": state.volunteer,
        "recognition_version": state.recognition_version,
        "since_at": event.recorded_at,
        **_OPEN,
        **_NOTHING_COUNTED,
    }
