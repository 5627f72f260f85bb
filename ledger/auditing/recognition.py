"""Rows of recognition, as the domain folds their streams; and what milestones count, counted anew from the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.event import RecordedEvent
from ledger.domain.hours import HoursMoved
from ledger.domain.milestone import Milestone, MilestoneReached, MilestoneTold, level_of, recognition_of
from ledger.domain.nomination import Nomination
from ledger.domain.opportunity import OpportunityPublished, OpportunityUpdated
from ledger.domain.recognition import (
    Recognition,
    RecognitionApproved,
    RecognitionLevel,
    RecognitionProposed,
    Served,
    version_name,
)
from ledger.domain.recognition import reaches as reaches_level
from ledger.domain.recognition import recognition_of as programme_of
from ledger.domain.streams import volunteer_of
from ledger.domain.values import Account, Entry

MILESTONES, NOMINATIONS = "volunteers/recognitions/milestones", "volunteers/nominations"


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
        wanted = [stream for stream in streams if stream.kind in (MILESTONES, NOMINATIONS)]
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


class _Moved(NamedTuple):
    position: int
    opportunity: str
    organization: str
    entry: Entry


class _Skills(NamedTuple):
    """Since when an opportunity asks for which skills."""

    partition: int
    position: int
    skills: tuple[str, ...]


class MilestoneCheck:
    """What was told of a milestone follows from entries, skills and levels at the positions it names.

    Streams come by name: opportunities and recognitions before volunteers, attendances before recognitions.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._levels: dict[tuple[str, str], RecognitionLevel] = {}
        self._skills: dict[str, list[_Skills]] = {}
        self._last, self._in_order = "", True
        self._holder = ""
        self._moved: list[_Moved] = []

    def streams(self, streams: list[FoldedStream]) -> None:
        """Learn levels, skills and a person's entries, and compare what was told of that person."""
        for stream in streams:
            self._in_order &= self._last <= stream.name
            self._last = stream.name
            match stream.kind:
                case "recognitions":
                    self._learn_levels(stream)
                case "opportunities":
                    self._learn_skills(stream)
                case "volunteers/attendances":
                    self._learn_entries(stream)
                case "volunteers/recognitions/milestones" if self._in_order:
                    for step in stream.steps:
                        self._compare(stream, step.event)

    def end(self) -> None:
        """Rows are compared elsewhere; that nothing was compared here is told."""
        if not self._in_order:
            self._report.note("store: names are not sorted by bytes (collation C), so milestones were not counted anew")

    def _learn_levels(self, stream: FoldedStream) -> None:
        for data in (step.event.data for step in stream.steps):
            if isinstance(data, RecognitionProposed):
                name = version_name(data.recognition, data.version)
                self._levels.update({(name, one.level): one for one in data.levels})

    def _learn_skills(self, stream: FoldedStream) -> None:
        known = [
            _Skills(step.event.partition, step.event.position, step.event.data.details.skills)
            for step in stream.steps
            if isinstance(step.event.data, OpportunityPublished | OpportunityUpdated)
        ]
        if any(one.skills for one in known):
            self._skills[stream.name] = known

    def _learn_entries(self, stream: FoldedStream) -> None:
        holder = volunteer_of(stream.name)
        if holder != self._holder:
            self._holder, self._moved = holder, []
        for event in (step.event for step in stream.steps):
            data = event.data
            if isinstance(data, HoursMoved):
                self._moved += [
                    _Moved(event.position, data.opportunity, data.organization, entry) for entry in data.entries
                ]

    def _compare(self, stream: FoldedStream, event: RecordedEvent) -> None:
        told = event.data
        if not isinstance(told, MilestoneTold):
            return
        where = Where("store events", event.partition, event.position, stream.name)
        served = self._served(told, event.partition)
        said = (told.counted_seconds, told.months, told.skills_count, told.organizations_count)
        counted = (served.counted_seconds, served.months, served.skills_count, served.organizations_count)
        if said != counted:
            self._report.differs(where, "data: seconds, months, skills, organisations", counted, said)
        level = self._levels.get((told.recognition_version, level_of(told.milestone)))
        reached = level is not None and reaches_level(level, served)
        if reached != isinstance(told, MilestoneReached):
            self._report.differs(where, "type", "reached" if reached else "lost", type(told).__name__)

    def _served(self, told: MilestoneTold, partition: int) -> Served:
        upto = {one.partition: one.position for one in told.evaluated_at}
        seconds: dict[tuple[object, str, str], int] = {}
        for moved in self._moved if self._holder == told.holder else ():
            if moved.position <= upto.get(partition, 0):
                key = (moved.entry.service_date, moved.opportunity, moved.organization)
                into = moved.entry.to_class is Account.VERIFIED
                out_of = moved.entry.from_class is Account.VERIFIED
                seconds[key] = seconds.get(key, 0) + moved.entry.seconds * (into - out_of)
        held = [key for key, sum_of_it in seconds.items() if sum_of_it > 0]
        dates = sorted({entry.entry.service_date for entry in self._moved} & {key[0] for key in held})
        return Served(
            counted_seconds=sum(seconds[key] for key in held),
            first_date=dates[0] if dates else None,
            newest_date=dates[-1] if dates else None,
            skills_count=len({skill for _, opportunity, _ in held for skill in self._asked(opportunity, upto)}),
            organizations_count=len({organization for _, _, organization in held}),
        )

    def _asked(self, opportunity: str, upto: Mapping[int, int]) -> tuple[str, ...]:
        known = self._skills.get(opportunity, [])
        return next((one.skills for one in reversed(known) if one.position <= upto.get(one.partition, 0)), ())
