"""HoursService: what the projections know of hours, by name or by identity document."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.identities import holders_of
from ledger.domain.refusals import Reason, refuse
from ledger.grpc.interceptor import Call
from ledger.grpc.personal_details import PersonalDetails
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.projections.hours_questions import HoursQuestions
from volunteer_hours.v1 import hours_service_pb2 as pb


class HoursService:
    """Reads hours. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(
        self,
        questions: HoursQuestions,
        personal_details: PersonalDetails,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
    ) -> None:
        self._questions = questions
        self._personal_details = personal_details
        self._event_pool = event_pool

    async def GetBalance(self, request: pb.GetBalanceRequest, call: Call) -> pb.Balance:
        return await self._questions.get_balance(request, call.seconds_left)

    async def BatchGetBalances(self, request: pb.BatchGetBalancesRequest, call: Call) -> pb.BatchGetBalancesResponse:
        if bool(request.names) == bool(request.identities):
            text = "give names or identities, one of the two"
            raise InvalidRequest([FieldViolation("names", text, "batch_get_balances.holders")])
        holders = list(request.names) if request.names else await self._holders(request, call)
        return await self._questions.batch_get_balances(request, holders, call.seconds_left)

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
        return await self._questions.list_entries(request, call.seconds_left)

    async def SummarizeHours(self, request: pb.SummarizeHoursRequest, call: Call) -> pb.SummarizeHoursResponse:
        return await self._questions.summarize_hours(request, call.seconds_left)
