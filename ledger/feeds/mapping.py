"""Which column of a partner's file means what: a TOML file, small, and strict about what it does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from ledger.sheets.dates import check_date_format, check_time_format
from ledger.sheets.toml_file import (
    MAPPING_BYTES_MAX,
    ColumnName,
    Delimiter,
    MappingWrong,
    Part,
    SystemName,
    TimeZone,
    load_toml,
    modelled,
)

__all__ = ["MAPPING_BYTES_MAX", "Mapping", "MappingWrong", "check_header", "parse_mapping"]

Encoding: TypeAlias = Literal["utf-8", "cp1252", "windows-1256", "iso-8859-1", "iso-8859-6"]
"""What a file is read as where it is not UTF-8: the eight-bit sets that English and Arabic exports come in."""
Sector: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Region: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")]
Level: TypeAlias = Literal["general", "skilled", "professional"]
PLAIN: Final = r"^[^\x00-\x1F\x7F]*$"
CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
State: TypeAlias = Literal["open", "closed"]
SeveralDays: TypeAlias = Literal["refuse", "first_day", "each_day"]


class Texts(Part):
    """The columns of a text, by its language."""

    en: ColumnName | None = None
    ar: ColumnName | None = None

    @property
    def given(self) -> bool:
        """Whether the file has this text at all."""
        return self.en is not None or self.ar is not None


class Columns(Part):
    """Where each field stands. Fields without a column are never changed."""

    id: ColumnName
    title: Texts
    description: Texts = Texts()
    sector: ColumnName | None = None
    event_type: ColumnName | None = None
    skills: ColumnName | None = None
    minimum_age_years: ColumnName | None = None
    level: ColumnName | None = None
    region: ColumnName | None = None
    city: ColumnName | None = None
    online: ColumnName | None = None
    places: ColumnName | None = None
    start: ColumnName | None = None
    end: ColumnName | None = None
    start_time: ColumnName | None = None
    end_time: ColumnName | None = None
    status: ColumnName | None = None
    source_time: ColumnName | None = None

    def named(self) -> Iterator[str]:
        """Every column that is used."""
        for field, value in self:
            if isinstance(value, Texts):
                yield from (column for column in (value.en, value.ar) if column)
            elif isinstance(value, str) and field:
                yield value


class Dates(Part):
    """How dates and times of day are written."""

    formats: Annotated[tuple[Annotated[str, AfterValidator(check_date_format)], ...], Field(strict=False)] = ()
    times: Annotated[tuple[Annotated[str, AfterValidator(check_time_format)], ...], Field(strict=False)] = ()


class Skills(Part):
    """How a cell holds several skills."""

    separator: Annotated[str, Field(min_length=1, max_length=5)] = ";"


class Defaults(Part):
    """What a field is where the file has no column or an empty cell."""

    sector: Sector | None = None
    event_type: Annotated[str, Field(max_length=100, pattern=PLAIN)] | None = None
    level: Level | None = None
    region: Region | None = None
    city: Annotated[str, Field(max_length=200, pattern=PLAIN)] | None = None
    online: bool = False
    places: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    minimum_age_years: Annotated[int, Field(ge=0, le=120)] | None = None
    start_time: Annotated[str, Field(pattern=CLOCK)] | None = None
    """HH:MM, of dates that have no time of day: without it and end_time nobody can register, only head counts fit."""
    end_time: Annotated[str, Field(pattern=CLOCK)] | None = None


class Values(Part):
    """From the partner's words to ours. A word that is missing here is that row's error."""

    sector: dict[ColumnName, Sector] = Field(default_factory=dict)
    region: dict[ColumnName, Region] = Field(default_factory=dict)
    level: dict[ColumnName, Level] = Field(default_factory=dict)
    online: dict[ColumnName, bool] = Field(default_factory=dict)
    status: dict[ColumnName, State] = Field(default_factory=dict)


class Mapping(Part):
    """The whole file."""

    feed: SystemName
    """Part of every id and of every request_id. With another name everything would be imported a second time."""
    time_zone: TimeZone
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    html: bool = True
    cut_long_texts: bool = False
    several_days: SeveralDays = "refuse"
    columns: Columns
    dates: Dates = Dates()
    skills: Skills = Skills()
    defaults: Defaults = Defaults()
    values: Values = Values()

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The fields of an opportunity that this feed speaks of; the others are the coordinator's alone."""
        columns, defaults = self.columns, self.defaults
        spoken_of = {
            "title": True,
            "description": columns.description.given,
            "sector": columns.sector or defaults.sector,
            "event_type": columns.event_type or defaults.event_type,
            "skills": columns.skills,
            "minimum_age_years": columns.minimum_age_years or defaults.minimum_age_years is not None,
            "level": columns.level or defaults.level,
        }
        return tuple(path for path, spoken in spoken_of.items() if spoken)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where the file's dates are read."""
        return ZoneInfo(self.time_zone)


def parse_mapping(text: bytes) -> Mapping:
    """Read a mapping. Raises MappingWrong with every wrong name and value."""
    mapping = modelled(load_toml(text), Mapping)
    _check_together(mapping)
    return mapping


def check_header(mapping: Mapping, header: Iterable[str]) -> None:
    """Every column that the mapping names is in the file. Raises MappingWrong."""
    known = set(header)
    missing = [column for column in mapping.columns.named() if column not in known]
    if missing:
        raise MappingWrong(
            f"the file has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, sorted(known)))}"
        )


def _check_together(mapping: Mapping) -> None:
    columns, dates = mapping.columns, mapping.dates
    wrong = []
    if not columns.title.given:
        wrong.append("columns.title: name a column for title.en, title.ar or both")
    if columns.end and not columns.start:
        wrong.append("columns.end needs columns.start")
    if (columns.start or columns.source_time) and not dates.formats:
        wrong.append("dates.formats: list how dates are written, such as %Y-%m-%d")
    if bool(columns.start_time) != bool(columns.end_time) or (columns.start_time and not columns.start):
        wrong.append("columns.start_time and end_time come together, beside columns.start")
    defaults = mapping.defaults
    if bool(defaults.start_time) != bool(defaults.end_time):
        wrong.append("defaults.start_time and end_time come together")
    elif defaults.start_time and defaults.end_time and defaults.start_time >= defaults.end_time:
        wrong.append("defaults.end_time must be after defaults.start_time")
    if columns.start_time and not dates.times:
        wrong.append("dates.times: list how times of day are written, such as %H:%M")
    if columns.status and not mapping.values.status:
        wrong.append("values.status: say of each status whether it means open or closed")
    if columns.online and not mapping.values.online:
        wrong.append("values.online: say of each value whether it means true or false")
    if wrong:
        raise MappingWrong.listing(wrong)
