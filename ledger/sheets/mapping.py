"""Which column of a spreadsheet means what: a TOML file, small, and strict about what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from ledger.sheets.dates import check_date_format, check_time_format
from ledger.sheets.fields import FIELD_TYPES, FIELDS, NEEDED, Kind
from ledger.sheets.toml_file import (
    MAPPING_BYTES_MAX,
    ColumnName,
    Delimiter,
    MappingWrong,
    Part,
    SystemName,
    TimeZone,
    check_known,
    load_toml,
    modelled,
)
from ledger.sheets.words import same_name

__all__ = ["MAPPING_BYTES_MAX", "MappingWrong", "SheetMapping", "SheetPlace", "fitted", "parse_mapping"]

Encoding: TypeAlias = Literal["utf-8", "cp1256", "windows-1256", "cp1252", "iso-8859-1", "iso-8859-6"]
"""What a CSV is read as where it is neither UTF-8 nor UTF-16."""
HoursUnit: TypeAlias = Literal["decimal", "clock", "minutes", "seconds"]
Default: TypeAlias = str | int | float | bool | datetime | date | time
TIMES: Final = ("%H:%M", "%H:%M:%S")
_Formats: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(check_date_format)], ...], Field(strict=False, max_length=20)
]
_TimeFormats: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(check_time_format)], ...], Field(strict=False, min_length=1, max_length=20)
]


def _flat(written: object) -> object:
    """`name.ar = …` as TOML reads it, a table in a table, by the field's whole name."""
    if not isinstance(written, dict):
        return written
    flat: dict[str, object] = {}
    for name, value in written.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{below}": one for below, one in value.items()}
        else:
            flat[name] = value
    return flat


class SheetPlace(Part):
    """Where in the file the table stands, and how the file is written."""

    encoding: Encoding = "utf-8"
    delimiter: Delimiter | None = None
    """None: a comma, or what `sep=` in the first line says."""
    name: str | None = None
    header_line: Annotated[int, Field(ge=1, le=1000)] | None = None
    """As a person counts; None: the first line that is not blank."""
    ignore_totals: bool = False
    merged: Literal["refuse", "repeat"] = "refuse"
    id_column: str = ""
    """Which column tells a row from a total: that of columns.id, whatever is written here; empty: the first."""


class Dates(Part):
    """How dates and times of day are written."""

    formats: _Formats = ()
    times: _TimeFormats = TIMES
    serial: bool = False


class SheetMapping(Part):
    """The whole file."""

    kind: Kind
    system: SystemName
    time_zone: TimeZone
    hours_unit: HoursUnit = "decimal"
    decimal_comma: bool = False
    past_midnight: Literal["refuse", "next_day"] = "refuse"
    sheet: SheetPlace = SheetPlace()
    columns: Annotated[dict[str, ColumnName], BeforeValidator(_flat)]
    dates: Dates = Dates()
    defaults: Annotated[dict[str, Default], BeforeValidator(_flat)] = Field(default_factory=dict)
    values: dict[str, dict[ColumnName, str]] = Field(default_factory=dict)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where the file's dates and times are read."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def words(self) -> Mapping[str, Mapping[str, str]]:
        """`values` by what their words say, however they are spelled."""
        return {
            field: {same_name(word): value for word, value in table.items()} for field, table in self.values.items()
        }


def parse_mapping(text: str | bytes) -> SheetMapping:
    """Read a mapping. Raises MappingWrong with every wrong name and value."""
    written = load_toml(text.encode() if isinstance(text, str) else text)
    check_known(written)
    mapping = modelled(written, SheetMapping)
    wrong = [*_unknown_fields(mapping), *_lacking(mapping), *_without_column(mapping), *_words_twice(mapping)]
    defaults, wrong_defaults = _typed_defaults(mapping)
    if wrong or wrong_defaults:
        raise MappingWrong.listing([*wrong, *wrong_defaults])
    place = mapping.sheet.model_copy(update={"id_column": mapping.columns["id"]})
    return mapping.model_copy(update={"sheet": place, "defaults": defaults})


def fitted(mapping: SheetMapping, header: Sequence[str]) -> SheetMapping:
    """The mapping with its columns as this header spells them. Raises MappingWrong with those that it does not have."""
    found = {field: spelled_as(column, tuple(header)) for field, column in mapping.columns.items()}
    missing = [mapping.columns[field] for field, column in found.items() if column is None]
    if missing:
        raise MappingWrong(
            f"the file has no column {', '.join(map(repr, missing))}; it has"
            f" {', '.join(repr(name) for name in header if name)}"
            + ("" if mapping.sheet.header_line else "; if its header stands further down, say where: sheet.header_line")
        )
    return mapping.model_copy(update={"columns": found})


@lru_cache(1024)
def spelled_as(column: str, header: tuple[str, ...]) -> str | None:
    """The header's spelling of a column; None where it has none, or several."""
    if column in header:
        return column
    sought = same_name(column)
    found = [name for name in header if name and same_name(name) == sought]
    return found[0] if len(found) == 1 else None


def _unknown_fields(mapping: SheetMapping) -> list[str]:
    known = FIELDS[mapping.kind]
    named = (("columns", mapping.columns), ("defaults", mapping.defaults), ("values", mapping.values))
    return [
        f"{table}.{field}: {mapping.kind} have no such field; they have {', '.join(known)}"
        for table, fields in named
        for field in fields
        if field not in known
    ]


def _lacking(mapping: SheetMapping) -> list[str]:
    wrong = ["columns.id: name the column that tells one row from another"] if "id" not in mapping.columns else []
    wrong += ["defaults.id: would be the id of every row; name a column"] if "id" in mapping.defaults else []
    return wrong + [
        f"columns.{field}: name its column, or give defaults.{field}"
        for field in NEEDED[mapping.kind]
        if field != "id" and field not in mapping.columns and field not in mapping.defaults
    ]


def _without_column(mapping: SheetMapping) -> list[str]:
    return [f"values.{field}: columns.{field} is not named" for field in mapping.values if field not in mapping.columns]


def _words_twice(mapping: SheetMapping) -> list[str]:
    return [
        f"values.{field}.{word}: another spelling of this word means something else"
        for field, table in mapping.values.items()
        for word, value in table.items()
        if mapping.words[field][same_name(word)] != value
    ]


def _typed_defaults(mapping: SheetMapping) -> tuple[dict[str, Default], list[str]]:
    """Dates and times as such, however TOML had them: 2026-03-01 and "2026-03-01"."""
    typed: dict[str, Default] = {}
    wrong = []
    for field, value in mapping.defaults.items():
        try:
            typed[field] = _typed(FIELD_TYPES.get(field, "text"), value)
        except ValueError:
            wrong.append(f"defaults.{field}: {value!r} is no such value; write 2026-03-01, or 09:00")
    return typed, wrong


def _typed(field_type: str, value: Default) -> Default:
    match field_type:
        case "day" if isinstance(value, str):
            return date.fromisoformat(value)
        case "clock" if isinstance(value, str):
            return time.fromisoformat(value)
        case "moment" if isinstance(value, str):
            return datetime.fromisoformat(value)
        case "day" if not isinstance(value, date):
            raise ValueError(value)
        case "clock" if not isinstance(value, time):
            raise ValueError(value)
        case _:
            return value
