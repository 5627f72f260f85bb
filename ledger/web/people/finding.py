"""Find: words and filters, what was found and why, and what to ask instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

from markupsafe import Markup

from ledger.domain.refusals import Refusal
from ledger.texts.codes import REGION_CODES, SECTOR_CODES
from ledger.web.people.directory import organization_names
from ledger.web.people.visit import Shown, Visit
from volunteer_hours.v1.resources_pb2 import (
    Opportunity,
    Shift,
    VolunteeringLevel,
)

WORDS_MAX: Final = 500
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
    mine: bool = False
    """What suits the person, instead of words."""
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
            "mine": "1" if self.mine else "",
            **changed,
        }
        kept = {name: value for name, value in asked.items() if value}
        return "/find" + (f"?{urlencode(kept)}" if kept else "")

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter is set."""
        return self.address(q="", mine="") != "/find"


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


class Finding(Protocol):
    """Whoever answers searches."""

    async def find(self, visit: Visit, wanted: Wanted) -> Found:
        """What fits. Refuses what the method behind it refuses."""
        ...


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
        mine=asked.get("mine") == "1",
        page_token=asked.get("page", "")[:4_000],
    )
