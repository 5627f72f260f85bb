"""What did volunteering do in a period? One report, all of it at one moment of the read database."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.impact.periods import Span, before
from ledger.impact.suppression import PERSONS_MIN
from ledger.projections.age_questions import QUESTIONS_MAX
from ledger.projections.as_of import View, view
from ledger.projections.basis import Ground, ReadPool
from ledger.projections.impact_people import fill_people
from ledger.projections.impact_persons import Details, person_sums
from ledger.projections.impact_restatements import fill_restatements
from ledger.projections.impact_shifts import fill_shifts
from ledger.projections.impact_tables import Sums, need_same_totals, show_table, sums_by_all
from ledger.projections.rate_versions import RateTable, rates_in_force
from ledger.projections.sums import evidence_seconds, period_dates
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf
from volunteer_hours.v1.values_pb2 import Period

KEPT_MAX: Final = 64
"""Reports kept: at its positions one never changes."""
KEPT_SECONDS: Final = 60.0
"""So long a report about now answers whoever does not ask for later positions: it says at which it was made."""


class _Kept(NamedTuple):
    report: pb.ImpactReport
    made_at: float
    """time.monotonic()"""


class ImpactQuestions:
    """Answers about impact. Safe to share between calls."""

    def __init__(self, pool: ReadPool, ground: Ground, details: Details) -> None:
        self._pool = pool
        self._ground = ground
        self._details = details
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._making: dict[bytes, asyncio.Lock] = {}
        self._turn = asyncio.Lock()
        self._asking = 0

    async def report(self, request: pb.GetImpactReportRequest, seconds_left: float | None = None) -> pb.ImpactReport:
        """A report. Both dates of its period are there.

        Refuses DATE_INVALID, DATES_REVERSED, RATES_UNKNOWN, VALUE_TOO_LARGE, POSITION_UNKNOWN, NOT_YET_KNOWN and, with
        tables of persons, PERSONS_TOO_MANY and SERVER_BUSY. Raises NotYetApplied.
        """
        period = Span(*period_dates(request.period))
        as_of = request.as_of if request.HasField("as_of") else None
        if not request.person_tables:
            return await self._kept_or_made(request, period, as_of, seconds_left)
        if self._asking >= QUESTIONS_MAX:
            refuse(Reason.SERVER_BUSY)
        self._asking += 1
        try:
            async with self._turn, view(self._pool, self._ground, request.positions, as_of, seconds_left) as seen:
                return await self._made(seen, request, period)  # never kept: an erasure may come
        finally:
            self._asking -= 1

    async def _kept_or_made(
        self, request: pb.GetImpactReportRequest, period: Span, as_of: AsOf | None, seconds_left: float | None
    ) -> pb.ImpactReport:
        """Who asks the same while one is made waits for it: many who ask cost what one does."""
        question = pb.GetImpactReportRequest()
        question.CopyFrom(request)
        question.ClearField("positions")
        key = question.SerializeToString(deterministic=True)
        wanted = self._ground.wanted(request.positions)
        if (known := self._known(key, wanted, as_of)) is not None:
            return known
        async with self._making.setdefault(key, asyncio.Lock()):
            if (known := self._known(key, wanted, as_of)) is None:
                async with view(self._pool, self._ground, request.positions, as_of, seconds_left) as seen:
                    known = await self._made(seen, request, period)
                self._kept[key] = _Kept(known, time.monotonic())
                self._kept.move_to_end(key)
                self._forget()
        return known

    def _known(self, key: bytes, wanted: Mapping[int, int], as_of: AsOf | None) -> pb.ImpactReport | None:
        """One that is kept, late enough for the positions wanted and, if it is about now, not older than it may be."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if as_of is not None and as_of.HasField("positions"):
            return kept.report
        # At later positions more may be known of a source time, too. What a record time names never changes.
        changes = as_of is None or as_of.HasField("source_time")
        reached = {one.partition: one.position for one in kept.report.positions}
        if changes and time.monotonic() - kept.made_at > KEPT_SECONDS:
            return None
        if any(reached.get(partition, 0) < position for partition, position in wanted.items()):
            return None
        self._kept.move_to_end(key)
        return kept.report

    def _forget(self) -> None:
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        if len(self._making) > 2 * KEPT_MAX:
            self._making = {key: lock for key, lock in self._making.items() if lock.locked()}

    async def _made(self, seen: View, request: pb.GetImpactReportRequest, period: Span) -> pb.ImpactReport:
        persons_min = request.persons_min or PERSONS_MIN
        rates: RateTable | None = None
        if request.rates:
            rates = await rates_in_force(seen.connection, request.rates, seen.basis.positions, period.last)
        tables = await sums_by_all(seen, period, rates)
        if request.person_tables:
            tables += await person_sums(seen, self._details, period, rates)
        entry_count, *seconds = need_same_totals(tables)
        earlier = before(period)
        report = pb.ImpactReport(
            period=_message(period),
            period_before=None if earlier is None else _message(earlier),
            total=evidence_seconds(seconds),
            entry_count=entry_count,
            persons_min=persons_min,
            tables=[show_table(table, persons_min) for table in tables],
            closing_date=period.last.isoformat(),
            as_of=request.as_of if request.HasField("as_of") else None,
        )
        _fill_values(report, tables)
        as_of = request.as_of if request.HasField("as_of") else None
        await fill_people(seen, report, period, earlier, persons_min)
        await fill_shifts(seen, report, period, as_of, persons_min)
        if seen.known_until is None:
            await fill_restatements(seen, report, period)
        _set_basis(report, seen)
        return report


def _fill_values(report: pb.ImpactReport, tables: list[Sums]) -> None:
    """The total's worth, which is the same of every table. Raises InvariantBroken where two differ."""
    valued = [table.valuation for table in tables if table.valuation is not None]
    if not valued:
        return
    totals = [one.values([[row[0]] for row in table.rows])[1] for one, table in zip(valued, tables, strict=True)]
    if any(total != totals[0] for total in totals):
        raise InvariantBroken("two tables of one report are worth different sums")
    report.rates = valued[0].version
    report.rates_used.extend(valued[0].rates_used())
    report.total_values.extend(totals[0])


def _set_basis(report: pb.ImpactReport, seen: View) -> None:
    report.positions.extend(seen.basis.position_messages())
    through = seen.basis.recorded_through_message()
    if through is not None:
        report.recorded_through.CopyFrom(through)


def _message(period: Span) -> Period:
    return Period(start_date=period.first.isoformat(), end_date=period.last.isoformat())
