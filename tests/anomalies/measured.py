"""What the rules find in a planted history, through the statement over real rows: recall and false alarms."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.anomalies.detect import findings
from ledger.anomalies.finding import Finding
from ledger.anomalies.thresholds import DEFAULTS
from ledger.projections.anomaly_facts import read_facts
from ledger.projections.rebuild import forget_rows
from ledger.projections.snapshot import begun
from ledger.search.concepts import catalogue
from ledger.settings import Settings
from tests.anomalies.planted import History, Planted
from tests.system.synthetic_events import cut, projector, reader_pool

BATCH = 5_000


@dataclass
class Measured:
    """Over all seeds, by kind."""

    volunteers: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    small_planted: Counter[str] = field(default_factory=Counter)
    small_found: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    seeds: int = 0

    def add(self, history: History, found: Iterable[Finding]) -> None:
        """A fraud is found by a finding of its kind about all its names; a false alarm is about nobody's fraud."""
        told = list(found)
        suspects = frozenset().union(*(one.names for one in history.planted))
        self.seeds += 1
        self.volunteers += history.volunteers
        for one in history.planted:
            planted, seen = (self.small_planted, self.small_found) if one.small else (self.planted, self.found)
            planted[one.kind] += 1
            seen[one.kind] += any(_finds(finding, one) for finding in told)
        self.false.update(finding.kind for finding in told if not suspects.intersection(finding.subjects))

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.planted[kind]

    def false_per_thousand(self, kind: str) -> float:
        return 1000 * self.false[kind] / self.volunteers

    def lines(self) -> list[str]:
        """A table for people."""
        head = f"{self.seeds} seeds, {self.volunteers:,} volunteers in all"
        kinds = sorted(self.planted.keys() | self.false.keys())
        return [head] + [
            f"{kind:22} found {self.found[kind]:3} of {self.planted[kind]:3}, "
            f"small ones {self.small_found[kind]:3} of {self.small_planted[kind]:3}; "
            f"false alarms {self.false[kind]:4}, {self.false_per_thousand(kind):.3f} per 1,000 volunteers"
            for kind in kinds
        ]


def _finds(finding: Finding, planted: Planted) -> bool:
    return finding.kind == planted.kind and planted.names <= set(finding.subjects)


def project(settings: Settings, history: History) -> None:
    """The history's rows, and none else."""
    forget_rows(settings.projector_database)
    with projector(settings) as rows:
        for batch in cut(history.events, BATCH):
            rows.apply(0, batch, None)


def found_in(settings: Settings) -> list[Finding]:
    """All findings of the present rows."""
    return asyncio.run(_found_in(settings))


async def _found_in(settings: Settings) -> list[Finding]:
    cities = {key: (city.latitude_degrees, city.longitude_degrees) for key, city in catalogue().cities.items()}
    async with reader_pool(settings) as pool, begun(pool) as connection:
        facts, cut = await read_facts(connection, DEFAULTS, None, None)
        assert not cut
        return findings(facts, cities, DEFAULTS)
