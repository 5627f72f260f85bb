"""What milestones count, counted anew from the events: of persons as their streams go by, of teams in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream
from ledger.auditing.recognition import MILESTONES, TEAM_MILESTONES
from ledger.domain.event import RecordedEvent
from ledger.domain.hours import HoursMoved
from ledger.domain.initiative import is_initiative
from ledger.domain.milestone import MilestoneReached, MilestoneTold, level_of
from ledger.domain.opportunity import OpportunityPublished, OpportunityUpdated
from ledger.domain.recognition import RecognitionLevel, RecognitionProposed, Served, reaches, version_name
from ledger.domain.streams import holder_of
from ledger.domain.values import Account, Entry


class _Moved(NamedTuple):
    partition: int
    position: int
    holder: str
    opportunity: str
    organization: str
    entry: Entry


class _Skills(NamedTuple):
    """Since when an opportunity asks for which skills."""

    partition: int
    position: int
    skills: tuple[str, ...]


class _Served(NamedTuple):
    """What one person, or a head count, did on a day."""

    holder: str
    opportunity: str
    organization: str
    service_date: date


class MilestoneCheck:
    """What was told of a milestone follows from entries, skills and levels at the positions it names.

    Streams come by name: what teams were told comes before opportunities, and these with recognitions before
    volunteers; attendances before a person's milestones. Of teams that were told something all movements are kept.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._levels: dict[tuple[str, str], RecognitionLevel] = {}
        self._skills: dict[str, list[_Skills]] = {}
        self._last, self._in_order = "", True
        self._holder = ""
        self._moved: list[_Moved] = []
        self._of_teams: dict[str, list[_Moved]] = {}
        self._told_of_teams: list[RecordedEvent] = []
        self._learning: Mapping[str, Callable[[str, Sequence[RecordedEvent]], None]] = {
            TEAM_MILESTONES: self._keep_what_was_told,
            "opportunities": self._learn_skills,
            "opportunities/shifts/groupAttendances": self._learn_heads,
            "recognitions": self._learn_levels,
            "volunteers/attendances": self._learn_entries,
            MILESTONES: self._compare_person,
        }
        """By kind of stream, in the order in which they come."""

    def streams(self, streams: list[FoldedStream]) -> None:
        """Learn levels, skills and entries, and compare what was told of a person."""
        for stream in streams:
            self._in_order &= self._last <= stream.name
            self._last = stream.name
            if (learn := self._learning.get(stream.kind)) is not None:
                learn(stream.name, [step.event for step in stream.steps])

    def end(self) -> None:
        """Compare what was told of teams. Rows are compared elsewhere; that nothing was compared here is told."""
        if not self._in_order:
            self._report.note("store: names are not sorted by bytes (collation C), so milestones were not counted anew")
            return
        for event in self._told_of_teams:
            self._compare(event, self._of_teams[holder_of(event.stream)])

    def _keep_what_was_told(self, milestone: str, events: Sequence[RecordedEvent]) -> None:
        self._told_of_teams += events
        self._of_teams.setdefault(holder_of(milestone), [])

    def _compare_person(self, milestone: str, events: Sequence[RecordedEvent]) -> None:
        if self._in_order:
            for event in events:
                self._compare(event, self._moved if self._holder == holder_of(milestone) else ())

    def _learn_levels(self, _: str, events: Sequence[RecordedEvent]) -> None:
        for data in (event.data for event in events):
            if isinstance(data, RecognitionProposed):
                name = version_name(data.recognition, data.version)
                self._levels.update({(name, one.level): one for one in data.levels})

    def _learn_skills(self, opportunity: str, events: Sequence[RecordedEvent]) -> None:
        known = [
            _Skills(event.partition, event.position, event.data.details.skills)
            for event in events
            if isinstance(event.data, OpportunityPublished | OpportunityUpdated)
        ]
        if any(one.skills for one in known):
            self._skills[opportunity] = known

    def _learn_heads(self, _: str, events: Sequence[RecordedEvent]) -> None:
        self._keep_of_teams(_moved(events))

    def _learn_entries(self, attendance: str, events: Sequence[RecordedEvent]) -> None:
        if holder_of(attendance) != self._holder:
            self._holder, self._moved = holder_of(attendance), []
        moved = _moved(events)
        self._moved += moved
        self._keep_of_teams(moved)

    def _keep_of_teams(self, moved: Sequence[_Moved]) -> None:
        for one in moved:
            if (kept := self._of_teams.get(one.organization)) is not None:
                kept.append(one)

    def _compare(self, event: RecordedEvent, moved: Sequence[_Moved]) -> None:
        told = event.data
        if not isinstance(told, MilestoneTold):
            return
        where = Where("store events", event.partition, event.position, event.stream)
        served = self._served(told, moved)
        said = (told.counted_seconds, told.months, told.skills_count, told.organizations_count, told.persons_count)
        counted = (
            served.counted_seconds,
            served.months,
            served.skills_count,
            served.organizations_count,
            served.persons_count,
        )
        if said != counted:
            self._report.differs(where, "data: seconds, months, skills, organisations, persons", counted, said)
        level = self._levels.get((told.recognition_version, level_of(told.milestone)))
        reached = level is not None and reaches(level, served)
        if reached != isinstance(told, MilestoneReached):
            self._report.differs(where, "type", "reached" if reached else "lost", type(told).__name__)

    def _served(self, told: MilestoneTold, moved: Sequence[_Moved]) -> Served:
        upto = {one.partition: one.position for one in told.evaluated_at}
        seconds: dict[_Served, int] = {}
        for one in moved:
            if one.position <= upto.get(one.partition, 0):
                key = _Served(one.holder, one.opportunity, one.organization, one.entry.service_date)
                into = one.entry.to_class is Account.VERIFIED
                out_of = one.entry.from_class is Account.VERIFIED
                seconds[key] = seconds.get(key, 0) + one.entry.seconds * (into - out_of)
        held = [key for key, sum_of_it in seconds.items() if sum_of_it > 0]
        dates = sorted(key.service_date for key in held)
        persons = {key.holder for key in held if key.holder.startswith("volunteers/")}
        return Served(
            counted_seconds=sum(seconds[key] for key in held),
            first_date=dates[0] if dates else None,
            newest_date=dates[-1] if dates else None,
            skills_count=len({skill for key in held for skill in self._asked(key.opportunity, upto)}),
            organizations_count=len({key.organization for key in held}),
            persons_count=len(persons) if is_initiative(told.holder) else None,
        )

    def _asked(self, opportunity: str, upto: Mapping[int, int]) -> tuple[str, ...]:
        known = self._skills.get(opportunity, [])
        return next((one.skills for one in reversed(known) if one.position <= upto.get(one.partition, 0)), ())


def _moved(events: Sequence[RecordedEvent]) -> list[_Moved]:
    return [
        _Moved(event.partition, event.position, event.data.holder, event.data.opportunity, event.data.organization, one)
        for event in events
        if isinstance(event.data, HoursMoved)
        for one in event.data.entries
    ]
