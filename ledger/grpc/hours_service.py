"""HoursService: what the projections know of hours, by name or by identity document."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.erasures import ErasureRecords
from ledger.access.identities import holders_of
from ledger.access.past_birth_dates import PastBirthDates
from ledger.corrected_events import fill_corrected
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.grpc.interceptor import Call
from ledger.grpc.personal_details import PersonalDetails
from ledger.grpc.signed_answers import SignedAnswers
from ledger.grpc.status import FieldViolation, InvalidRequest, status_of
from ledger.log_serving.event_leaves import fill_leaf_hashes
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.page_token import positions_of_token
from ledger.projections.requirement_questions import Checked
from ledger.projections.watching import LOOK_AT_RULES_SECONDS, Watchers
from volunteer_hours.v1 import bulk_reading_pb2 as bulk_pb
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.reporting_service_pb2 import ClosedPeriod
from volunteer_hours.v1.values_pb2 import Identity


class HoursService:
    """Reads hours. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(
        self,
        questions: HoursQuestions,
        personal_details: PersonalDetails,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
        signed_answers: SignedAnswers,
        birth_dates: PastBirthDates,
        watchers: Watchers,
    ) -> None:
        self._birth_dates = birth_dates
        self._watchers = watchers
        self._erasures = ErasureRecords(event_pool)
        self._questions = questions
        self._personal_details = personal_details
        self._event_pool = event_pool
        self._signed = signed_answers

    async def GetBalance(self, request: pb.GetBalanceRequest, call: Call) -> pb.Balance:
        def ask(question: pb.GetBalanceRequest) -> Awaitable[pb.Balance]:
            return self._questions.get_balance(question, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def BatchGetBalances(self, request: pb.BatchGetBalancesRequest, call: Call) -> pb.BatchGetBalancesResponse:
        _need_names_or_identities(request, "batch_get_balances.holders")
        holders = list(request.names) if request.names else await self._holders(request)

        def ask(question: pb.BatchGetBalancesRequest) -> Awaitable[pb.BatchGetBalancesResponse]:
            return self._questions.batch_get_balances(question, holders, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def _holders(self, request: pb.BatchGetBalancesRequest) -> list[str]:
        """Who holds the documents, in their order: all or nothing."""
        holders: list[str] = []
        for index, holder in enumerate(await self._holders_of(request.identities)):
            if holder is None:
                refuse(Reason.NOT_FOUND, name=f"identities[{index}]")
            holders.append(holder)
        return holders

    async def _holders_of(self, identities: Sequence[Identity]) -> list[str | None]:
        """Who holds the documents, None for nobody."""
        keys = [self._personal_details.identity_key(identity) for identity in identities]
        return await holders_of(self._event_pool, keys)

    async def ListEntries(self, request: pb.ListEntriesRequest, call: Call) -> pb.ListEntriesResponse:
        async def ask(question: pb.ListEntriesRequest) -> pb.ListEntriesResponse:
            """A page, with what ties each entry to its event in the log."""
            page = await self._questions.list_entries(question, call.seconds_left)
            await fill_leaf_hashes(self._event_pool, page.entries)
            return page

        if not request.proof:
            return await ask(request)
        sizes = positions_of_token(request.page_token) if request.page_token else None
        return await self._signed.answer(call.method, request, call.seconds_left, ask, sizes)

    async def SummarizeHours(self, request: pb.SummarizeHoursRequest, call: Call) -> pb.SummarizeHoursResponse:
        _need_what_belongs_together(request)

        def ask(question: pb.SummarizeHoursRequest) -> Awaitable[pb.SummarizeHoursResponse]:
            if question.group_by == pb.SUMMARY_DIMENSION_AGE_BAND:
                return self._questions.summarize_by_age(question, self._birth_dates.at, call.seconds_left)
            return self._questions.summarize_hours(question, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def CheckRequirement(self, request: pb.CheckRequirementRequest, call: Call) -> pb.RequirementCheck:
        if bool(request.name) == request.HasField("identity"):
            text = "give a name or an identity, one of the two"
            raise InvalidRequest([FieldViolation("name", text, "check_requirement.holder")])
        if request.proof and not request.name:
            raise InvalidRequest([FieldViolation("identity", _NAMES_WITH_PROOF, "signed_answer.identities")])
        holder = request.name or (await self._holders_of([request.identity]))[0]
        if holder is None:
            refuse(Reason.NOT_FOUND, name="volunteer with this identity")

        def ask(question: pb.CheckRequirementRequest) -> Awaitable[pb.RequirementCheck]:
            return self._questions.check_requirement(question, holder, self._birth_dates.at, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def BatchCheckRequirements(
        self, request: pb.BatchCheckRequirementsRequest, call: Call
    ) -> pb.BatchCheckRequirementsResponse:
        _need_names_or_identities(request, "batch_check_requirements.holders")
        holders = list(request.names) or await self._holders_of(request.identities)
        known = [holder for holder in holders if holder is not None]

        async def ask(question: pb.BatchCheckRequirementsRequest) -> pb.BatchCheckRequirementsResponse:
            checked = await self._questions.batch_check_requirements(
                question, known, self._birth_dates.at, call.seconds_left
            )
            return _batch_response(holders, checked)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def ExplainBalance(self, request: pb.ExplainBalanceRequest, call: Call) -> pb.ExplainBalanceResponse:
        def ask(question: pb.ExplainBalanceRequest) -> Awaitable[pb.ExplainBalanceResponse]:
            return self._questions.explain_balance(question, call.seconds_left)

        if not request.proof:
            return await ask(request)
        sizes = positions_of_token(request.page_token) if request.page_token else None
        return await self._signed.answer(call.method, request, call.seconds_left, ask, sizes)

    async def WatchBalance(self, request: pb.WatchBalanceRequest, call: Call) -> AsyncGenerator[pb.Balance, None]:
        await self._erasures.refuse_erased(request.name)
        question = pb.GetBalanceRequest(name=request.name, positions=request.positions)
        first = await self._questions.get_balance(question, call.seconds_left)
        again = pb.GetBalanceRequest(name=request.name)
        watched = self._watchers.changes(
            first, lambda: self._questions.get_balance(again), _counted, may_watch=self._not_erased(request.name)
        )
        async with aclosing(watched) as told:
            async for balance in told:
                yield balance

    async def WatchRequirement(
        self, request: pb.WatchRequirementRequest, call: Call
    ) -> AsyncGenerator[pb.RequirementCheck, None]:
        await self._erasures.refuse_erased(request.name)
        question = pb.CheckRequirementRequest(
            name=request.name, requirement=request.requirement, date=request.date, positions=request.positions
        )
        first = await self._questions.check_requirement(question, request.name, self._birth_dates.at, call.seconds_left)
        question.ClearField("positions")

        def ask() -> Awaitable[pb.RequirementCheck]:
            return self._questions.check_requirement(question, request.name, self._birth_dates.at)

        watched = self._watchers.changes(
            first, ask, _decided, LOOK_AT_RULES_SECONDS, may_watch=self._not_erased(request.name)
        )
        async with aclosing(watched) as told:
            async for check in told:
                yield check

    def _not_erased(self, name: str) -> Callable[[], Awaitable[None]]:
        """Refuses VOLUNTEER_ERASED once somebody who is watched was erased."""
        return partial(self._erasures.refuse_erased, name)

    async def GetClosedPeriod(self, request: pb.GetClosedPeriodRequest, call: Call) -> ClosedPeriod:
        return await self._questions.get_closed_period(request, call.seconds_left)

    async def ListClosedPeriods(self, request: pb.ListClosedPeriodsRequest, call: Call) -> pb.ListClosedPeriodsResponse:
        return await self._questions.list_closed_periods(request, call.seconds_left)

    async def ListRestatements(self, request: pb.ListRestatementsRequest, call: Call) -> pb.ListRestatementsResponse:
        if request.as_of.HasField("source_time"):
            text = "give positions or a record time: a period is closed by the ledger's own clock"
            raise InvalidRequest([FieldViolation("as_of.source_time", text, "list_restatements.clock")])

        async def ask(question: pb.ListRestatementsRequest) -> pb.ListRestatementsResponse:
            """A page, with what each event of it corrects."""
            page = await self._questions.list_restatements(question, call.seconds_left)
            await fill_corrected(self._event_pool, page.restatements)
            return page

        if not request.proof:
            return await ask(request)
        sizes = positions_of_token(request.page_token) if request.page_token else None
        return await self._signed.answer(call.method, request, call.seconds_left, ask, sizes)

    async def StreamEntries(
        self, request: bulk_pb.StreamEntriesRequest, call: Call
    ) -> AsyncGenerator[bulk_pb.StreamEntriesResponse, None]:
        async with aclosing(self._questions.entry_pages.stream(request, call.seconds_left)) as pages:
            async for page in pages:
                yield page


_NAMES_WITH_PROOF: Final = (
    "give names with proof: an answer is kept for decades, and no identity number may stand in it"
)


def _counted(balance: pb.Balance) -> object:
    """What a watcher is told of when it changes."""
    together = balance.seconds_together.SerializeToString(deterministic=True)
    return balance.entry_count, balance.seconds.SerializeToString(deterministic=True), together, *balance.linked_names


def _decided(check: pb.RequirementCheck) -> object:
    """The same of a requirement."""
    level = (check.met, check.level, check.next_level)
    return check.requirement, level, check.counted_seconds, check.missing_seconds, check.period.end_date


def _need_names_or_identities(
    request: pb.BatchGetBalancesRequest | pb.BatchCheckRequirementsRequest, rule: str
) -> None:
    if bool(request.names) == bool(request.identities):
        raise InvalidRequest([FieldViolation("names", "give names or identities, one of the two", rule)])
    if request.proof and request.identities:
        raise InvalidRequest([FieldViolation("identities", _NAMES_WITH_PROOF, "signed_answer.identities")])


def _need_what_belongs_together(request: pb.SummarizeHoursRequest) -> None:
    starts = list(request.age_band_starts)
    if starts and request.group_by != pb.SUMMARY_DIMENSION_AGE_BAND:
        text = "only with group_by SUMMARY_DIMENSION_AGE_BAND"
        raise InvalidRequest([FieldViolation("age_band_starts", text, "summarize_hours.age_band_starts")])
    if starts != sorted(starts):
        text = "the lowest age of each band in ascending order"
        raise InvalidRequest([FieldViolation("age_band_starts", text, "summarize_hours.age_band_starts")])
    if request.value_classes and not request.rates:
        text = "name the rates by which these hours are valued"
        raise InvalidRequest([FieldViolation("rates", text, "summarize_hours.rates")])


def _batch_response(holders: Sequence[str | None], checked: Checked) -> pb.BatchCheckRequirementsResponse:
    """An outcome for each who was asked about, also for documents that nobody holds."""
    response = pb.BatchCheckRequirementsResponse(
        positions=checked.basis.position_messages(), recorded_through=checked.basis.recorded_through_message()
    )
    outcomes = iter(checked.outcomes)
    for index, holder in enumerate(holders):
        unknown = Refusal(Reason.NOT_FOUND, {"name": f"identities[{index}]"})
        outcome = unknown if holder is None else next(outcomes)
        if isinstance(outcome, Refusal):
            response.results.add(refusal=status_of(outcome))
        else:
            response.results.add(check=outcome)
    return response
