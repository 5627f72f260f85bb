"""Ranked candidates as answers: results with their reasons, and how they spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from ledger.domain.opportunity import Level
from ledger.domain.streams import opportunity_of
from ledger.projections import directory_messages as messages
from ledger.projections.directory_messages import OPPORTUNITIES, SHIFTS
from ledger.projections.snapshot import ReadConnection
from ledger.search.concepts import CITY, REGION, catalogue
from ledger.search.fits import Fits
from ledger.search.question import Why
from ledger.search.ranking import Candidate, Opened, Ranked, Told
from ledger.texts.service import FACETS
from ledger.texts.text import Language
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2

FACET_VALUES_MAX: Final = 30
_PAGE: Final = f"""
    with told as materialized ({SHIFTS} where shift = any(%(shifts)b))
    select o.*, s.*
    from ({OPPORTUNITIES} where opportunity = any(%(names)b)) o
    left join told s on starts_with(s.shift, o.opportunity || '/')
"""
_NAMES: Final = """
    select partition, number, opportunity
    from unnest(%(partitions)b::int[], %(numbers)b::int[]) as asked (partition, number)
    join search_opportunities using (partition, number)
"""
_OPPORTUNITY_COLUMNS: Final = 9
LANGUAGES: Final[Mapping[int, Language]] = {
    pb.LANGUAGE_UNSPECIFIED: "ar",
    pb.LANGUAGE_ARABIC: "ar",
    pb.LANGUAGE_ENGLISH: "en",
}
REASONS: Final[Mapping[Why | Fits, pb.MatchReason.ValueType]] = {
    why: pb.MatchReason.Value(f"MATCH_REASON_{why.name}") for why in (*Why, *Fits)
}


async def results(connection: ReadConnection, page: Sequence[Ranked], language: Language) -> list[pb.OpportunityResult]:
    """The results of a page with all that is shown of them."""
    names = await _names(connection, [one.candidate for one in page])
    asked = {
        "names": list(names.values()),
        "shifts": [opened.shift for one in page for opened in one.candidate.shifts],
    }
    opportunities: dict[str, resources_pb2.Opportunity] = {}
    shifts: dict[str, resources_pb2.Shift] = {}
    rows = await connection.execute(_PAGE, asked, binary=True)
    for row in await rows.fetchall():
        if row[0] not in opportunities:
            opportunities[row[0]] = messages.opportunity(row[:_OPPORTUNITY_COLUMNS])
        if row[_OPPORTUNITY_COLUMNS] is not None:
            shifts[row[_OPPORTUNITY_COLUMNS]] = messages.shift(row[_OPPORTUNITY_COLUMNS:])
    return [_result(one, opportunities[names[one.candidate.number]], shifts, language) for one in page]


async def _names(connection: ReadConnection, candidates: Sequence[Candidate]) -> dict[tuple[int, int], str]:
    """What the opportunities are called: as their shifts say or, of those without one, as their rows do."""
    names = {one.number: opportunity_of(one.shifts[0].shift) for one in candidates if one.shifts}
    others = [one.number for one in candidates if not one.shifts]
    if others:
        asked = {"partitions": [partition for partition, _ in others], "numbers": [number for _, number in others]}
        rows = await connection.execute(_NAMES, asked, binary=True)
        names |= {(partition, number): name for partition, number, name in await rows.fetchall()}
    return names


def _result(
    one: Ranked,
    opportunity: resources_pb2.Opportunity,
    shifts: Mapping[str, resources_pb2.Shift],
    language: Language,
) -> pb.OpportunityResult:
    return pb.OpportunityResult(
        opportunity=opportunity,
        shifts=[_open_shift(opened, shifts[opened.shift], opportunity) for opened in one.candidate.shifts],
        score=one.score,
        reasons=[_reason(told, language) for told in one.reasons],
    )


def _open_shift(opened: Opened, shift: resources_pb2.Shift, offered: resources_pb2.Opportunity) -> pb.OpenShift:
    left = max(opened.places_left, 0)
    waiting_possible = left == 0 and offered.registration_rules.waiting_places > 0
    return pb.OpenShift(shift=shift, places_left=left, waiting_possible=waiting_possible)


def _reason(told: Told, language: Language) -> pb.ToldReason:
    concept = told.matched in catalogue().labels and told.why in (Why.SYNONYM, Why.PLACE, Why.WITHOUT_DOTS)
    matched = catalogue().label(told.matched, language) if concept else told.matched
    return pb.ToldReason(reason=REASONS[told.why], asked=told.asked, matched=matched, score=told.score)


def facets(candidates: Iterable[Candidate], language: Language) -> pb.Facets:
    """How the candidates spread; each counts once for a value, by its next shifts that fit."""
    regions, cities, sectors, levels = (Counter[str]() for _ in range(4))
    online = 0
    for one in candidates:
        regions.update({shift.region for shift in one.shifts if shift.region})
        cities.update({shift.city_key for shift in one.shifts if shift.city_key})
        sectors.update([one.sector] if one.sector else [])
        levels.update([one.level] if one.level else [])
        online += any(shift.online for shift in one.shifts)
    known = catalogue()
    return pb.Facets(
        regions=_values(regions, {one: known.label(f"{REGION}{one}", language) for one in regions}),
        cities=_values(cities, {one: known.label(f"{CITY}{one}", language) for one in cities}),
        sectors=_values(sectors, {one: known.label(one, language) for one in sectors}),
        levels=[
            pb.FacetValue(value=level.upper(), label=FACETS[level].of(language), count=levels[level])
            for level in get_args(Level)
            if levels[level]
        ],
        online=pb.FacetValue(value="true", label=FACETS["online"].of(language), count=online),
    )


def _values(counts: Counter[str], labels: Mapping[str, str]) -> list[pb.FacetValue]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:FACET_VALUES_MAX]
    return [
        pb.FacetValue(value=value, label=labels[value].removeprefix(CITY).removeprefix(REGION), count=count)
        for value, count in ordered
    ]
