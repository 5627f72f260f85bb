"""Many verified, or recorded one by one, within half an hour of the night, of several shifts, by one actor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ledger.anomalies.facts import Night
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds


def night_bursts(nights: Sequence[Night], thresholds: Thresholds) -> Iterator[Finding]:
    """One finding an actor and night. A list that is recorded in one go is no burst: nobody sat there."""
    of_night: dict[tuple[str, str], list[Night]] = {}
    for one in nights:
        if one.act == "verified" or one.moments >= thresholds.night_moments_min:
            of_night.setdefault((one.actor, one.night), []).append(one)
    for (actor, night), each in of_night.items():
        fullest = max(each, key=lambda one: (one.count, one.events))
        yield Finding(
            kind="night_burst",
            rule=f"night_burst_{fullest.act}",
            subjects=(actor,),
            organizations=in_order(name for one in each for name in one.organizations),
            figures={"attendances_in_half_an_hour": fullest.count, "shifts": fullest.shifts},
            events=first_events(code for one in each for code in one.events),
            event_count=sum(one.count for one in each),
            seconds=sum(one.seconds for one in each),
            on=date.fromisoformat(night),
        )
