"""Rows for matching: what is known of a person, and the open shifts to come of opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, LiteralString, TypeAlias

from ledger.domain.policy import STANDARD_POLICY_STREAM
from ledger.domain.preference_events import PREFERENCES_PATH
from ledger.domain.refusals import Reason, refuse
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import path_of
from ledger.projections.search_filter import Narrowed
from ledger.projections.snapshot import ReadConnection
from ledger.search.matching import Busy, Completed, Offer
from ledger.search.ranking import Candidate, Opened
from ledger.search.sets import CHUNK_NUMBERS, Chunk

SHIFTS_LOOKED_AT: Final = 20
"""The next ones of each opportunity."""
_ACTIVE: Final = ("accepted", "requested", "waitlisted", "absent")
_BUSY: Final = ("accepted", "requested", "waitlisted")

_VOLUNTEER: Final = """
    select details, consents, charters, erased, preferences, preferences_set_at from volunteers
    where volunteer = %(volunteer)b
"""
_REGISTERED: Final = """
    select s.opportunity, s.begins_at, s.ends_at, r.state
    from registrations r join shifts s using (shift)
    where r.volunteer = %(volunteer)b and r.state = any(%(active)b) and s.state = 'open'
"""
_SERVED: Final = """
    select distinct v.organization, v.sector
    from (select distinct opportunity from journal_lines where holder = %(volunteer)b) served
    join search_opportunities v on v.opportunity = served.opportunity
"""
_COMPLETED: Final = """
    select course, completed_on, valid_until from completion_records
    where completion >= %(volunteer)b || '/completions/' and completion < %(volunteer)b || '/completions0'
      and completes and revoked_position is null
"""
_POLICIES: Final = """
    select effective_date, version, rules from policies
    where policy = %(policy)b and kind = 'hours' and approved_position is not null
"""
_OFFERS: Final[LiteralString] = """
    select o.partition, o.number, o.opportunity, o.sector, o.level, o.organization,
           n.shift, n.begins_at, n.places_left, n.region, n.city_key, n.online, n.ends_at, n.local_day,
           coalesce((p.details ->> 'minimum_age_years')::int, 0), p.waiting_places - n.waiting,
           p.details -> 'required_courses'
    from unnest(%(partitions)b::int[], %(numbers)b::int[]) as asked (partition, number)
    join search_opportunities o on o.partition = asked.partition and o.number = asked.number
    join opportunities p on p.opportunity = o.opportunity
    join lateral (
        select s.*,
               case when s.places > s.places_taken then 0 else (
                   select count(*) from registrations w where w.shift = s.shift and w.waiting_order is not null
               )::int end as waiting
        from (select shifts.*, places - places_taken as places_left from shifts) s
        where s.opportunity = o.opportunity and s.state = 'open' and s.begins_at > %(after)b
          and s.from_minute is not null and
"""

Versions: TypeAlias = Sequence[tuple[date, int, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as the read database has them: what is sealed stays so."""

    birth_date: SealedField | None
    preferences: SealedField | None
    preferences_set_at: datetime | None
    consents: Sequence[date | None]
    has_charter: bool
    busy: Sequence[Busy]
    registered: frozenset[str]
    completed: Sequence[Completed]
    served_organizations: frozenset[str]
    served_sectors: frozenset[str]


@dataclass(slots=True)
class Offered:
    """An opportunity with its next open shifts that have times, not yet judged."""

    candidate: Candidate
    organization: str
    offers: list[Offer] = field(default_factory=list)


async def person_of(connection: ReadConnection, volunteer: str) -> KnownPerson:
    """What is known of a person. Refuses NOT_FOUND, VOLUNTEER_ERASED."""
    asked = {"volunteer": volunteer, "active": list(_ACTIVE)}
    row = await (await connection.execute(_VOLUNTEER, asked, binary=True)).fetchone()
    if row is None:
        refuse(Reason.NOT_FOUND, name=volunteer)
    details, consents, charters, erased, preferences, set_at = row
    if erased:
        refuse(Reason.VOLUNTEER_ERASED, name=volunteer)
    registered = await (await connection.execute(_REGISTERED, asked, binary=True)).fetchall()
    served = await (await connection.execute(_SERVED, asked, binary=True)).fetchall()
    completed = await (await connection.execute(_COMPLETED, asked, binary=True)).fetchall()
    in_force = [told["until_date"] for told in consents.values() if not told["withdrawn"]]
    return KnownPerson(
        birth_date=_sealed(volunteer, path_of("birth_date"), details.get("birth_date")),
        preferences=_sealed(volunteer, PREFERENCES_PATH, preferences),
        preferences_set_at=set_at,
        consents=[None if until is None else date.fromisoformat(until) for until in in_force],
        has_charter=bool(charters),
        busy=[Busy(begins, ends) for _, begins, ends, state in registered if state in _BUSY],
        registered=frozenset(opportunity for opportunity, *_ in registered),
        completed=[Completed(*row) for row in completed],
        served_organizations=frozenset(organization for organization, _ in served),
        served_sectors=frozenset(sector for _, sector in served if sector),
    )


async def policy_versions(connection: ReadConnection) -> Versions:
    """Every approved version of the policy that decides hours."""
    rows = await connection.execute(_POLICIES, {"policy": STANDARD_POLICY_STREAM}, binary=True)
    return [(day, number, rules) for day, number, rules in await rows.fetchall()]


async def offers_of(
    connection: ReadConnection, part: Sequence[tuple[Chunk, int]], asked: Narrowed, now: datetime
) -> list[Offered]:
    """The opportunities with these numbers that have an open shift to come which passes the filter."""
    statement: LiteralString = _OFFERS + asked.conditions + " order by s.begins_at, s.shift limit %(shifts)b) n on true"
    parameters = {
        **asked.parameters,
        "after": now,
        "shifts": SHIFTS_LOOKED_AT,
        "partitions": [chunk[0] for chunk, _ in part],
        "numbers": [chunk[1] * CHUNK_NUMBERS + offset for chunk, offset in part],
    }
    used = {name: value for name, value in parameters.items() if f"%({name})" in statement}
    return _gathered(await (await connection.execute(statement, used, binary=True)).fetchall())


def _gathered(rows: Sequence[Sequence[Any]]) -> list[Offered]:
    found: dict[str, Offered] = {}
    for partition, number, opportunity, sector, level, organization, *told in rows:
        chunk = (partition, number // CHUNK_NUMBERS)
        candidate = Candidate(chunk, number % CHUNK_NUMBERS, sector, level)
        offered = found.setdefault(opportunity, Offered(candidate, organization))
        *opened, ends_at, local_day, minimum_age_years, waiting_left, required = told
        opening = Opened(*opened)
        offered.offers.append(
            Offer(opening, opportunity, ends_at, local_day, minimum_age_years, waiting_left, tuple(required or ()))
        )
    for offered in found.values():
        offered.offers.sort(key=lambda offer: (offer.opened.begins_at, offer.opened.shift))
    return list(found.values())


def _sealed(volunteer: str, path: str, told: Mapping[str, str] | None) -> SealedField | None:
    return None if told is None else SealedField(volunteer, told["event_id"], path, told["sealed"])
