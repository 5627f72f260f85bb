"""What HoursService asks: balances, entries, sums, requirements, reasons, closed periods, with their positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.projections.age_questions import PERSONS_MAX, AgeQuestions
from ledger.projections.balance_lookups import BalanceLookups
from ledger.projections.balance_questions import batch_get_balances, get_balance
from ledger.projections.basis import Ground, KnownHorizon, ReadPool
from ledger.projections.birth_dates import BirthDates
from ledger.projections.bulk_pages import BulkPages
from ledger.projections.closed_period_questions import ClosedPeriodQuestions, TotalsNow
from ledger.projections.entry_pages import EntryPages
from ledger.projections.entry_questions import list_entries
from ledger.projections.explanation_questions import explain_balance
from ledger.projections.requirement_lookups import RequirementLookups
from ledger.projections.requirement_questions import Checked, batch_check_requirements, check_requirement
from ledger.projections.restatement_questions import list_restatements
from ledger.projections.summary_questions import summarize_hours
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import reporting_service_pb2 as reporting_pb


class HoursQuestions:
    """Answers from the read database. Safe to share between calls.

    Every question may name `positions` it must not be older than: it raises NotYetApplied when they are not reached in
    `seconds_left` (None: no deadline), and refuses POSITION_UNKNOWN for a partition that is not there. Every question
    with an `as_of` refuses NOT_YET_KNOWN when that moment is not closed by then.
    """

    def __init__(
        self,
        pool: ReadPool,
        partitions: int,
        horizon: KnownHorizon | None = None,
        *,
        age_persons_max: int = PERSONS_MAX,
    ) -> None:
        """`horizon` tells how far the past is closed while nothing happens; without it, up to the last event.

        `age_persons_max`: how many birth dates one question about ages may open.
        """
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._lookups = BalanceLookups(pool, self._ground)
        self._requirements = RequirementLookups(pool, self._ground)
        self._ages = AgeQuestions(pool, self._ground, age_persons_max)
        self._closed_periods = ClosedPeriodQuestions(pool, self._ground)
        self.entry_pages: Final = EntryPages(BulkPages(pool, self._ground))

    async def get_balance(self, request: pb.GetBalanceRequest, seconds_left: float | None = None) -> pb.Balance:
        """A holder's seconds by evidence class. Refuses NOT_FOUND, DATE_INVALID, DATES_REVERSED."""
        return await get_balance(self._pool, self._ground, self._lookups, request, seconds_left)

    async def batch_get_balances(
        self, request: pb.BatchGetBalancesRequest, holders: Sequence[str], seconds_left: float | None = None
    ) -> pb.BatchGetBalancesResponse:
        """The balances of `holders`, in their order, at one moment. Refuses NOT_FOUND for all if one is unknown."""
        return await batch_get_balances(self._pool, self._ground, request, holders, seconds_left)

    async def list_entries(
        self, request: pb.ListEntriesRequest, seconds_left: float | None = None
    ) -> pb.ListEntriesResponse:
        """A holder's entries in order of position; all pages rest on the first one's positions.

        Refuses NOT_FOUND, DATE_INVALID, PAGE_TOKEN_INVALID.
        """
        return await list_entries(self._pool, self._ground, request, seconds_left)

    async def summarize_hours(
        self, request: pb.SummarizeHoursRequest, seconds_left: float | None = None
    ) -> pb.SummarizeHoursResponse:
        """Seconds of all holders by one dimension but age bands, and their value where the request names rates.

        Refuses DATE_INVALID, DATES_REVERSED, RATES_UNKNOWN, VALUE_TOO_LARGE.
        """
        return await summarize_hours(self._pool, self._ground, request, seconds_left)

    async def summarize_by_age(
        self, request: pb.SummarizeHoursRequest, birth_dates: BirthDates, seconds_left: float | None = None
    ) -> pb.SummarizeHoursResponse:
        """The same by age band; `request.age_band_starts` ascend.

        Refuses PERSONS_TOO_MANY as well, and SERVER_BUSY while several such questions wait already.
        """
        return await self._ages.summarize(request, birth_dates, seconds_left)

    async def check_requirement(
        self,
        request: pb.CheckRequirementRequest,
        holder: str,
        birth_dates: BirthDates,
        seconds_left: float | None = None,
    ) -> pb.RequirementCheck:
        """Whether `holder` meets a requirement.

        Refuses NOT_FOUND, DATE_INVALID, HIJRI_DATE_UNKNOWN, REQUIREMENT_UNKNOWN, AGE_UNKNOWN, NO_LEVEL_FOR_AGE, and
        INVALID_ARGUMENT without a date for somebody who has served nothing.
        """
        return await check_requirement(
            self._pool, self._ground, self._requirements, request, holder, birth_dates, seconds_left
        )

    async def batch_check_requirements(
        self,
        request: pb.BatchCheckRequirementsRequest,
        holders: Sequence[str],
        birth_dates: BirthDates,
        seconds_left: float | None = None,
    ) -> Checked:
        """The same for many, at one moment; what check_requirement refuses of one is the outcome of that one."""
        return await batch_check_requirements(
            self._pool, self._ground, self._requirements, request, holders, birth_dates, seconds_left
        )

    async def explain_balance(
        self, request: pb.ExplainBalanceRequest, seconds_left: float | None = None
    ) -> pb.ExplainBalanceResponse:
        """The events behind a balance by attendance; all pages rest on the first one's positions.

        Refuses NOT_FOUND, DATE_INVALID, PAGE_TOKEN_INVALID.
        """
        return await explain_balance(self._pool, self._ground, request, seconds_left)

    async def totals_to_close(
        self, request: reporting_pb.ClosePeriodRequest, seconds_left: float | None = None
    ) -> TotalsNow:
        """The sums a period is closed with, and their positions, one of each partition.

        Refuses DATE_INVALID, DATES_REVERSED.
        """
        return await self._closed_periods.totals_now(request, seconds_left)

    async def get_closed_period(
        self, request: pb.GetClosedPeriodRequest, seconds_left: float | None = None
    ) -> reporting_pb.ClosedPeriod:
        """What a period was closed with. Refuses NOT_FOUND."""
        return await self._closed_periods.get(request, seconds_left)

    async def list_closed_periods(
        self, request: pb.ListClosedPeriodsRequest, seconds_left: float | None = None
    ) -> pb.ListClosedPeriodsResponse:
        """All closed periods by name. Refuses PAGE_TOKEN_INVALID."""
        return await self._closed_periods.page(request, seconds_left)

    async def list_restatements(
        self, request: pb.ListRestatementsRequest, seconds_left: float | None = None
    ) -> pb.ListRestatementsResponse:
        """What moved in a closed period since; all pages rest on the first one's positions.

        What an event corrects stands in the event store alone and is not filled in.

        Refuses NOT_FOUND, PERIOD_NOT_CLOSED_THEN, PAGE_TOKEN_INVALID.
        """
        return await list_restatements(self._pool, self._ground, request, seconds_left)
