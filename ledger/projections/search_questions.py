"""What OpportunitySearchService asks: opportunities by words and filters, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections import search_token
from ledger.projections.basis import Ground, KnownHorizon, Patience, ReadPool
from ledger.projections.page_token import question_of
from ledger.projections.search_candidates import RANKED_MAX, Looked, look
from ledger.projections.search_filter import Narrowed, narrowed
from ledger.projections.search_messages import LANGUAGES, facets, results
from ledger.projections.search_sets import Beginning, KeySets, begin, newest_from, reads_newest_first, words_near
from ledger.projections.search_suggestions import Suggesting
from ledger.projections.search_token import SearchToken
from ledger.projections.snapshot import snapshot
from ledger.search import question as questions
from ledger.search.question import Group, Question
from ledger.search.ranking import RARENESS_MAX, Ranked, ranked, rareness_of
from ledger.search.sets import by_how_many, met, size
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1.opportunity_search_service_pb2 import OpportunityFilter
from volunteer_hours.v1.positions_pb2 import Position

ENOUGH: Final = 20
"""So many results with at least half of the words need no others behind them."""


@dataclass(slots=True)
class Reading:
    """How a question was read: the same on every page of its answer."""

    question: Question
    asked_at: datetime
    groups: list[Group] = field(default_factory=list)
    repairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dotless: bool = False
    rareness: tuple[int, ...] = ()
    words_min: int = 0

    def regroup(self, organizations: Mapping[str, Sequence[str]]) -> None:
        """The keys of each word, as it is read by now."""
        self.groups = questions.groups_of(
            self.question, dotless=self.dotless, repairs=self.repairs, organizations=organizations
        )

    def keys(self) -> list[str]:
        """All that its words may meet."""
        return [one.key for group in self.groups for one in group.keys] + self.question.pairs


class SearchQuestions:
    """Answers from the read database. Safe to share between calls.

    Like every question it may name `positions` that it must not be older than, raises NotYetApplied when they are not
    reached in `seconds_left`, and refuses POSITION_UNKNOWN, PAGE_TOKEN_INVALID, DATE_INVALID.
    """

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._newest_from = 0
        """Where the newest chunks began when somebody asked last."""

    async def search(
        self, request: pb.SearchOpportunitiesRequest, seconds_left: float | None = None
    ) -> pb.SearchOpportunitiesResponse:
        """A page of results, with counts; suggestions where nothing is found."""
        token = search_token.read(request, request.page_token)
        first_page = [] if token is None else [Position(partition=p, position=n) for p, n in token.positions.items()]
        wanted = self._ground.wanted((*request.positions, *first_page))
        asked, language = narrowed(request.filter), LANGUAGES[request.language]
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            question = questions.asked(request.query)
            keys = [*_first_keys(question), *(key for some in asked.any_of for key in some)]
            first = self._newest_from if reads_newest_first(question.words) else 0
            begun = await begin(found.connection, keys, question.words, token, first)
            sets, reading = begun.sets, await _read(begun, question, token, asked)
            self._newest_from = newest_from(sets.ends)
            looked = await _looked_for(sets, reading, asked)
            in_order = ranked(
                looked.candidates, reading.groups, reading.rareness, reading.question.pairs, sets.sets, reading.asked_at
            )
            page, more = search_token.page_of(in_order, token, request.page_size)
            answer = pb.SearchOpportunitiesResponse(
                results=await results(found.connection, page, language),
                facets=facets(looked.candidates, language),
                total=len(looked.candidates),
                more_than=not looked.whole,
                positions=found.basis.position_messages(),
            )
            if more:
                answer.next_page_token = _token(request, reading, sets.ends, found.basis.positions, page[-1])
            if not looked.candidates and token is None:
                answer.suggestions.extend(await _suggestions(sets, reading, request))
        return answer


def _first_keys(question: Question) -> list[str]:
    return [one.key for group in questions.groups_of(question) for one in group.keys] + question.pairs


async def _read(begun: Beginning, question: Question, token: SearchToken | None, asked: Narrowed) -> Reading:
    """Read the words as the first page did, or for the first time."""
    sets = begun.sets
    reading = Reading(question, search_token.now())
    if token is not None:
        _check(token, len(question.words))
        repairs = {word: near[: questions.REPAIRS_MAX] for word, near in token.repairs.items()}
        reading = Reading(question, token.asked_at, [], repairs, token.dotless, token.rareness, token.words_min)
    reading.regroup(begun.organizations)
    await sets.read(reading.keys())
    if not question.words or await _enough(sets, reading.groups, asked):
        reading.rareness = reading.rareness or _rareness(sets, reading.groups)
        return reading
    await sets.read_rest()
    if token is None:
        found = sets.found()
        unknown = [group.word for group in reading.groups if not questions.is_known(group, found)]
        reading.dotless = questions.reads_dotless(question, unknown)
        reading.repairs = await words_near(sets.connection, unknown)
        reading.regroup(begun.organizations)
        await sets.read(reading.keys())
        reading.rareness = _rareness(sets, reading.groups)
    return reading


async def _enough(sets: KeySets, groups: Sequence[Group], asked: Narrowed) -> bool:
    """Whether the newest chunks have more with all the words than can be ranked: then the others are not read."""
    left = await sets.base(asked)
    for group in groups:
        left = met(left, sets.of_group(group))
    return size(left) >= RANKED_MAX


def _rareness(sets: KeySets, groups: Sequence[Group]) -> tuple[int, ...]:
    whole = size(sets.everything())
    return tuple(rareness_of(size(sets.of_group(group)), whole) for group in groups)


def _check(token: SearchToken, words: int) -> None:
    """Refuse PAGE_TOKEN_INVALID for one that no first page of so many words has made."""
    rare = all(1 <= factor <= RARENESS_MAX for factor in token.rareness)
    if len(token.rareness) != words or not rare or not min(words, 1) <= token.words_min <= words:
        refuse(Reason.PAGE_TOKEN_INVALID)


async def _looked_for(sets: KeySets, reading: Reading, asked: Narrowed) -> Looked:
    """The candidates: with at least half of the words where these are enough, or else with any."""
    base = await sets.base(asked)
    if not reading.groups:
        return await look(sets, [base], asked, reading.asked_at, soonest=True)
    count = len(reading.groups)
    half = (count + 1) // 2
    levels = [met(level, base) for level in by_how_many(map(sets.of_group, reading.groups), count)]
    if not reading.words_min:
        # With few results even one word of many may be what was meant: it comes behind the others.
        enough = size(levels[half - 1]) >= ENOUGH
        reading.words_min = half if enough else 1
    return await look(sets, levels[reading.words_min - 1 :][::-1], asked, reading.asked_at, soonest=False)


def _token(
    request: pb.SearchOpportunitiesRequest,
    reading: Reading,
    ends: Mapping[int, int],
    positions: Mapping[int, int],
    last: Ranked,
) -> str:
    return search_token.written(
        SearchToken(
            question=question_of(request),
            asked_at=reading.asked_at,
            ends=dict(ends),
            positions=dict(positions),
            rareness=reading.rareness,
            repairs=reading.repairs,
            dotless=reading.dotless,
            words_min=reading.words_min,
            after_score=last.score,
            after_begins_at=last.candidate.begins_at,
            after_number=last.candidate.number,
        )
    )


async def _suggestions(sets: KeySets, reading: Reading, request: pb.SearchOpportunitiesRequest) -> list[pb.Suggestion]:
    async def count(asked: OpportunityFilter) -> int:
        return len((await _looked_for(sets, reading, narrowed(asked))).candidates)

    async def count_all(asked: OpportunityFilter) -> int:
        return len((await _looked_for(sets, Reading(Question(()), reading.asked_at), narrowed(asked))).candidates)

    return await Suggesting(sets, count, count_all).told(reading.question, request)
