"""Published totals beside what the ledger says of the same moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.commands.hours_report import Ask, Question, report_of
from ledger.importing.published_totals import PublishedTotal, reproduces
from volunteer_hours.v1.positions_pb2 import AsOf


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
