"""OpportunitySearchService: opportunities by words and filters, or for a person."""

from __future__ import annotations

from ledger.grpc.interceptor import Call
from ledger.projections.match_questions import MatchQuestions
from ledger.projections.search_questions import SearchQuestions
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb


class OpportunitySearchService:
    """Finds. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(self, search: SearchQuestions, matches: MatchQuestions) -> None:
        self._search = search
        self._matches = matches

    async def SearchOpportunities(
        self, request: pb.SearchOpportunitiesRequest, call: Call
    ) -> pb.SearchOpportunitiesResponse:
        return await self._search.search(request, call.seconds_left)

    async def MatchOpportunities(
        self, request: pb.MatchOpportunitiesRequest, call: Call
    ) -> pb.MatchOpportunitiesResponse:
        return await self._matches.match(request, call.seconds_left)
