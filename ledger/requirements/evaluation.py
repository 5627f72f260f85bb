"""Is a requirement met? Levels, thresholds and classes over seconds that were added up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.domain.eligibility import age_years
from ledger.domain.refusals import Reason, refuse
from ledger.requirements.rules import MeasureClass, RequirementRules

CLASSES: Final[tuple[MeasureClass, ...]] = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
"""The order of seconds by class."""


@dataclass(frozen=True, slots=True)
class Served:
    """What somebody has in the period."""

    entry_count: int = 0
    free: Sequence[int] = (0, 0, 0, 0, 0, 0)
    """Seconds by class, of service nobody was obliged to give."""
    compulsory: Sequence[int] = (0, 0, 0, 0, 0, 0)
    """Seconds by class, of service somebody was obliged to give."""

    def with_more(self, more: Served) -> Served:
        """Together with what was served under another name."""
        free = [one + other for one, other in zip(self.free, more.free, strict=True)]
        compulsory = [one + other for one, other in zip(self.compulsory, more.compulsory, strict=True)]
        return Served(self.entry_count + more.entry_count, free, compulsory)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of it."""

    met: bool
    level: str
    """The highest reached, empty for none."""
    next_level: str
    """Empty after the last."""
    counted_seconds: int
    missing_seconds: int
    """To the next level; 0 after the last."""
    excluded_seconds: int
    """Compulsory, where that does not count."""


def evaluate(rules: RequirementRules, served: Served, name: str, birth_date: date | None, on: date) -> Verdict:
    """The verdict about `name` at the period's last date `on`.

    Refuses AGE_UNKNOWN where the rules ask for the age and no birth date is known, NO_LEVEL_FOR_AGE where they have
    nothing for somebody so old.
    """
    age = None
    if rules.asks_age:
        if birth_date is None:
            refuse(Reason.AGE_UNKNOWN, name=name)
        age = age_years(birth_date, on)
    levels = sorted((level for level in rules.levels if level.is_for(age)), key=lambda level: level.seconds_min)
    if not levels:
        refuse(Reason.NO_LEVEL_FOR_AGE, name=name)
    free, compulsory = (_measured(rules, seconds) for seconds in (served.free, served.compulsory))
    counted = free + compulsory if rules.compulsory_service_counts else free
    reached = [level for level in levels if level.seconds_min <= counted]
    following = levels[len(reached)] if len(reached) < len(levels) else None
    return Verdict(
        met=bool(reached),
        level=reached[-1].name if reached else "",
        next_level=following.name if following else "",
        counted_seconds=counted,
        missing_seconds=following.seconds_min - counted if following else 0,
        excluded_seconds=0 if rules.compulsory_service_counts else compulsory,
    )


def _measured(rules: RequirementRules, seconds: Sequence[int]) -> int:
    return sum(seconds[CLASSES.index(measure)] for measure in rules.measure_classes)
