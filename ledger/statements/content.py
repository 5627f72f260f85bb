"""From verified hours to what a statement can disclose: sums by organisation, role, sector, year and skill; entries.

Pure functions; docs/statements.md says what each of them is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from ledger.projections.stated_hours import StatedHours, StatedRow

Claim: TypeAlias = dict[str, object]
K = TypeVar("K", bound=Hashable)


def disclosable(hours: StatedHours, shown: Iterable[str], full_name: str) -> Claim:
    """Claims by name, of what is to be shown; a name that is not known is left out."""
    made: dict[str, Callable[[StatedHours], object]] = {
        "organizations": _organizations,
        "roles": _roles,
        "sectors": _sectors,
        "years": _years,
        "skills": _skills,
        "entries": _entries,
    }
    chosen = set(shown)
    named: Claim = {"full_name": full_name} if "name" in chosen and full_name else {}
    return named | {name: make(hours) for name, make in made.items() if name in chosen}


def initials(full_name: str) -> str:
    """Of the first and the last of somebody's names, each with a full stop; empty without a name."""
    words = full_name.split()
    return " ".join(f"{word[0]}." for word in dict.fromkeys([*words[:1], *words[-1:]]))


def _organizations(hours: StatedHours) -> Sequence[Claim]:
    return [
        {"name": name, "display_name": hours.organizations.get(name, {}), **_sums(rows)}
        for name, rows in _most_first(hours.rows, lambda row: row.organization)
    ]


def _roles(hours: StatedHours) -> Sequence[Claim]:
    return [
        {
            "opportunity": opportunity,
            "title": hours.opportunities[opportunity].title,
            "organization": organization,
            "skills": list(hours.opportunities[opportunity].skills),
            **_sums(rows),
        }
        for (opportunity, organization), rows in _most_first(
            hours.rows, lambda row: (row.opportunity, row.organization)
        )
    ]


def _sectors(hours: StatedHours) -> Sequence[Claim]:
    grouped = _most_first(hours.rows, lambda row: hours.opportunities[row.opportunity].sector)
    return [{"sector": sector, "verified_seconds": _seconds(rows)} for sector, rows in grouped]


def _years(hours: StatedHours) -> Sequence[Claim]:
    grouped = _groups(hours.rows, lambda row: row.service_date.year)
    return [{"year": year, "verified_seconds": _seconds(grouped[year])} for year in sorted(grouped)]


def _skills(hours: StatedHours) -> Sequence[Claim]:
    seconds: dict[str, int] = {}
    for row in hours.rows:
        for skill in hours.opportunities[row.opportunity].skills:
            seconds[skill] = seconds.get(skill, 0) + row.verified_seconds
    ordered = sorted(seconds.items(), key=lambda one: (-one[1], one[0]))
    return [{"skill": skill, "verified_seconds": sum_} for skill, sum_ in ordered]


def _entries(hours: StatedHours) -> Sequence[Claim]:
    return [
        {
            "date": row.service_date.isoformat(),
            "organization": row.organization,
            "opportunity": row.opportunity,
            "title": hours.opportunities[row.opportunity].title,
            "verified_seconds": row.verified_seconds,
            "position": row.position,
        }
        for row in hours.rows
    ]


def _groups(rows: Sequence[StatedRow], key: Callable[[StatedRow], K]) -> dict[K, list[StatedRow]]:
    grouped: dict[K, list[StatedRow]] = {}
    for row in rows:
        grouped.setdefault(key(row), []).append(row)
    return grouped


def _most_first(rows: Sequence[StatedRow], key: Callable[[StatedRow], K]) -> list[tuple[K, list[StatedRow]]]:
    return sorted(_groups(rows, key).items(), key=lambda one: (-_seconds(one[1]), str(one[0])))


def _sums(rows: Sequence[StatedRow]) -> Claim:
    """Rows are in order of their dates."""
    return {
        "verified_seconds": _seconds(rows),
        "first_date": rows[0].service_date.isoformat(),
        "last_date": rows[-1].service_date.isoformat(),
    }


def _seconds(rows: Iterable[StatedRow]) -> int:
    return sum(row.verified_seconds for row in rows)
