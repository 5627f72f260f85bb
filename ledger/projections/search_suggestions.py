"""What to ask instead when nothing is found: without one part of the filter, other words, or a sector that has some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from google.protobuf.field_mask_pb2 import FieldMask

from ledger.projections.search_messages import LANGUAGES
from ledger.projections.search_sets import KeySets
from ledger.search.concepts import catalogue
from ledger.search.question import Question
from ledger.search.sets import size, unpacked
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1.opportunity_search_service_pb2 import OpportunityFilter

Counted: TypeAlias = Callable[[OpportunityFilter], Awaitable[int]]
SUGGESTIONS_MAX: Final = 3
"""Of each kind."""
_FIELDS_MAX: Final = 5
_LETTERS_SHARED: Final = 3
_LAST_SIGN: Final = "\U0010ffff"

_BEGINNING: Final = """
    select word, sum(uses)::bigint as uses from (
        select word, uses from search_words where word >= %(first)b and word < %(last)b limit 500
    ) near group by word order by uses desc, word limit %(rows)b
"""
_SECTORS: Final = """
    select key, partition, chunk, numbers from search_keys where key >= '=sector:' and key < '=sector;' limit 5000
"""


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Makes suggestions for a question that found nothing."""

    sets: KeySets
    count: Counted
    """How many the question finds with this filter."""
    count_all: Counted
    """How many there are with this filter, whatever the words."""

    async def told(self, question: Question, request: pb.SearchOpportunitiesRequest) -> list[pb.Suggestion]:
        """The suggestions, the most helpful first."""
        return [
            *await self._without_filter(request.filter),
            *await self._other_words(question),
            *await self._sectors(request),
        ]

    async def _without_filter(self, asked: OpportunityFilter) -> list[pb.Suggestion]:
        told: list[pb.Suggestion] = []
        fields = [field for field, _ in asked.ListFields()]
        for left in fields[:_FIELDS_MAX]:
            less = OpportunityFilter()
            FieldMask(paths=[field.name for field in fields if field is not left]).MergeMessage(asked, less)
            if count := await self.count(less):
                kind = pb.SUGGESTION_KIND_WITHOUT_FILTER
                told.append(pb.Suggestion(kind=kind, text=left.name, count=count))
        return sorted(told, key=lambda one: -one.count)[:SUGGESTIONS_MAX]

    async def _other_words(self, question: Question) -> list[pb.Suggestion]:
        told: list[pb.Suggestion] = []
        for word in question.words:
            if len(word) > _LETTERS_SHARED and len(told) < SUGGESTIONS_MAX:
                first = word[:_LETTERS_SHARED]
                asked = {"first": first, "last": first + _LAST_SIGN, "rows": SUGGESTIONS_MAX}
                rows = await self.sets.connection.execute(_BEGINNING, asked, binary=True)
                told += [
                    pb.Suggestion(kind=pb.SUGGESTION_KIND_WORDS, text=found, count=uses)
                    for found, uses in await rows.fetchall()
                    if found != word
                ]
        return told[:SUGGESTIONS_MAX]

    async def _sectors(self, request: pb.SearchOpportunitiesRequest) -> list[pb.Suggestion]:
        sizes: dict[str, int] = {}
        for key, partition, chunk, numbers in await (await self.sets.connection.execute(_SECTORS)).fetchall():
            sector = key.removeprefix("=sector:")
            sizes[sector] = sizes.get(sector, 0) + size({(partition, chunk): unpacked(numbers)})
        told: list[pb.Suggestion] = []
        for sector in sorted(sizes, key=lambda one: (-sizes[one], one))[: SUGGESTIONS_MAX * 2]:
            if len(told) < SUGGESTIONS_MAX and (count := await self.count_all(OpportunityFilter(sectors=[sector]))):
                label = catalogue().label(sector, LANGUAGES[request.language])
                told.append(pb.Suggestion(kind=pb.SUGGESTION_KIND_SECTOR, text=label, value=sector, count=count))
        return told
