"""What should a human look at, of the present? Facts from the database, rules over them, and who has looked before.

One question is answered at a time in a process, and few wait: each reads the whole journal once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ledger.anomalies.detect import KINDS, findings
from ledger.anomalies.thresholds import DEFAULTS, Thresholds
from ledger.anomalies.travel import Cities
from ledger.domain.anomaly import AnomalyKind
from ledger.domain.refusals import Reason, refuse
from ledger.projections.anomaly_facts import read_events, read_facts
from ledger.projections.anomaly_messages import (
    KIND_NUMBERS,
    Named,
    Review,
    anomaly_message,
    figure_messages,
    named,
)
from ledger.projections.as_of import view
from ledger.projections.basis import Ground, KnownHorizon, ReadPool
from ledger.projections.snapshot import ReadConnection
from ledger.projections.sums import period_dates
from ledger.search.concepts import catalogue
from volunteer_hours.v1 import anomalies_pb2 as pb

SHOWN_MAX: Final = 200
"""Of one kind in one answer."""
QUESTIONS_MAX: Final = 4
"""Asked at once, the one that is answered and those that wait."""

_REVIEWS: Final = """
    select anomaly, outcome, reason, reviewed_by, reviewed_at, evidence_events, evidence_seconds, partition, position
    from anomaly_reviews where anomaly = any(%(names)b::text[])
"""


class AnomalyQuestions:
    """Reads the read database. Safe to share between calls."""

    def __init__(
        self,
        pool: ReadPool,
        partitions: int,
        horizon: KnownHorizon | None = None,
        *,
        thresholds: Thresholds = DEFAULTS,
    ) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._thresholds = thresholds
        self._cities: Cities = {
            key: (city.latitude_degrees, city.longitude_degrees) for key, city in catalogue().cities.items()
        }
        self._turn = asyncio.Lock()
        self._asking = 0

    async def page(self, request: pb.ListAnomaliesRequest, seconds_left: float | None) -> pb.ListAnomaliesResponse:
        """What is found at the newest positions, not older than those the request names.

        Refuses DATE_INVALID, DATES_REVERSED, POSITION_UNKNOWN, and SERVER_BUSY while several such questions wait.
        Raises NotYetApplied when the positions are not reached in `seconds_left`.
        """
        if self._asking >= QUESTIONS_MAX:
            refuse(Reason.SERVER_BUSY)
        self._asking += 1
        try:
            # Who asks about what is not there yet waits here, and keeps nobody from a turn.
            async with view(self._pool, self._ground, request.positions, None, seconds_left):
                pass
            async with self._turn:
                return await self._page(request, seconds_left)
        finally:
            self._asking -= 1

    async def _page(self, request: pb.ListAnomaliesRequest, seconds_left: float | None) -> pb.ListAnomaliesResponse:
        first, last = period_dates(request.period)
        start_date = first if request.period.start_date else None
        end_date = last if request.period.end_date else None
        changed = self._thresholds.changed_per_mille
        async with view(self._pool, self._ground, request.positions, None, seconds_left) as seen:
            facts, cut = await read_facts(seen.connection, self._thresholds, start_date, end_date)
            found = await asyncio.to_thread(findings, facts, self._cities, self._thresholds)
            every = await _reviewed(seen.connection, [named(one, start_date, end_date) for one in found])
            wanted = [one for one in every if _is_wanted(one, request, changed)]
            shown = _first_of_each_kind(wanted)
            events = await read_events(seen.connection, [code for one in shown for code in one.finding.events])
        return pb.ListAnomaliesResponse(
            anomalies=[anomaly_message(one, events, changed) for one in shown],
            counts=_counts(wanted, shown),
            thresholds=figure_messages(self._thresholds.figures()),
            cut_facts=cut,
            positions=seen.basis.position_messages(),
            recorded_through=seen.basis.recorded_through_message(),
        )


async def _reviewed(connection: ReadConnection, every: Sequence[Named]) -> list[Named]:
    """The same with the newest reviews."""
    cursor = await connection.execute(_REVIEWS, {"names": [one.name for one in every]}, binary=True)
    reviews = {row[0]: Review(*row) for row in await cursor.fetchall()}
    return [one._replace(review=reviews.get(one.name)) for one in every]


def _is_wanted(one: Named, request: pb.ListAnomaliesRequest, changed_per_mille: int) -> bool:
    if request.kinds and KIND_NUMBERS[one.finding.kind] not in request.kinds:
        return False
    if request.organization and request.organization not in one.finding.organizations:
        return False
    return not request.unreviewed or one.state(changed_per_mille) != pb.ANOMALY_STATE_REVIEWED


def _first_of_each_kind(wanted: Iterable[Named]) -> list[Named]:
    shown: list[Named] = []
    counted: Counter[AnomalyKind] = Counter()
    for one in wanted:
        counted[one.finding.kind] += 1
        if counted[one.finding.kind] <= SHOWN_MAX:
            shown.append(one)
    return shown


def _counts(wanted: Iterable[Named], shown: Iterable[Named]) -> list[pb.AnomalyCount]:
    found, there = (Counter(one.finding.kind for one in some) for some in (wanted, shown))
    return [
        pb.AnomalyCount(kind=KIND_NUMBERS[kind], found_count=found[kind], left_out_count=found[kind] - there[kind])
        for kind in KINDS
        if found[kind]
    ]
