"""Find: words and filters, what was found and why, and what to ask instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlencode

from markupsafe import Markup

from ledger.domain.refusals import Refusal
from ledger.web.people.directory import is_past as shift_is_past
from ledger.web.people.directory import organization_names, shifts_of
from ledger.web.people.texts_of_codes import REGION_CODES, SECTOR_CODES
from ledger.web.people.visit import Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import (
    OPPORTUNITY_STATE_PUBLISHED,
    SHIFT_STATE_OPEN,
    Opportunity,
    Shift,
    VolunteeringLevel,
)

WORDS_MAX: Final = 500
FIELDS: Final = ("q", "region", "city", "sector", "level", "from", "until", "online", "places")
LEVELS: Final = ("VOLUNTEERING_LEVEL_GENERAL", "VOLUNTEERING_LEVEL_SKILLED", "VOLUNTEERING_LEVEL_PROFESSIONAL")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REGION: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_SECTOR: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for, as it stands in the address; what no field can be is left out."""

    q: str = ""
    region: str = ""
    city: str = ""
    sector: str = ""
    level: str = ""
    from_date: str = ""
    until_date: str = ""
    online: bool = False
    places: bool = False
    page_token: str = ""

    def address(self, **changed: str) -> str:
        """The page of this search with some fields changed; empty: without it."""
        asked = {
            "q": self.q,
            "region": self.region,
            "city": self.city,
            "sector": self.sector,
            "level": self.level,
            "from": self.from_date,
            "until": self.until_date,
            "online": "1" if self.online else "",
            "places": "1" if self.places else "",
            **changed,
        }
        kept = {name: value for name, value in asked.items() if value}
        return "/find" + (f"?{urlencode(kept)}" if kept else "")

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter is set."""
        return self.address(q="") != "/find"


@dataclass(frozen=True, slots=True)
class FoundShift:
    """A shift to come."""

    shift: Shift
    places_left: int


@dataclass(frozen=True, slots=True)
class FoundOpportunity:
    """One result."""

    opportunity: Opportunity
    shifts: Sequence[FoundShift]
    reasons: Sequence[Markup] = ()
    """Why it is there, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A narrower or another question."""

    label: Markup
    address: str
    count: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An answer."""

    results: Sequence[FoundOpportunity]
    total: int
    more_than: bool = False
    facets: Sequence[tuple[str, Sequence[Choice]]] = ()
    """Key of the text above, and its values."""
    suggestions: Sequence[Choice] = ()
    next_page_token: str = ""
    names: Mapping[str, object] = field(default_factory=dict)


class Finding(Protocol):
    """Whoever answers searches."""

    async def find(self, visit: Visit, wanted: Wanted) -> Found:
        """What fits. Refuses what the method behind it refuses."""
        ...


class FindingInDirectory:
    """Walks the list of opportunities: for small ledgers, until full-text search stands behind this page."""

    async def find(self, visit: Visit, wanted: Wanted) -> Found:
        request = pb.ListOpportunitiesRequest(page_size=100, positions=visit.seen)
        listed = await visit.ask("DirectoryService/ListOpportunities", request, pb.ListOpportunitiesResponse)
        results = []
        for one in listed.opportunities:
            if one.state == OPPORTUNITY_STATE_PUBLISHED and _fits(one, wanted):
                shifts = [
                    FoundShift(shift, shift.places - shift.places_taken)
                    for shift in await shifts_of(visit, one.name)
                    if shift.state == SHIFT_STATE_OPEN and not shift_is_past(shift) and _shift_fits(shift, wanted)
                ]
                if shifts:
                    results.append(FoundOpportunity(one, shifts))
        return Found(results, len(results))


class FindingPage:
    """`/find`."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    async def page(self, visit: Visit) -> Shown:
        """Results, or why there are none."""
        wanted = wanted_of(visit)
        refused = None
        try:
            found = await self._finding.find(visit, wanted)
        except Refusal as refusal:
            refused, found = visit.told(refusal), Found((), 0)
        names = await organization_names(visit, (one.opportunity.organization for one in found.results))
        data = {
            "wanted": wanted,
            "found": found,
            "names": names,
            "refused": refused,
            "regions": REGION_CODES,
            "sectors": SECTOR_CODES,
            "levels": LEVELS,
            "level_name": VolunteeringLevel.Name,
        }
        return Shown("find.html", data)


def wanted_of(visit: Visit) -> Wanted:
    """What the address asks for."""
    asked = visit.request.query_params

    def like(name: str, form: re.Pattern[str]) -> str:
        text = asked.get(name, "").strip()
        return text if form.fullmatch(text) else ""

    level = asked.get("level", "")
    return Wanted(
        q=asked.get("q", "").strip()[:WORDS_MAX],
        region=like("region", _REGION),
        city=asked.get("city", "").strip()[:200],
        sector=like("sector", _SECTOR),
        level=level if level in LEVELS else "",
        from_date=like("from", _DATE),
        until_date=like("until", _DATE),
        online=asked.get("online") == "1",
        places=asked.get("places") == "1",
        page_token=asked.get("page", "")[:4_000],
    )


def _fits(one: Opportunity, wanted: Wanted) -> bool:
    told = " ".join((one.title.ar, one.title.en, one.description.ar, one.description.en, one.sector, *one.skills))
    return (
        all(word.casefold() in told.casefold() for word in wanted.q.split())
        and wanted.sector in ("", one.sector)
        and wanted.level in ("", VolunteeringLevel.Name(one.level))
    )


def _shift_fits(shift: Shift, wanted: Wanted) -> bool:
    return (
        wanted.region in ("", shift.place.region)
        and (not wanted.city or wanted.city in shift.place.city)
        and (not wanted.online or shift.place.online)
        and (not wanted.places or shift.places > shift.places_taken)
    )
