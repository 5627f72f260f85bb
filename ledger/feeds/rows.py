"""From a row of the partner's file to the opportunity and shifts that it asks for. Pure: nothing is looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.feeds.cells import Cells, Problem
from ledger.feeds.mapping import Mapping, Texts
from ledger.feeds.names import opportunity_name, printable_record_id
from ledger.feeds.plain_text import one_line
from ledger.feeds.reading import Row
from ledger.feeds.row_dates import wanted_times
from ledger.sheets.dates import DateUnreadable, instant
from ledger.sheets.words import shown
from volunteer_hours.v1.positions_pb2 import ImportedFrom
from volunteer_hours.v1.resources_pb2 import Opportunity, Shift, VolunteeringLevel
from volunteer_hours.v1.values_pb2 import LocalizedText, Place

RECORD_ID_CHARACTERS_MAX: Final = 100
SKILLS_MAX: Final = 50
SKILL_CHARACTERS_MAX: Final = 200
CITY_CHARACTERS_MAX: Final = 200
EVENT_TYPE_CHARACTERS_MAX: Final = 100
_SECTOR: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_REGION: Final = r"[A-Z]{2}-[A-Z0-9]{1,3}"
_LEVEL: Final = "general|skilled|professional"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row asks for."""

    line: int
    record_id: str
    name: str
    """opportunities/<feed>--<id>"""
    closed: bool
    """Then nothing else of the row is read."""
    opportunity: Opportunity
    """Only the fields that the mapping speaks of, and where it comes from."""
    shifts: Table[str, Shift]
    """By key: `1`, or a date."""

    @property
    def digest(self) -> bytes:
        """Equal for equal content: to notice a file that changes between two readings."""
        parts = [self.opportunity, *(shift for _, shift in sorted(self.shifts.items()))]
        hashed = hashlib.sha256(f"{self.name}\n{self.closed}\n{','.join(sorted(self.shifts))}".encode())
        for part in parts:
            serialized = part.SerializeToString(deterministic=True)
            hashed.update(len(serialized).to_bytes(4, "big") + serialized)
        return hashed.digest()[:16]


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with a row."""

    line: int
    problems: tuple[Problem, ...]
    name: str = ""
    """Of the opportunity; empty where not even the id can be read."""


def wanted_of(row: Row, mapping: Mapping, organization: str, file_time: datetime) -> Wanted | Refused:
    """Read a row by the mapping. `file_time`: when the file was last written, for rows without a time of their own."""
    cells = Cells(row.cells)
    record_id = _record_id(cells, mapping.columns.id)
    state = cells.translated(mapping.columns.status, mapping.values.status, "status")
    imported_from = ImportedFrom(
        system=mapping.feed,
        record_id=printable_record_id(record_id),
        source_record_time=_source_time(cells, mapping, file_time),
    )
    closed = state == "closed"
    opportunity = Opportunity(organization=organization, imported_from=imported_from)
    shifts: dict[str, Shift] = {}
    if not closed:
        opportunity.MergeFrom(_details(cells, mapping))
        shifts = _shifts(cells, mapping, imported_from)
    name = opportunity_name(mapping.feed, record_id) if record_id else ""
    if cells.problems:
        return Refused(row.line, tuple(cells.problems), name)
    return Wanted(row.line, record_id, name, closed, opportunity, shifts)


def _record_id(cells: Cells, column: str) -> str:
    record_id = " ".join(cells.text(column).split())
    if not record_id:
        cells.wrong(column, "empty: every row needs the partner's own id")
    elif len(record_id) > RECORD_ID_CHARACTERS_MAX:
        cells.wrong(column, f"{len(record_id)} characters: at most {RECORD_ID_CHARACTERS_MAX}")
    return record_id[:RECORD_ID_CHARACTERS_MAX]


def _source_time(cells: Cells, mapping: Mapping, file_time: datetime) -> Timestamp:
    column = mapping.columns.source_time
    moment = cells.date(column, mapping.dates.formats)
    at = file_time
    if moment is not None and column is not None:
        clock = moment.clock or datetime.min.time()
        try:
            at = instant(moment.day, clock, mapping.zone)
        except DateUnreadable as error:
            cells.wrong(column, str(error))
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC))
    return stamp


def _details(cells: Cells, mapping: Mapping) -> Opportunity:
    columns, values, defaults = mapping.columns, mapping.values, mapping.defaults
    age = cells.whole_number(columns.minimum_age_years, 0, 120)
    level = cells.code(columns.level, values.level, _LEVEL, "level", "skilled") or defaults.level
    opportunity = Opportunity(
        title=_title(cells, mapping),
        sector=cells.code(columns.sector, values.sector, _SECTOR, "sector", "environment") or defaults.sector or "",
        event_type=cells.short(columns.event_type, EVENT_TYPE_CHARACTERS_MAX, defaults.event_type),
        skills=_skills(cells, mapping),
        minimum_age_years=(defaults.minimum_age_years or 0) if age is None else age,
    )
    if level:
        opportunity.level = VolunteeringLevel.Value(f"VOLUNTEERING_LEVEL_{level.upper()}")
    described = _texts(cells, columns.description, mapping, title=False)
    if described.en or described.ar:
        opportunity.description.CopyFrom(described)
    return opportunity


def _title(cells: Cells, mapping: Mapping) -> LocalizedText:
    title = _texts(cells, mapping.columns.title, mapping, title=True)
    if not title.en and not title.ar:
        cells.wrong(mapping.columns.title.en or mapping.columns.title.ar or "", "empty: a title is needed")
    return title


def _texts(cells: Cells, columns: Texts, mapping: Mapping, *, title: bool) -> LocalizedText:
    read = cells.title if title else cells.description
    return LocalizedText(
        en=read(columns.en, html=mapping.html, cut_long=mapping.cut_long_texts),
        ar=read(columns.ar, html=mapping.html, cut_long=mapping.cut_long_texts),
    )


def _skills(cells: Cells, mapping: Mapping) -> list[str]:
    column = mapping.columns.skills
    parts = (one_line(part, html=False) for part in cells.text(column).split(mapping.skills.separator))
    skills = list(dict.fromkeys(part for part in parts if part))
    if column and len(skills) > SKILLS_MAX:
        cells.wrong(column, f"{len(skills)} skills: at most {SKILLS_MAX}")
    for skill in skills:
        if column and len(skill) > SKILL_CHARACTERS_MAX:
            cells.wrong(column, f"{shown(skill)} is longer than {SKILL_CHARACTERS_MAX} characters")
    return skills[:SKILLS_MAX]


def _shifts(cells: Cells, mapping: Mapping, imported_from: ImportedFrom) -> dict[str, Shift]:
    times = wanted_times(cells, mapping)
    places, place = _places(cells, mapping), _place(cells, mapping)
    shifts = {}
    for key, time in times.items():
        shift = Shift(time_zone=mapping.time_zone, places=places, place=place, imported_from=imported_from)
        shift.MergeFrom(time)
        shifts[key] = shift
    return shifts


def _places(cells: Cells, mapping: Mapping) -> int:
    column = mapping.columns.places
    places = cells.whole_number(column, 0, 1_000_000) or mapping.defaults.places
    if places is None:
        if not any(problem.column == column for problem in cells.problems):
            said = shown(cells.text(column)) if column else "nothing"
            cells.wrong(
                column or "places", f"{said} is no number of places: write 1 to 1,000,000, or give defaults.places"
            )
        return 1
    return places


def _place(cells: Cells, mapping: Mapping) -> Place:
    columns, defaults = mapping.columns, mapping.defaults
    online = cells.translated(columns.online, mapping.values.online, "online")
    if defaults.online if online is None else online:
        return Place(online=True)
    said = len(cells.problems)
    region = cells.code(columns.region, mapping.values.region, _REGION, "region", "SA-01") or defaults.region
    if not region and len(cells.problems) == said:
        cells.wrong(columns.region or "region", "empty: write one, or give defaults.region")
    return Place(region=region or "", city=cells.short(columns.city, CITY_CHARACTERS_MAX, defaults.city))
