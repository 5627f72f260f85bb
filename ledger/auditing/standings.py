"""Check: what was told of a requirement follows from entries, rules and opportunities at the positions it names.

Counted anew from the stored events, by code of its own. A level by age can only be checked for its threshold: birth
dates are sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.domain.hours import HoursMoved
from ledger.domain.opportunity import OpportunityPublished, OpportunityUpdated
from ledger.domain.policy import PolicyProposed, version_name
from ledger.domain.policy_rules import RequirementRules
from ledger.domain.requirement_standing import RequirementMet, StandingTold
from ledger.domain.streams import volunteer_of
from ledger.domain.values import Entry


class _Moved(NamedTuple):
    position: int
    opportunity: str
    entry: Entry


class _Known(NamedTuple):
    """Since when an opportunity is, or is not, compulsory service."""

    partition: int
    position: int
    compulsory: bool


def levels_reached(rules: RequirementRules, counted_seconds: int) -> list[str]:
    """The levels for which that is enough, whoever they are for; the highest, of equal ones the last, comes last."""
    ascending = sorted(rules.levels, key=lambda level: level.seconds_min)
    return [level.name for level in ascending if level.seconds_min <= counted_seconds]


class StandingCheck:
    """Streams come by name: policies and opportunities before volunteers, attendances before requirements."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rules: dict[str, RequirementRules] = {}
        self._compulsory: dict[str, list[_Known]] = {}
        """Of opportunities that ever were."""
        self._last, self._in_order = "", True
        """A database of another collation may put other people's streams between those of one person."""
        self._holder = ""
        self._moved: list[_Moved] = []
        """Of this holder alone."""

    def streams(self, streams: list[FoldedStream]) -> None:
        """Learn the rules and a person's entries, and compare what was told of that person."""
        for stream in streams:
            self._in_order &= self._last <= stream.name
            self._last = stream.name
            match stream.kind:
                case "policies":
                    self._learn_rules(stream.steps)
                case "opportunities":
                    self._learn_compulsory(stream)
                case "volunteers/attendances" if self._rules:
                    self._learn_entries(stream)
                case "volunteers/requirements/standings" if self._in_order:
                    for step in stream.steps:
                        self._compare(stream, step)

    def end(self) -> None:
        """Rows are compared elsewhere; that nothing was compared here is told."""
        if not self._in_order:
            self._report.note("store: names are not sorted by bytes (collation C), so standings were not counted anew")

    def _learn_rules(self, steps: list[Step]) -> None:
        for data in (step.event.data for step in steps):
            if isinstance(data, PolicyProposed) and isinstance(data.rules, RequirementRules) and data.rules.watched:
                self._rules[version_name(data.policy, data.version)] = data.rules

    def _learn_compulsory(self, stream: FoldedStream) -> None:
        known = [
            _Known(step.event.partition, step.event.position, step.event.data.details.compulsory_service)
            for step in stream.steps
            if isinstance(step.event.data, OpportunityPublished | OpportunityUpdated)
        ]
        if any(one.compulsory for one in known):
            self._compulsory[stream.name] = known

    def _learn_entries(self, stream: FoldedStream) -> None:
        holder = volunteer_of(stream.name)
        if holder != self._holder:
            self._holder, self._moved = holder, []
        for event in (step.event for step in stream.steps):
            if isinstance(event.data, HoursMoved):
                self._moved += [_Moved(event.position, event.data.opportunity, entry) for entry in event.data.entries]

    def _compare(self, stream: FoldedStream, step: Step) -> None:
        told, event = step.event.data, step.event
        if not isinstance(told, StandingTold):
            return
        where = Where("store events", event.partition, event.position, stream.name)
        rules = self._rules.get(told.requirement)
        if rules is None:
            self._report.differs(where, "data.requirement", "a watched version of a requirement", told.requirement)
            return
        counted = self._counted(told, rules, event.partition)
        if counted != told.counted_seconds:
            self._report.differs(where, "data.counted_seconds", counted, told.counted_seconds)
        level = told.level if isinstance(told, RequirementMet) else None
        reached = levels_reached(rules, counted)
        if any(one.age_min_years is not None or one.age_max_years is not None for one in rules.levels):
            if level is not None and level not in reached:
                self._report.differs(where, "data.level", f"one of {reached}", level)
        elif level != (reached[-1] if reached else None):
            self._report.differs(where, "data.level", reached[-1] if reached else None, level)

    def _counted(self, told: StandingTold, rules: RequirementRules, partition: int) -> int:
        upto = {one.partition: one.position for one in told.evaluated_at}
        first, seconds = told.period_start or date.min, 0
        for moved in self._moved if self._holder == told.holder else ():
            entry = moved.entry
            if moved.position > upto.get(partition, 0) or not first <= entry.service_date <= told.period_end:
                continue
            if not rules.compulsory_service_counts and self._is_compulsory(moved.opportunity, upto):
                continue
            into, out_of = entry.to_class in rules.measure_classes, entry.from_class in rules.measure_classes
            seconds += entry.seconds * (into - out_of)
        return seconds

    def _is_compulsory(self, opportunity: str, upto: Mapping[int, int]) -> bool:
        known = self._compulsory.get(opportunity, [])
        return next((one.compulsory for one in reversed(known) if one.position <= upto.get(one.partition, 0)), False)
