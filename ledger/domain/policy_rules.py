"""The rules a policy can hold, as data: what counts as an hour, a question with a threshold, and money an hour.

These names and fields are the stored format: version them with care. What a rule means stands in
`docs/what-counts.md`; a rule that is absent or has its default changes nothing.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ledger.domain.event import Value
from ledger.domain.values import SECONDS_PER_DAY, Account

Kind: TypeAlias = Literal["hours", "requirement", "rates"]
Rounding: TypeAlias = Literal["down", "nearest", "up"]
Period: TypeAlias = Literal["lifetime", "calendar_month", "calendar_year", "twelve_months", "hijri_month", "hijri_year"]
FromOne: TypeAlias = Annotated[int, Field(gt=0)]
FromNought: TypeAlias = Annotated[int, Field(ge=0)]
Age: TypeAlias = Annotated[int, Field(ge=0, le=120)]


class HoursRules(Value):
    """Which seconds of a presence are credited, and which of those count."""

    kind: Literal["hours"] = "hours"
    day_seconds_max: FromOne = SECONDS_PER_DAY
    """Of one person and calendar date, over all organisations; 24 hours is never passed, whatever stands here."""
    attendance_seconds_max: FromOne = SECONDS_PER_DAY
    """What is longer is withheld whole; of a group on average."""
    year_seconds_max: FromOne | None = None
    """Of one person and calendar year of the place's zone; what would pass it is withheld whole."""
    early_seconds_credited_max: FromNought | None = None
    """Of the time before the shift's start; None: all of it."""
    late_seconds_forgiven: FromNought = 0
    """Who comes at most so late is credited from the shift's start."""
    overstay_seconds_credited_max: FromNought | None = None
    """Of the time after the shift's end; None: all of it."""
    open_presence_seconds: FromNought | None = None
    """Who checks out later than so long after the shift's end forgot it: credited until the shift's end."""
    break_after_seconds: FromOne | None = None
    """Who serves longer had a break of `break_seconds`; it is taken off the end."""
    break_seconds: FromNought = 0
    rounding_seconds: Annotated[int, Field(gt=0, le=SECONDS_PER_DAY)] = 1
    """The credited span is made a multiple of this, at its end."""
    rounding: Rounding = "down"
    """`nearest` goes up at half."""
    compulsory_service_counts: bool = True
    guardian_consent_required: bool = False
    charter_required: bool = False
    two_verifiers_above_seconds: FromNought | None = None
    confirmation_required: bool = False
    claim_lapses_after_days: FromOne | None = None

    @cached_property
    def credits_as_served(self) -> bool:
        """Whether a presence is credited as it is: nearly always, and asked for each one."""
        return not self.needs_schedule and self.break_after_seconds is None and self.rounding_seconds == 1

    @cached_property
    def needs_schedule(self) -> bool:
        """Whether the shift's times matter for who is credited by the clock."""
        return bool(
            self.early_seconds_credited_max is not None
            or self.late_seconds_forgiven
            or self.overstay_seconds_credited_max is not None
            or self.open_presence_seconds is not None
        )

    @cached_property
    def date_seconds_max(self) -> int:
        """The cap of a calendar date: never above 24 hours."""
        return min(self.day_seconds_max, SECONDS_PER_DAY)


class Level(Value):
    """One step of a requirement: so many seconds, perhaps of an age at the period's end."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    seconds_min: FromOne
    age_min_years: Age | None = None
    age_max_years: Age | None = None


class RequirementRules(Value):
    """How many seconds of which classes, in which period."""

    kind: Literal["requirement"] = "requirement"
    measure_classes: tuple[Account, ...] = (Account.VERIFIED,)
    levels: tuple[Level, ...]
    period: Period
    compulsory_service_counts: bool = False
    watched: bool = False
    """Whether the ledger tells when somebody meets it or no longer does. Not with twelve months: each day ends some."""


class Rate(Value):
    """What an hour is worth in money, from a date on, and who says so."""

    from_date: date
    until_date: date | None = None
    """The last day; None: without end."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217"""
    minor_units_per_hour: FromOne
    """Whole minor units, such as halalas or cents."""
    source: Annotated[str, Field(min_length=1)]


class Rates(Value):
    """A table of rates."""

    kind: Literal["rates"] = "rates"
    rates: tuple[Rate, ...]


Rules: TypeAlias = HoursRules | RequirementRules | Rates


def faults(rules: Rules) -> list[str]:
    """What contradicts itself in rules that have the right form: each as `path: what would be right`."""
    match rules:
        case HoursRules():
            return _faults_of_hours(rules)
        case RequirementRules():
            return _faults_of_requirement(rules)
        case Rates():
            return _faults_of_rates(rules)


def _faults_of_hours(rules: HoursRules) -> list[str]:
    after, length = rules.break_after_seconds, rules.break_seconds
    if (after is None) != (not length):
        return ["break_seconds: give it and break_after_seconds, or neither"]
    if after is not None and length > after:
        return [f"break_seconds: at most break_after_seconds, {after}"]
    return []


def _faults_of_requirement(rules: RequirementRules) -> list[str]:
    found: list[str] = []
    if not rules.levels:
        found.append("levels: at least one")
    if len({level.name for level in rules.levels}) < len(rules.levels):
        found.append("levels: each name once")
    for level in rules.levels:
        low, high = level.age_min_years, level.age_max_years
        if low is not None and high is not None and high < low:
            found.append(f"levels {level.name}: age_max_years from {low}")
    if rules.watched and rules.period == "twelve_months":
        found.append("watched: not with the period twelve_months, which moves with the day; choose another period")
    measured = set(rules.measure_classes)
    if not measured or not measured <= {Account.CLAIMED, Account.ATTENDED, Account.VERIFIED, Account.DISPUTED}:
        found.append("measure_classes: some of claimed, attended, verified, disputed")
    elif len(measured) < len(rules.measure_classes):
        found.append("measure_classes: each once")
    return found


def _faults_of_rates(rules: Rates) -> list[str]:
    found = [] if rules.rates else ["rates: at least one"]
    for index, rate in enumerate(rules.rates):
        if rate.until_date is not None and rate.until_date < rate.from_date:
            found.append(f"rates[{index}].until_date: not before from_date, {rate.from_date}")
    for currency in sorted({rate.currency for rate in rules.rates}):
        ordered = sorted((rate for rate in rules.rates if rate.currency == currency), key=lambda rate: rate.from_date)
        for before, after in pairwise(ordered):
            if before.until_date is None or before.until_date >= after.from_date:
                found.append(f"rates: two of {currency} hold on {after.from_date}; let one end before")
    return found
