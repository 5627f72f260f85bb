"""HoursService: what the projections know of hours, by name or by identity document."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.identities import holders_of
from ledger.domain.refusals import Reason, refuse
from ledger.grpc.interceptor import Call
from ledger.grpc.personal_details import PersonalDetails
from ledger.grpc.signed_answers import SignedAnswers
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.log_serving.event_leaves import fill_leaf_hashes
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.page_token import positions_of_token
from volunteer_hours.v1 import hours_service_pb2 as pb


class HoursService:
    """Reads hours. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(
        self,
        questions: HoursQuestions,
        personal_details: PersonalDetails,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
        signed_answers: SignedAnswers,
    ) -> None:
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
        if bool(request.names) == bool(request.identities):
            text = "give names or identities, one of the two"
            raise InvalidRequest([FieldViolation("names", text, "batch_get_balances.holders")])
        if request.proof and request.identities:
            text = "give names with proof: an answer is kept for decades, and no identity number may stand in it"
            raise InvalidRequest([FieldViolation("identities", text, "signed_answer.identities")])
        holders = list(request.names) if request.names else await self._holders(request, call)

        def ask(question: pb.BatchGetBalancesRequest) -> Awaitable[pb.BatchGetBalancesResponse]:
            return self._questions.batch_get_balances(question, holders, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)

    async def _holders(self, request: pb.BatchGetBalancesRequest, call: Call) -> list[str]:
        """Who holds the documents, in their order: all or nothing. Who asks by document must say who they are."""
        call.require_actor()
        keys = [self._personal_details.identity_key(identity) for identity in request.identities]
        holders: list[str] = []
        for index, holder in enumerate(await holders_of(self._event_pool, keys)):
            if holder is None:
                refuse(Reason.NOT_FOUND, name=f"identities[{index}]")
            holders.append(holder)
        return holders

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
        def ask(question: pb.SummarizeHoursRequest) -> Awaitable[pb.SummarizeHoursResponse]:
            return self._questions.summarize_hours(question, call.seconds_left)

        if not request.proof:
            return await ask(request)
        return await self._signed.answer(call.method, request, call.seconds_left, ask)
