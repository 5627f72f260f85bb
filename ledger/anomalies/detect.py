"""All rules over all facts: what a human should look at, in a fixed order."""

from __future__ import annotations

from itertools import chain
from typing import get_args

from ledger.anomalies.circles import circles
from ledger.anomalies.facts import Facts
from ledger.anomalies.finding import Finding
from ledger.anomalies.ghosts import ghosts
from ledger.anomalies.inflation import inflation
from ledger.anomalies.nights import night_bursts
from ledger.anomalies.organizations import outlying
from ledger.anomalies.same_times import same_times
from ledger.anomalies.thresholds import Thresholds
from ledger.anomalies.travel import Cities, impossible_travel
from ledger.anomalies.verifiers import approvals, shares, speeds
from ledger.domain.anomaly import AnomalyKind

KINDS: tuple[AnomalyKind, ...] = get_args(AnomalyKind)


def findings(facts: Facts, cities: Cities, thresholds: Thresholds) -> list[Finding]:
    """Kind by kind, most events first, then by subjects."""
    found = chain(
        circles(facts.pairs, thresholds),
        shares(facts.verifiers, thresholds),
        speeds(facts.verifiers, facts.minutes, thresholds),
        approvals(facts.verifiers, thresholds),
        outlying(facts.organizations, thresholds),
        same_times(facts.same_times, thresholds),
        impossible_travel(facts.legs, cities, thresholds),
        night_bursts(facts.nights, thresholds),
        inflation(facts.longs, thresholds),
        ghosts(facts.unseen, thresholds),
    )
    return sorted(found, key=lambda one: (KINDS.index(one.kind), -one.event_count, one.subjects, str(one.on)))
