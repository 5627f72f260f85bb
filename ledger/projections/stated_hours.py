"""What verified hours has somebody in a statement's scope, as of a size of their partition's log?

A row for each attendance and date of service; names and titles are those of the moment it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.refusals import Reason, refuse
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import path_of
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.directory_data import OpportunityDetails
from ledger.projections.snapshot import ReadConnection, snapshot

_NAME: Final = "full_name"
_PERSON: Final = "select erased, details -> %(field)b from volunteers where volunteer = %(holder)b"
_ROWS: Final = """
    select attendance, service_date, opportunity, organization, verified_seconds, position from (
        select attendance, service_date, opportunity, organization, max(position) as position,
               sum(seconds * ((to_class = 3)::int - (from_class = 3)::int))::bigint as verified_seconds
        from entries
        where holder = %(holder)b and position <= %(size)b and 3 in (from_class, to_class)
          and service_date >= %(first)b and service_date <= %(last)b
          and (cardinality(%(organizations)b::text[]) = 0 or organization = any(%(organizations)b))
        group by attendance, service_date, opportunity, organization
    ) of_attendances
    where verified_seconds <> 0 order by service_date, attendance
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


class StatedHoursQuestions:
    """Reads the read database. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int) -> None:
        self._pool = pool
        self._ground = Ground(partitions, None)

    async def stated(self, scope: Scope, partition: int, size: int, seconds_left: float | None) -> StatedHours:
        """The hours of a scope in the first `size` events of the person's partition.

        Refuses NOT_FOUND, VOLUNTEER_ERASED. Raises NotYetApplied when the projections are not there in time.
        """
        async with snapshot(self._pool, self._ground, {partition: size}, Patience.of(seconds_left)) as found:
            return await _stated(found.connection, scope, size)


async def _stated(connection: ReadConnection, scope: Scope, size: int) -> StatedHours:
    person = {"holder": scope.holder, "field": _NAME}
    known = await (await connection.execute(_PERSON, person, binary=True)).fetchone()
    if known is None:
        refuse(Reason.NOT_FOUND, name=scope.holder)
    if known[0]:
        refuse(Reason.VOLUNTEER_ERASED, name=scope.holder)
    parameters = {**scope._asdict(), "organizations": list(scope.organizations), "size": size}
    rows = [StatedRow(*row) for row in await (await connection.execute(_ROWS, parameters, binary=True)).fetchall()]
    return StatedHours(
        rows,
        await _offered(connection, {row.opportunity for row in rows}),
        await _named(connection, {row.organization for row in rows}),
        None
        if known[1] is None
        else SealedField(scope.holder, known[1]["event_id"], path_of(_NAME), known[1]["sealed"]),
    )


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
