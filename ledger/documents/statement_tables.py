"""The tables of a statement: hours by organisation, role, sector, year and skill, and every attendance of a transcript.

A table is one of both languages: English on the left, Arabic on the right, and between them the numbers and dates that
are the same in both. A cell is a list of lines, of which all but the first are small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.credentials.claims import Disclosed, EntryHours, OrganizationHours, RoleHours, SectorHours
from ledger.documents.dates import calendar_day, umm_al_qura_in_digits
from ledger.documents.hours_in_words import hours_in_digits
from ledger.documents.printable import printable
from ledger.documents.wording import in_both, listed, said
from ledger.domain.values import LocalizedText
from ledger.texts.statement_document import TEXTS
from ledger.texts.text import LANGUAGES, Language

Cell: TypeAlias = list[str]
Table: TypeAlias = dict[str, object]
_Names: TypeAlias = dict[Language, Cell]

LINES_TOGETHER_MAX: Final = 24
"""A table up to so many lines stays on one page: its total alone on the next one would say nothing. More of them could
be longer than a page, and what stays together is not broken even then."""
LINE_CHARACTERS: Final = 25
_HOURS: Final = ("hours",)
_DAYS: Final = ("first_day", "last_day", "hours")
_ENTRY: Final = ("date", "hours", "position")
_NAMELESS: Final = LocalizedText()


@dataclass(frozen=True, slots=True)
class _Row:
    seconds: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class OrganizationNames:
    """What organisations are called, as far as that was disclosed."""

    known: Mapping[str, LocalizedText]

    def of(self, name: str, language: Language) -> str:
        """The display name, or the resource name where there is none."""
        return localized(self.known.get(name, _NAMELESS), language) or printable(name)


def names_of_organizations(disclosed: Disclosed) -> OrganizationNames:
    """The names in a statement's own list of organisations."""
    return OrganizationNames({one.name: one.display_name for one in disclosed.organizations or ()})


def localized(text: LocalizedText, language: Language) -> str:
    """A text in a language, else in the other one: whoever reads it sees that there is something."""
    return printable((text.ar or text.en or "") if language == "ar" else (text.en or text.ar or ""))


def tables(disclosed: Disclosed) -> Iterator[Table]:
    """Those that were disclosed, in the order they are printed. Raises Malformed for dates that no calendar has."""
    names = names_of_organizations(disclosed)
    if disclosed.organizations is not None:
        yield _table("organizations", "organization", _DAYS, map(_organization_row, disclosed.organizations))
    if disclosed.roles is not None:
        yield _table("roles", "role", _DAYS, (_role_row(one, names) for one in disclosed.roles))
    if disclosed.sectors is not None:
        yield _table("sectors", "sector", _HOURS, (_sector_row(one) for one in disclosed.sectors))
    if disclosed.years is not None:
        yield _table(
            "years", "year", _HOURS, (_row(one.verified_seconds, _same(str(one.year))) for one in disclosed.years)
        )
    if disclosed.skills is not None:
        yield _table(
            "skills", "skill", _HOURS, (_row(one.verified_seconds, _same(one.skill)) for one in disclosed.skills)
        )
    if disclosed.entries is not None:
        yield _table("entries", "role", _ENTRY, (_entry_row(one, names) for one in disclosed.entries))


def _table(key: str, what: str, between: Sequence[str], rows: Iterable[_Row]) -> Table:
    made = list(rows)
    note = "skills_overlap" if key == "skills" else None if between == _HOURS else "calendars"
    total = hours_in_digits(sum(row.seconds for row in made))
    return {
        "title": in_both(TEXTS[key]),
        "note": in_both(TEXTS[note]) if note else None,
        "together": sum(map(_lines, made)) <= LINES_TOGETHER_MAX,
        "head": [in_both(TEXTS[column]) for column in (what, *between, what)],
        "rows": [row.cells for row in made],
        # Skills overlap: what they add up to means nothing.
        "total": None if key == "skills" else _total(between, total),
    }


def _lines(row: _Row) -> int:
    """About how high a row is; a line holds more than these characters, unless all of them are wide."""
    return max(sum(1 + len(line) // LINE_CHARACTERS for line in cell) for cell in row.cells)


def _total(between: Sequence[str], hours: str) -> list[Cell]:
    cells = [[hours] if column == "hours" else [""] for column in between]
    return [[TEXTS["total"].en], *cells, [TEXTS["total"].ar]]


def _row(seconds: int, name: _Names, before: Sequence[Cell] = (), after: Sequence[Cell] = ()) -> _Row:
    return _Row(seconds, [name["en"], *before, [hours_in_digits(seconds)], *after, name["ar"]])


def _organization_row(one: OrganizationHours) -> _Row:
    names: _Names = {language: [localized(one.display_name, language) or printable(one.name)] for language in LANGUAGES}
    return _row(one.verified_seconds, names, before=[_day(one.first_date), _day(one.last_date)])


def _role_row(one: RoleHours, names: OrganizationNames) -> _Row:
    cells = _titled(one.title, one.opportunity, one.organization, names)
    if one.skills:
        for language in LANGUAGES:
            cells[language].append(listed(TEXTS["with_skills"], language, map(printable, one.skills)))
    return _row(one.verified_seconds, cells, before=[_day(one.first_date), _day(one.last_date)])


def _sector_row(one: SectorHours) -> _Row:
    if one.sector:
        return _row(one.verified_seconds, _same(one.sector))
    return _row(one.verified_seconds, {language: [said(TEXTS["not_stated"], language)] for language in LANGUAGES})


def _entry_row(one: EntryHours, names: OrganizationNames) -> _Row:
    cells = _titled(one.title, one.opportunity, one.organization, names)
    return _row(one.verified_seconds, cells, before=[_day(one.date)], after=[[f"{one.position:,}"]])


def _titled(title: LocalizedText, opportunity: str, organization: str, names: OrganizationNames) -> _Names:
    return {
        language: [localized(title, language) or printable(opportunity), names.of(organization, language)]
        for language in LANGUAGES
    }


def _same(text: str) -> _Names:
    return {language: [printable(text)] for language in LANGUAGES}


def _day(text: str) -> Cell:
    other = umm_al_qura_in_digits(calendar_day(text))
    return [text, other] if other else [text]
