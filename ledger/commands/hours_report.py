"""A report of hours: one question to the service, shaped for people and programs. Pure but for the question itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands.printing import positions_json, seconds_of, time_text
from ledger.importing.published_totals import hours_rounded, total_hours_rounded
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.policy_service_pb2 import Rate
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.values_pb2 import EvidenceClass, Period

Ask: TypeAlias = Callable[[hours.SummarizeHoursRequest], hours.SummarizeHoursResponse]
"""The service's SummarizeHours, with the caller's metadata."""


class Dimension(StrEnum):
    """What the sums of a report are grouped by."""

    EVENT_TYPE = "event-type"
    ORGANIZATION = "organization"
    OPPORTUNITY = "opportunity"
    SECTOR = "sector"
    MONTH = "month"
    REGION = "region"
    LEVEL = "level"
    AGE_BAND = "age-band"
    PARTNER_TYPE = "partner-type"


_DIMENSIONS: Final[Mapping[Dimension, hours.SummaryDimension.ValueType]] = {
    Dimension.EVENT_TYPE: hours.SUMMARY_DIMENSION_EVENT_TYPE,
    Dimension.ORGANIZATION: hours.SUMMARY_DIMENSION_ORGANIZATION,
    Dimension.OPPORTUNITY: hours.SUMMARY_DIMENSION_OPPORTUNITY,
    Dimension.SECTOR: hours.SUMMARY_DIMENSION_SECTOR,
    Dimension.MONTH: hours.SUMMARY_DIMENSION_MONTH,
    Dimension.REGION: hours.SUMMARY_DIMENSION_REGION,
    Dimension.LEVEL: hours.SUMMARY_DIMENSION_LEVEL,
    Dimension.AGE_BAND: hours.SUMMARY_DIMENSION_AGE_BAND,
    Dimension.PARTNER_TYPE: hours.SUMMARY_DIMENSION_PARTNER_TYPE,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a report asks."""

    by: Dimension = Dimension.EVENT_TYPE
    period: Period | None = None
    organization: str = ""
    opportunity: str = ""
    as_of: AsOf | None = None
    positions: Sequence[Position] = ()
    age_band_starts: Sequence[int] = ()
    rates: str = ""
    value_classes: Sequence[EvidenceClass.ValueType] = ()

    def request(self) -> hours.SummarizeHoursRequest:
        """The question as a request of the API."""
        return hours.SummarizeHoursRequest(
            group_by=_DIMENSIONS[self.by],
            period=self.period,
            organization=self.organization,
            opportunity=self.opportunity,
            as_of=self.as_of,
            positions=self.positions,
            age_band_starts=self.age_band_starts,
            rates=self.rates,
            value_classes=self.value_classes,
        )


@dataclass(frozen=True, slots=True)
class Value:
    """What hours are worth in one currency, in its minor units."""

    currency: str
    minor_units: int
    unvalued_seconds: int

    def as_json(self) -> dict[str, object]:
        """As in the API."""
        return {
            "currency": self.currency,
            "minor_units": self.minor_units,
            "unvalued_seconds": self.unvalued_seconds,
        }


@dataclass(frozen=True, slots=True)
class Valued:
    """By which rates hours were valued, and what all of them are worth."""

    rates: str
    used: tuple[Rate, ...]
    """Those by which something was valued."""
    classes: tuple[str, ...]
    total: tuple[Value, ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "rates": self.rates,
            "rates_used": [
                {
                    "currency": rate.currency,
                    "minor_units_per_hour": rate.minor_units_per_hour,
                    "from_date": rate.from_date,
                    "until_date": rate.until_date,
                    "source": rate.source,
                }
                for rate in self.used
            ],
            "value_classes": list(self.classes),
            "total_values": [one.as_json() for one in self.total],
        }


@dataclass(frozen=True, slots=True)
class Sum:
    """One group's exact seconds and its hours as the publisher of LEEDS 2023 rounds them."""

    key: str
    seconds: int
    hours_rounded: int
    values: tuple[Value, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For programs."""
        told: dict[str, object] = {"key": self.key, "seconds": self.seconds, "hours_rounded": self.hours_rounded}
        return {**told, "values": [one.as_json() for one in self.values]} if self.values else told


@dataclass(frozen=True, slots=True)
class Report:
    """One measure of the answer."""

    groups: tuple[Sum, ...]
    total_seconds: int
    total_hours_rounded: int
    """The sum of the groups' rounded hours, not the rounded total."""
    positions: tuple[Position, ...]
    recorded_through: Timestamp
    valued: Valued | None = None
    """None where no rates were asked for."""
    closing_date: str = ""
    """Of the ages and of the rates; empty where there are neither."""

    def as_json(self) -> dict[str, object]:
        """For programs; whole seconds, nothing rounded but what says so."""
        return {
            "groups": [one.as_json() for one in self.groups],
            "total_seconds": self.total_seconds,
            "total_hours_rounded": self.total_hours_rounded,
            "positions": positions_json(self.positions),
            "recorded_through": time_text(self.recorded_through),
            **({"closing_date": self.closing_date} if self.closing_date else {}),
            **({} if self.valued is None else self.valued.as_json()),
        }


def report_of(answer: hours.SummarizeHoursResponse, measure: str, by: Dimension = Dimension.EVENT_TYPE) -> Report:
    """One class of the answer, or `recorded`, group by group. Groups with no such second and no value are left out."""
    # Ages stand in their own order, not in that of letters.
    told = answer.groups if by is Dimension.AGE_BAND else sorted(answer.groups, key=lambda group: group.key)
    sums = (_sum(group, measure) for group in told)
    groups = tuple(one for one in sums if one.seconds or any(value.minor_units for value in one.values))
    return Report(
        groups=groups,
        total_seconds=seconds_of(answer.total, measure),
        total_hours_rounded=total_hours_rounded(one.seconds for one in groups),
        positions=tuple(answer.positions),
        recorded_through=answer.recorded_through,
        valued=_valued(answer) if answer.rates else None,
        closing_date=answer.closing_date,
    )


def _sum(group: hours.HoursGroup, measure: str) -> Sum:
    seconds = seconds_of(group.seconds, measure)
    return Sum(group.key, seconds, hours_rounded(seconds), _values(group.values))


def _values(values: Iterable[hours.HoursValue]) -> tuple[Value, ...]:
    return tuple(Value(one.currency, one.minor_units, one.unvalued_seconds) for one in values)


def _valued(answer: hours.SummarizeHoursResponse) -> Valued:
    classes = (EvidenceClass.Name(one).removeprefix("EVIDENCE_CLASS_").lower() for one in answer.value_classes)
    return Valued(answer.rates, tuple(answer.rates_used), tuple(classes), _values(answer.total_values))
