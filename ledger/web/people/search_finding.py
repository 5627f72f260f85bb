"""Find, answered by OpportunitySearchService: ranked, with reasons, facets and suggestions; or what fits the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from ledger.texts.people_pages import TEXTS
from ledger.web.people.finding import Choice, Found, FoundOpportunity, FoundShift, Wanted
from ledger.web.people.visit import Visit
from ledger.web.people.wording import isolated
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import VolunteeringLevel

PAGE_SIZE: Final = 20
CITIES_MAX: Final = 8
"""Of a facet on a page: a phone has no room for more."""
REASONS_MAX: Final = 6
_LANGUAGES: Final[Mapping[str, pb.Language.ValueType]] = {"ar": pb.LANGUAGE_ARABIC, "en": pb.LANGUAGE_ENGLISH}
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "regions": ("region", "filter_region"),
    "cities": ("city", "filter_city"),
    "sectors": ("sector", "filter_sector"),
    "levels": ("level", "filter_level"),
    "from_date": ("from", "filter_from"),
    "until_date": ("until", "filter_until"),
    "online": ("online", "filter_online"),
    "places_left_min": ("places", "filter_places"),
}
"""Field of the filter → field of the address, and what it is called."""


class FindingBySearch:
    """Asks the search, or, for who looks for what suits them, the matching."""

    async def find(self, visit: Visit, wanted: Wanted) -> Found:
        """What fits. Refuses what the methods refuse."""
        if wanted.mine:
            return await self._matching(visit, wanted)
        request = pb.SearchOpportunitiesRequest(
            query=wanted.q,
            language=_LANGUAGES[visit.words.language],
            filter=filter_of(wanted),
            page_size=PAGE_SIZE,
            page_token=wanted.page_token,
            positions=visit.seen,
        )
        method = "OpportunitySearchService/SearchOpportunities"
        answer = await visit.ask(method, request, pb.SearchOpportunitiesResponse)
        return Found(
            results=[_result(visit, one) for one in answer.results],
            total=answer.total,
            more_than=answer.more_than,
            facets=list(_facets(visit, wanted, answer.facets)),
            suggestions=list(_suggestions(visit, wanted, answer.suggestions)),
            next_page_token=answer.next_page_token,
        )

    async def _matching(self, visit: Visit, wanted: Wanted) -> Found:
        request = pb.MatchOpportunitiesRequest(
            parent=visit.person,
            language=_LANGUAGES[visit.words.language],
            filter=filter_of(wanted),
            page_size=PAGE_SIZE,
            page_token=wanted.page_token,
            positions=visit.seen,
        )
        method = "OpportunitySearchService/MatchOpportunities"
        answer = await visit.ask(method, request, pb.MatchOpportunitiesResponse)
        results = [_result(visit, one) for one in answer.results]
        return Found(results, answer.total, answer.more_than, next_page_token=answer.next_page_token)


def filter_of(wanted: Wanted) -> pb.OpportunityFilter:
    """What the address narrows to."""
    return pb.OpportunityFilter(
        regions=[wanted.region] if wanted.region else [],
        cities=[wanted.city] if wanted.city else [],
        sectors=[wanted.sector] if wanted.sector else [],
        levels=[VolunteeringLevel.Value(wanted.level)] if wanted.level else [],
        from_date=wanted.from_date,
        until_date=wanted.until_date,
        online=wanted.online,
        places_left_min=1 if wanted.places else 0,
    )


def _result(visit: Visit, one: pb.OpportunityResult) -> FoundOpportunity:
    shifts = [FoundShift(each.shift, each.places_left) for each in one.shifts]
    told = [_reason(visit, each) for each in one.reasons]
    reasons = list(dict.fromkeys(text for text in told if text is not None))
    return FoundOpportunity(one.opportunity, shifts, reasons[:REASONS_MAX])


def _reason(visit: Visit, told: pb.ToldReason) -> Markup | None:
    """In words; None for a reason that these pages have no words for."""
    key = "match_" + pb.MatchReason.Name(told.reason).removeprefix("MATCH_REASON_").lower()
    return visit.words.say(key, matched=told.matched) if key in TEXTS else None


def _facets(visit: Visit, wanted: Wanted, facets: pb.Facets) -> Iterable[tuple[str, Sequence[Choice]]]:
    kinds = (
        ("filter_region", "region", wanted.region, list(facets.regions)),
        ("filter_city", "city", wanted.city, list(facets.cities)[:CITIES_MAX]),
        ("filter_sector", "sector", wanted.sector, list(facets.sectors)[:CITIES_MAX]),
    )
    for key, field, chosen, values in kinds:
        choices = [_choice(visit, wanted, field, chosen, one) for one in values]
        if choices and (len(choices) > 1 or chosen):
            yield key, choices


def _choice(visit: Visit, wanted: Wanted, field: str, chosen: str, one: pb.FacetValue) -> Choice:
    is_chosen = one.value == chosen
    # A city has a name in the catalogue alone; of codes these pages have words of their own.
    label = isolated(one.label or one.value) if field == "city" else visit.words.code(field, one.value)
    return Choice(label, wanted.address(**{field: "" if is_chosen else one.value}), one.count, is_chosen)


def _suggestions(visit: Visit, wanted: Wanted, suggested: Iterable[pb.Suggestion]) -> Iterable[Choice]:
    for one in suggested:
        match one.kind:
            case pb.SUGGESTION_KIND_WORDS:
                text = visit.words.say("suggest_words", text=one.text)
                yield Choice(text, wanted.address(q=one.text), one.count)
            case pb.SUGGESTION_KIND_WITHOUT_FILTER if one.text in _FIELDS:
                field, key = _FIELDS[one.text]
                text = visit.words.say("suggest_without", text=visit.words.say(key))
                yield Choice(text, wanted.address(**{field: ""}), one.count)
            case pb.SUGGESTION_KIND_SECTOR:
                text = visit.words.say("suggest_sector", text=visit.words.code("sector", one.value))
                yield Choice(text, Wanted(sector=one.value).address(), one.count)
            case _:
                pass  # a newer kind: nothing to press
