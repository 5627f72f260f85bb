"""What MatchOpportunities asks: what fits a person, why, and how many were left out for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from ledger.domain.sealed import SealedField
from ledger.projections import search_token
from ledger.projections.basis import Ground, KnownHorizon, Patience, ReadPool
from ledger.projections.match_rows import KnownPerson, Offered, Versions, offers_of, person_of, policy_versions
from ledger.projections.page_token import question_of
from ledger.projections.search_candidates import ROUNDS_MAX, SHIFTS_TOLD_MAX, in_order, parts
from ledger.projections.search_filter import Narrowed, narrowed
from ledger.projections.search_messages import LANGUAGES, results
from ledger.projections.search_sets import KeySets, begin
from ledger.projections.search_token import SearchToken
from ledger.projections.snapshot import snapshot
from ledger.search import preferences as preference_texts
from ledger.search import question as questions
from ledger.search.concepts import catalogue
from ledger.search.fits import FIT_SCORES, Fits
from ledger.search.keys import CONCEPT, ONLINE, skill_text
from ledger.search.matching import (
    LeftOut,
    Person,
    distance_metres,
    left_out,
    place_fits,
    rules_on,
)
from ledger.search.preferences import ZONE_DEFAULT, Preferences
from ledger.search.ranking import Ranked, Told, occasion
from ledger.search.sets import Numbers, by_how_many, has, joined, met
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

LOOKED_AT_MAX: Final = 200
"""So many opportunities are judged for a person: many of them may be left out."""

Opener: TypeAlias = Callable[[Sequence[SealedField]], Awaitable[Sequence[str | Enum]]]
"""Opens seals; what cannot be opened any more comes back as no text."""
LEFT_OUT: Final[Mapping[LeftOut, pb.LeftOutReason.ValueType]] = {
    one: pb.LeftOutReason.Value(f"LEFT_OUT_REASON_{one.name}") for one in LeftOut
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """The sets of what somebody looks for."""

    skills: Mapping[str, Numbers]
    interests: Mapping[str, Numbers]
    places: Numbers
    history: Numbers

    def levels(self, base: Numbers) -> list[Numbers]:
        """What has the most of them first; everything at last."""
        wishes = [one for one in (joined(self.skills.values()), joined(self.interests.values())) if one]
        wishes += [one for one in (self.places, self.history) if one]
        by_count = by_how_many(wishes, len(wishes)) if wishes else []
        return [*(met(level, base) for level in reversed(by_count)), base]


class MatchQuestions:
    """Answers from the read database, with what `open_seals` opens for the one answer. Safe to share between calls.

    Refuses and raises like SearchQuestions, and NOT_FOUND, VOLUNTEER_ERASED for the person.
    """

    def __init__(
        self, pool: ReadPool, partitions: int, open_seals: Opener, horizon: KnownHorizon | None = None
    ) -> None:
        self._pool = pool
        self._open_seals = open_seals
        self._ground = Ground(partitions, horizon)

    async def match(
        self, request: pb.MatchOpportunitiesRequest, seconds_left: float | None = None
    ) -> pb.MatchOpportunitiesResponse:
        """A page of what fits, and the counts of what does not."""
        token = search_token.read(request, request.page_token)
        first_page = [] if token is None else [Position(partition=p, position=n) for p, n in token.positions.items()]
        wanted = self._ground.wanted((*request.positions, *first_page))
        asked, now = narrowed(request.filter), search_token.now() if token is None else token.asked_at
        async with snapshot(self._pool, self._ground, wanted, Patience.of(seconds_left)) as found:
            known = await person_of(found.connection, request.parent)
            person = await self._opened(known)
            versions = await policy_versions(found.connection)
            keys = [key for some in asked.any_of for key in some]
            sets = (await begin(found.connection, keys, (), token)).sets
            wishes = await _wishes(sets, person)
            offered, whole = await _offered(sets, wishes.levels(await sets.base(asked)), asked, now)
            fitting, counts = _judged(offered, person, versions, wishes, now)
            page, more = search_token.page_of(fitting, token, request.page_size)
            answer = pb.MatchOpportunitiesResponse(
                results=await results(found.connection, page, LANGUAGES[request.language]),
                left_out=[pb.LeftOut(reason=LEFT_OUT[one], count=counts[one]) for one in LeftOut if counts[one]],
                total=len(fitting),
                more_than=not whole,
                positions=found.basis.position_messages(),
            )
        _add_distances(answer, person)
        if more:
            answer.next_page_token = _token(request, now, sets.ends, found.basis.positions, page[-1])
        return answer

    async def _opened(self, known: KnownPerson) -> Person:
        fields = [one for one in (known.birth_date, known.preferences) if one is not None]
        opened = dict(zip((one.path for one in fields), await self._open_seals(fields), strict=True))
        texts = {path: text for path, text in opened.items() if isinstance(text, str)}
        born = None if known.birth_date is None else texts.get(known.birth_date.path)
        looks_for = None if known.preferences is None else texts.get(known.preferences.path)
        preferences = None if looks_for is None else preference_texts.read(looks_for)
        zone = ZONE_DEFAULT if preferences is None else preferences.time_zone or ZONE_DEFAULT
        return Person(
            preferences=preferences,
            birth_date=None if born is None else date.fromisoformat(born),
            consents=known.consents,
            has_charter=known.has_charter,
            busy=known.busy,
            registered=known.registered,
            completed=known.completed,
            served_organizations=known.served_organizations,
            served_sectors=known.served_sectors,
            zone=ZoneInfo(zone),
        )


async def _wishes(sets: KeySets, person: Person) -> Wishes:
    wanted = person.preferences or Preferences()
    skills = {skill: questions.groups_of(questions.asked(skill_text(skill))) for skill in wanted.skills}
    interests = {interest: [f"=sector:{interest}", f"{CONCEPT}{interest}"] for interest in wanted.interests}
    city = questions.asked(wanted.home_city)
    places = [one.key for group in questions.groups_of(city) for one in group.keys] if wanted.home_city else []
    places += [f"=region:{wanted.home_region}"] if wanted.home_region else []
    places += [ONLINE] if wanted.online_ok else []
    history = [f"=organization:{one}" for one in person.served_organizations]
    history += [f"=sector:{one}" for one in person.served_sectors]
    keys = [one.key for groups in skills.values() for group in groups for one in group.keys]
    await sets.read([*keys, *(key for some in interests.values() for key in some), *places, *history])
    return Wishes(
        skills={skill: _in_all([sets.of_group(group) for group in groups]) for skill, groups in skills.items()},
        interests={interest: joined(sets.sets[key] for key in keys) for interest, keys in interests.items()},
        places=joined(sets.sets[key] for key in places),
        history=joined(sets.sets[key] for key in history),
    )


def _in_all(sets: Sequence[Numbers]) -> Numbers:
    whole = dict(sets[0]) if sets else {}
    for one in sets[1:]:
        whole = met(whole, one)
    return whole


async def _offered(
    sets: KeySets, levels: Sequence[Numbers], asked: Narrowed, now: datetime
) -> tuple[list[Offered], bool]:
    """The opportunities that are looked at, and whether that is all there were."""
    found: list[Offered] = []
    rounds = 0
    async for part in parts(in_order(sets, levels, asked, now, soonest=True), found, LOOKED_AT_MAX, LOOKED_AT_MAX):
        if rounds == ROUNDS_MAX or len(found) >= LOOKED_AT_MAX:
            return found[:LOOKED_AT_MAX], False
        found += await offers_of(sets.connection, part, asked, now)
        rounds += 1
    return found[:LOOKED_AT_MAX], len(found) <= LOOKED_AT_MAX


def _judged(
    offered: Sequence[Offered], person: Person, versions: Versions, wishes: Wishes, now: datetime
) -> tuple[list[Ranked], Counter[LeftOut]]:
    fitting: list[Ranked] = []
    counts: Counter[LeftOut] = Counter()
    for one in offered:
        why = [left_out(offer, person, rules_on(versions, offer.local_day)) for offer in one.offers]
        right = [offer.opened for offer, reason in zip(one.offers, why, strict=True) if reason is None]
        if right:
            one.candidate.shifts = right[:SHIFTS_TOLD_MAX]
            told = _reasons(one, person, wishes, now)
            fitting.append(Ranked(one.candidate, sum(reason.score for reason in told), told))
        elif why[0] is not None:
            counts[why[0]] += 1
    return sorted(fitting, key=lambda one: one.place), counts


def _reasons(one: Offered, person: Person, wishes: Wishes, now: datetime) -> list[Told]:
    candidate, wanted = one.candidate, person.preferences or Preferences()
    told: list[tuple[Fits, str]] = []
    for why, sets in ((Fits.OWN_SKILL, wishes.skills), (Fits.OWN_INTEREST, wishes.interests)):
        told += [(why, name) for name, numbers in sets.items() if has(numbers, candidate.chunk, candidate.offset)]
    if wanted.availability:
        told.append((Fits.AVAILABLE, ""))
    told += place_fits(candidate.shifts[0], wanted)
    if one.organization in person.served_organizations:
        told.append((Fits.SERVED_ORGANIZATION, one.organization))
    if candidate.sector in person.served_sectors:
        told.append((Fits.SERVED_SECTOR, candidate.sector or ""))
    reasons = [Told(why, "", matched, FIT_SCORES[why]) for why, matched in told]
    return [*reasons, *occasion(candidate.shifts, now)]


def _add_distances(answer: pb.MatchOpportunitiesResponse, person: Person) -> None:
    if person.preferences is None:
        return
    for result in answer.results:
        for each in result.shifts:
            distance = distance_metres(person.preferences, catalogue().city_key(each.shift.place.city))
            if distance is not None and not each.shift.place.online:
                each.distance_metres = distance


def _token(
    request: pb.MatchOpportunitiesRequest,
    now: datetime,
    ends: Mapping[int, int],
    positions: Mapping[int, int],
    last: Ranked,
) -> str:
    return search_token.written(
        SearchToken(
            question=question_of(request),
            asked_at=now.astimezone(UTC),
            ends=dict(ends),
            positions=dict(positions),
            rareness=(),
            repairs={},
            dotless=False,
            words_min=0,
            after_score=last.score,
            after_begins_at=last.candidate.begins_at,
            after_number=last.candidate.number,
        )
    )
