"""What has somebody served in a period, now? Many callers' questions in one statement, as for balances.

Which period it is depends on rules that hardly ever change. They are kept, and each statement also tells whether they
are still the ones: if not, whoever asked reads them anew and asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.gathered_lookups import GatheredLookups
from ledger.projections.approved_versions import STATE_SQL, State
from ledger.projections.basis import Basis, Ground, ReadPool
from ledger.projections.requirement_versions import Requirements
from ledger.projections.sums import CLASS_COUNT, OF_ENTRIES
from ledger.requirements.evaluation import Served
from ledger.requirements.period import Bounds
from ledger.requirements.rules import RequirementVersion, in_force

_Question = tuple[str, Bounds]

ASKED_SQL: Final = """
    asked as (
        select * from unnest(%(holders)b::text[], %(first)b::date[], %(last)b::date[])
            with ordinality as a (holder, first_date, last_date, number)
    )
"""
"""A common table expression: who is asked about, and in which period."""

# One statement is one snapshot: sums, positions and rules are of one moment.
_LOOK_UP: Final = f"""
    with {ASKED_SQL}
    select partition, position, recorded_at, 0::bigint, false, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
           0::bigint, 0::bigint
    from positions
    union all
    select -2, state.versions, null, state.approved, false, 0, 0, 0, 0, 0, 0, 0
    from ({STATE_SQL}) as state (versions, approved)
    union all
    select -3, 0, null, asked.number, false, 0, 0, 0, 0, 0, 0, 0
    from asked join volunteer_links l on l.volunteer = asked.holder and l.ended_position is null
    union all
    select -1, 0, null, asked.number, served.*
    from asked cross join lateral (
        select coalesce(o.compulsory_service, false), count(*), {OF_ENTRIES}
        from entries e
        left join lateral (
            select v.compulsory_service from opportunity_versions v
            where v.opportunity = e.opportunity order by v.position desc limit 1
        ) o on true
        where e.holder = asked.holder and e.service_date between asked.first_date and asked.last_date
        group by 1
    ) served
"""
_OF_POLICIES: Final = -2
_OF_ASKED: Final = -1
_OF_LINKS: Final = -3


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody served, the rules it is asked under, and what both rest on."""

    version: RequirementVersion
    period: Bounds
    basis: Basis
    served: Served | None
    """None: no entry in the period."""


@dataclass(frozen=True, slots=True)
class _Looked:
    basis: Basis
    state: State
    served: Served | None
    linked: bool


class RequirementLookups:
    """The present of one read database, for all callers of this process."""

    def __init__(self, pool: ReadPool, ground: Ground) -> None:
        self._pool = pool
        self._ground = ground
        self._known = Requirements()
        self._gathered = GatheredLookups("requirements", self._look_up)

    def learn(self, requirements: Requirements) -> None:
        """Keep rules that were read."""
        self._known = requirements

    async def find(self, requirement: str, holder: str, day: date) -> Found | None:
        """At a moment after this call; None when the rules kept are not, or perhaps not, those of that moment, and for
        who may have another name, whose hours count too.

        Refuses HIJRI_DATE_UNKNOWN. Raises psycopg.Error or PoolTimeout.
        """
        known = self._known
        chosen = in_force(known.versions(requirement), requirement, day)
        if chosen is None:
            return None
        version, period = chosen
        looked = await self._gathered.find((holder, period))
        if looked.state != known.state or looked.linked:
            return None
        return Found(version, period, looked.basis, looked.served)

    async def _look_up(self, asked: Sequence[_Question]) -> list[_Looked]:
        parameters = asked_parameters(asked)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_LOOK_UP, parameters, prepare=True, binary=True)
            rows = await cursor.fetchall()
        basis = self._ground.basis(sorted(row[:3] for row in rows if row[0] >= 0))
        [state] = [(row[1], row[3]) for row in rows if row[0] == _OF_POLICIES]
        served = served_by_number([row[3:] for row in rows if row[0] == _OF_ASKED])
        linked = {row[3] for row in rows if row[0] == _OF_LINKS}
        return [_Looked(basis, state, served.get(number), number in linked) for number in range(1, len(asked) + 1)]


def asked_parameters(asked: Sequence[_Question]) -> dict[str, object]:
    """Parameters of ASKED_SQL."""
    return {
        "holders": [holder for holder, _ in asked],
        "first": [period.first for _, period in asked],
        "last": [period.last for _, period in asked],
    }


def served_by_number(rows: Sequence[Sequence[Any]]) -> Mapping[int, Served]:
    """From rows (number, whether compulsory, count of entries, seconds by class)."""
    served: dict[int, Served] = {}
    for number, compulsory, count, *seconds in rows:
        if len(seconds) != CLASS_COUNT:
            raise ValueError(f"{len(seconds)} classes")
        before = served.get(number, _NOTHING)
        if compulsory:
            served[number] = Served(before.entry_count + count, before.free, seconds)
        else:
            served[number] = Served(before.entry_count + count, seconds, before.compulsory)
    return served


_NOTHING: Final = Served()
