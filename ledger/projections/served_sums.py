"""What do verified hours amount to, of persons over their lives and of teams? What levels of recognition count."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, LiteralString

from ledger.domain.initiative import is_initiative
from ledger.domain.recognition import Served
from ledger.projections.snapshot import ReadConnection

_VERIFIED: Final = "sum(seconds * ((to_class = 3)::int - (from_class = 3)::int))"
_COUNTED: Final = """
    , skilled as (
        select s.who, count(distinct skill) as skills
        from (select distinct who, opportunity from served) s
        join opportunities o using (opportunity)
        cross join lateral jsonb_array_elements_text(coalesce(o.details->'skills', '[]')) as skill
        group by s.who
    )
    select served.who, sum(seconds)::bigint, min(service_date), max(service_date), coalesce(min(skills), 0),
           count(distinct organization)"""
_BY: Final = "from served left join skilled using (who) group by served.who"
_OF_PERSONS: Final[LiteralString] = f"""
    with served as materialized (
        select holder as who, opportunity, organization, service_date, {_VERIFIED} as seconds
        from entries where holder = any(%(names)b)
        group by holder, opportunity, organization, service_date having {_VERIFIED} > 0
    )
    {_COUNTED} {_BY}
"""
# Day by day of each person: who was reversed on one day is not counted for it, and is on another.
_OF_TEAMS: Final[LiteralString] = f"""
    with served as materialized (
        select organization as who, holder, opportunity, organization, service_date, {_VERIFIED} as seconds
        from entries
        where starts_with(organization, 'initiatives/')
          and hashtext(organization) = any(array(select hashtext(name) from unnest(%(names)b::text[]) as name))
          and organization = any(%(names)b)
        group by organization, holder, opportunity, service_date having {_VERIFIED} > 0
    )
    {_COUNTED}, count(distinct holder) filter (where starts_with(holder, 'volunteers/')) {_BY}
"""


async def served_sums(connection: ReadConnection, names: Collection[str]) -> dict[str, Served]:
    """Person or team → what their verified hours amount to, at the connection's snapshot."""
    teams = [name for name in names if is_initiative(name)]
    found = {name: Served(persons_count=0) if is_initiative(name) else Served() for name in names}
    for statement, asked in ((_OF_PERSONS, [name for name in names if not is_initiative(name)]), (_OF_TEAMS, teams)):
        if asked:
            cursor = await connection.execute(statement, {"names": asked}, binary=True)
            found |= {row[0]: Served(*row[1:]) for row in await cursor.fetchall()}
    return found
