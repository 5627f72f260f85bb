"""The rules of a requirement as its policy says them, and which version of them is in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from ledger.domain.refusals import InvariantBroken
from ledger.requirements.period import Bounds, PeriodKind, bounds

MeasureClass: TypeAlias = Literal["claimed", "attended", "verified", "disputed", "withheld", "reversed"]


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A threshold, for everybody or for those of an age."""

    name: str
    seconds_min: int
    age_min_years: int | None = None
    age_max_years: int | None = None
    """In completed years, included."""

    @property
    def asks_age(self) -> bool:
        """Whether it is not for everybody."""
        return self.age_min_years is not None or self.age_max_years is not None

    def is_for(self, age_years: int | None) -> bool:
        """Whether somebody of this age can reach it; None: the age is not asked for."""
        if age_years is None:
            return not self.asks_age
        oldest = age_years if self.age_max_years is None else self.age_max_years
        return (self.age_min_years or 0) <= age_years <= oldest


class RequirementRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for. Field for field what `policy-proposed` says of a policy of kind `requirement`."""

    levels: tuple[Level, ...]
    period: PeriodKind
    kind: Literal["requirement"] = "requirement"
    measure_classes: tuple[MeasureClass, ...] = ("verified",)
    compulsory_service_counts: bool = False
    watched: bool = False

    @property
    def is_told(self) -> bool:
        """Whether the ledger tells who meets it. Twelve months may say `watched` too: once nobody refused it."""
        return self.watched and self.period != "twelve_months"

    @property
    def asks_age(self) -> bool:
        """Whether a birth date is needed to answer."""
        return any(level.asks_age for level in self.levels)


@dataclass(frozen=True, slots=True)
class RequirementVersion:
    """An approved version of a requirement."""

    policy: str
    version: int
    effective_date: date
    source: str
    rules: RequirementRules

    @property
    def name(self) -> str:
        """policies/{policy}/versions/{version}"""
        return f"{self.policy}/versions/{self.version}"


def read_rules(raw: object) -> RequirementRules:
    """Rules out of decoded JSON. Raises InvariantBroken: they were checked when they were proposed."""
    try:
        return msgspec.convert(raw, RequirementRules)
    except msgspec.ValidationError as error:
        raise InvariantBroken(f"rules of a requirement that cannot be read: {error}") from error


def in_force(
    versions: Iterable[RequirementVersion], requirement: str, day: date
) -> tuple[RequirementVersion, Bounds] | None:
    """The version to apply and its period around `day`; None if there is none. Refuses HIJRI_DATE_UNKNOWN.

    `versions` are those approved, of one policy. `requirement` names the policy, or exactly one version of it.
    """
    for version in sorted(versions, key=lambda one: -one.version):
        if requirement == version.name:
            return version, bounds(version.rules.period, day)
        if requirement == version.policy:
            period = bounds(version.rules.period, day)
            if version.effective_date <= period.last:
                return version, period
    return None
