"""A report of hours: one question to the service, shaped for people and programs. Pure but for the question itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands.printing import positions_json, seconds_of, time_text
from ledger.importing.published_totals import PublishedTotal, hours_rounded, reproduces, total_hours_rounded
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.values_pb2 import Period

Ask: TypeAlias = Callable[[hours.SummarizeHoursRequest], hours.SummarizeHoursResponse]
"""The service's SummarizeHours, with the caller's metadata."""


class Dimension(StrEnum):
    """What the sums of a report are grouped by."""

    EVENT_TYPE = "event-type"
    ORGANIZATION = "organization"
    OPPORTUNITY = "opportunity"
    SECTOR = "sector"
    MONTH = "month"


_DIMENSIONS: Final[Mapping[Dimension, hours.SummaryDimension.ValueType]] = {
    Dimension.EVENT_TYPE: hours.SUMMARY_DIMENSION_EVENT_TYPE,
    Dimension.ORGANIZATION: hours.SUMMARY_DIMENSION_ORGANIZATION,
    Dimension.OPPORTUNITY: hours.SUMMARY_DIMENSION_OPPORTUNITY,
    Dimension.SECTOR: hours.SUMMARY_DIMENSION_SECTOR,
    Dimension.MONTH: hours.SUMMARY_DIMENSION_MONTH,
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

    def request(self) -> hours.SummarizeHoursRequest:
        """The question as a request of the API."""
        return hours.SummarizeHoursRequest(
            group_by=_DIMENSIONS[self.by],
            period=self.period,
            organization=self.organization,
            opportunity=self.opportunity,
            as_of=self.as_of,
            positions=self.positions,
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """One group's exact seconds and its hours as the publisher of LEEDS 2023 rounds them."""

    key: str
    seconds: int
    hours_rounded: int


@dataclass(frozen=True, slots=True)
class Report:
    """One measure of the answer."""

    groups: tuple[Sum, ...]
    total_seconds: int
    total_hours_rounded: int
    """The sum of the groups' rounded hours, not the rounded total."""
    positions: tuple[Position, ...]
    recorded_through: Timestamp

    def as_json(self) -> dict[str, object]:
        """For programs; whole seconds, nothing rounded but what says so."""
        return {
            "groups": [
                {"key": one.key, "seconds": one.seconds, "hours_rounded": one.hours_rounded} for one in self.groups
            ],
            "total_seconds": self.total_seconds,
            "total_hours_rounded": self.total_hours_rounded,
            "positions": positions_json(self.positions),
            "recorded_through": time_text(self.recorded_through),
        }


def report_of(answer: hours.SummarizeHoursResponse, measure: str) -> Report:
    """One class of the answer, or `recorded`, group by group. Groups without any such second are left out."""
    sums = ((group.key, seconds_of(group.seconds, measure)) for group in answer.groups)
    groups = tuple(Sum(key, seconds, hours_rounded(seconds)) for key, seconds in sorted(sums) if seconds)
    return Report(
        groups=groups,
        total_seconds=seconds_of(answer.total, measure),
        total_hours_rounded=total_hours_rounded(one.seconds for one in groups),
        positions=tuple(answer.positions),
        recorded_through=answer.recorded_through,
    )


@dataclass(frozen=True, slots=True)
class Reproduction:
    """One published total beside what the ledger says of the same moment."""

    published: PublishedTotal
    seconds_by_event_type: Mapping[str, int]

    @property
    def holds(self) -> bool:
        """Whether the total and every sum by type round to what was published."""
        return reproduces(self.published, self.seconds_by_event_type)


def reproduce(
    ask: Ask, published: Sequence[PublishedTotal], question: Question, told: Callable[[int], None] = lambda _: None
) -> list[Reproduction]:
    """Ask for the recorded hours as of each published moment, on the source's clock; `told` counts the answers."""
    done = []
    for row in published:
        moment = Timestamp()
        moment.FromDatetime(row.published_at)
        asked = Question(
            organization=question.organization, positions=question.positions, as_of=AsOf(source_time=moment)
        )
        report = report_of(ask(asked.request()), "recorded")
        done.append(Reproduction(row, {one.key: one.seconds for one in report.groups}))
        told(1)
    return done
