"""What verified hours has somebody in a statement's scope, as of a size of their partition's log?

A row for each attendance and date of service; names and titles are those of the moment it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.refusals import Reason, Refusal
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import path_of
from ledger.gathered_lookups import GatheredLookups
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.directory_data import OpportunityDetails
from ledger.projections.snapshot import ReadConnection, snapshot

WAIT_SECONDS: Final = 5.0
"""For projections that are behind a size that is signed already."""
_NAME: Final = "full_name"
_ROWS: Final = """
    select asked.number, v.erased, v.details -> %(field)b, r.attendance, r.service_date, r.opportunity, r.organization,
           r.verified_seconds, r.position
    from unnest(
        %(holders)b::text[], %(sizes)b::bigint[], %(firsts)b::date[], %(lasts)b::date[], %(organizations)b::text[]
    ) with ordinality as asked (holder, size, first, last, organizations, number)
    join volunteers v on v.volunteer = asked.holder
    left join lateral (
        select attendance, service_date, opportunity, organization, max(position) as position,
               sum(seconds * ((to_class = 3)::int - (from_class = 3)::int))::bigint as verified_seconds
        from entries
        where holder = asked.holder and position <= asked.size and 3 in (from_class, to_class)
          and service_date >= asked.first and service_date <= asked.last
          and (asked.organizations = '' or organization = any(string_to_array(asked.organizations, ' ')))
        group by attendance, service_date, opportunity, organization
    ) r on r.verified_seconds <> 0
    order by asked.number, r.service_date, r.attendance
"""
_OPPORTUNITIES: Final = "select opportunity, details::text from opportunities where opportunity = any(%b)"
_ORGANIZATIONS: Final = """
    select organization, display_name_ar, display_name_en from organizations where organization = any(%(names)b)
    union all
    select initiative, display_name_ar, display_name_en from initiatives where initiative = any(%(names)b)
"""
_DETAILS: Final = msgspec.json.Decoder(OpportunityDetails)


class Scope(NamedTuple):
    """Which hours a statement is of."""

    holder: str
    first: date
    """date.min: open."""
    last: date
    organizations: Sequence[str]
    """Empty: all."""


class StatedRow(NamedTuple):
    """Verified seconds of one attendance on one date."""

    attendance: str
    service_date: date
    opportunity: str
    organization: str
    verified_seconds: int
    position: int
    """Of the newest event that moved them."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What is told of an opportunity."""

    title: Mapping[str, str]
    """By language, `ar` and `en`; those there are."""
    sector: str
    skills: Sequence[str]


@dataclass(frozen=True, slots=True)
class StatedHours:
    """Rows in order of date, and what they name."""

    rows: Sequence[StatedRow]
    opportunities: Mapping[str, Offered]
    organizations: Mapping[str, Mapping[str, str]]
    """Name → its display name by language."""
    full_name: SealedField | None
    """Of the person, where it is known."""


class Asked(NamedTuple):
    """The hours of a scope in the first `size` events of the person's partition."""

    scope: Scope
    partition: int
    size: int


class StatedHoursQuestions:
    """Reads the read database; who asks at the same time shares its statements. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int) -> None:
        self._pool = pool
        self._ground = Ground(partitions, None)
        self._gathered = GatheredLookups("stated hours", self._look_up)

    async def stated(self, asked: Sequence[Asked]) -> list[StatedHours | Refusal]:
        """In their order; NOT_FOUND or VOLUNTEER_ERASED for a person whose hours are not there.

        Raises NotYetApplied when the projections are not there in time.
        """
        return await self._gathered.find_all(asked)

    async def _look_up(self, asked: Sequence[Asked]) -> list[StatedHours | Refusal]:
        wanted: dict[int, int] = {}
        for one in asked:
            wanted[one.partition] = max(one.size, wanted.get(one.partition, 0))
        parameters = {
            "field": _NAME,
            "holders": [one.scope.holder for one in asked],
            "sizes": [one.size for one in asked],
            "firsts": [one.scope.first for one in asked],
            "lasts": [one.scope.last for one in asked],
            "organizations": [" ".join(one.scope.organizations) for one in asked],
        }
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            rows = await (await found.connection.execute(_ROWS, parameters, binary=True)).fetchall()
            known = _Known(
                await _offered(found.connection, {row[5] for row in rows if row[5] is not None}),
                await _named(found.connection, {row[6] for row in rows if row[6] is not None}),
            )
        by_number: dict[int, list[Sequence[Any]]] = {}
        for row in rows:
            by_number.setdefault(row[0], []).append(row)
        return [_stated(one.scope.holder, by_number.get(number, []), known) for number, one in enumerate(asked, 1)]


class _Known(NamedTuple):
    opportunities: Mapping[str, Offered]
    organizations: Mapping[str, Mapping[str, str]]


def _stated(holder: str, rows: Sequence[Sequence[Any]], known: _Known) -> StatedHours | Refusal:
    if not rows:
        return Refusal(Reason.NOT_FOUND, {"name": holder})
    _, erased, name, *_ = rows[0]
    if erased:
        return Refusal(Reason.VOLUNTEER_ERASED, {"name": holder})
    stated = [StatedRow(*row[3:]) for row in rows if row[3] is not None]
    sealed = None if name is None else SealedField(holder, name["event_id"], path_of(_NAME), name["sealed"])
    opportunities = {row.opportunity: known.opportunities[row.opportunity] for row in stated}
    organizations = {row.organization: known.organizations.get(row.organization, {}) for row in stated}
    return StatedHours(stated, opportunities, organizations, sealed)


async def _offered(connection: ReadConnection, names: Iterable[str]) -> dict[str, Offered]:
    found = await (await connection.execute(_OPPORTUNITIES, (list(names),), binary=True)).fetchall()
    return {name: _told(_DETAILS.decode(details)) for name, details in found}


def _told(details: OpportunityDetails) -> Offered:
    return Offered(_texts(details.title.ar, details.title.en), details.sector or "", details.skills)


async def _named(connection: ReadConnection, names: Iterable[str]) -> dict[str, Mapping[str, str]]:
    found: Sequence[Sequence[Any]] = await (
        await connection.execute(_ORGANIZATIONS, {"names": list(names)}, binary=True)
    ).fetchall()
    return {name: _texts(arabic, english) for name, arabic, english in found}


def _texts(arabic: str | None, english: str | None) -> dict[str, str]:
    return {language: text for language, text in (("ar", arabic), ("en", english)) if text}
