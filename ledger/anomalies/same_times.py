"""The same times again and again, where the shifts say others: a person's, or a habit of whoever records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.anomalies.facts import SameTimes
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds


def same_times(facts: Sequence[SameTimes], thresholds: Thresholds) -> Iterator[Finding]:
    """One finding a person or recorder and organisation, with the times that come most often."""
    of_subjects: dict[tuple[str, str], list[SameTimes]] = {}
    for fact in facts:
        if fact.holder and fact.distinct < thresholds.identical_days_min:
            continue
        of_subjects.setdefault((fact.organization, fact.holder or fact.recorder), []).append(fact)
    for subjects, each in of_subjects.items():
        most = max(each, key=lambda one: (one.count, one.events))
        yield Finding(
            kind="identical_times",
            rule="identical_times_person" if most.holder else "identical_times_habit",
            subjects=in_order(subjects),
            organizations=(most.organization,),
            figures={
                "attendances": most.count,
                "days_or_shifts": most.distinct,
                "minute_of_day_utc": most.minute,
                "length_seconds": most.length_seconds,
            },
            events=first_events(code for one in each for code in one.events),
            event_count=sum(one.count for one in each),
            seconds=sum(one.seconds for one in each),
        )
