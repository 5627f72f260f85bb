"""What is there to look at, of one moment? Facts that rules for anomalies need, and the events that findings show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec

from ledger.anomalies.facts import Facts
from ledger.anomalies.finding import EVENTS_MAX, event_place
from ledger.anomalies.thresholds import Thresholds
from ledger.projections.anomaly_statements import FACTS, FACTS_MAX
from ledger.projections.snapshot import ReadConnection

_VERIFYING: Final = ("hours-verified", "group-hours-verified")
_DECLINING: Final = ("hours-declined", "group-hours-declined")
# Hashes of all attendances need room; and the planner, which cannot know what is left of a group, guesses few and would
# look shifts up one by one. Afterwards few events are looked up among many, as everywhere else.
_ROOM: Final = """
    select set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
           set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true)
"""
_AS_EVERYWHERE: Final = """
    select set_config('enable_nestloop', 'on', true), set_config('enable_mergejoin', 'on', true)
"""
_EVENTS: Final = """
    select l.partition, l.position, l.event_type, l.attendance, l.actor, l.recorded_at
    from unnest(%(partitions)b::int[], %(positions)b::bigint[]) as shown (partition, position)
    join journal_lines l using (partition, position)
    where l.entry_index = 0
"""


class ShownEvent(NamedTuple):
    """An event of the evidence."""

    partition: int
    position: int
    event_type: str
    attendance: str
    actor: str
    recorded_at: datetime


async def read_facts(
    connection: ReadConnection, thresholds: Thresholds, start_date: date | None, end_date: date | None
) -> tuple[Facts, list[str]]:
    """Facts of attendances whose first date of service lies between, both included, and of which kinds there are more
    than FACTS_MAX. The connection's transaction reads one moment."""
    await connection.execute(_ROOM)
    parameters = {
        **thresholds.figures(),
        "start_date": start_date,
        "end_date": end_date,
        "declining": list(_DECLINING),
        "judging": [*_VERIFYING, *_DECLINING],
        "events_max": EVENTS_MAX,
        "facts_max": FACTS_MAX,
    }
    found: dict[str, list[msgspec.Raw]] = {}
    cursor = await connection.execute(FACTS, parameters, binary=True)
    for kind, fact in await cursor.fetchall():
        found.setdefault(kind, []).append(msgspec.Raw(fact.encode()))
    await connection.execute(_AS_EVERYWHERE)
    cut = [kind for kind, facts in found.items() if len(facts) > FACTS_MAX]
    return msgspec.json.decode(msgspec.json.encode(found), type=Facts), cut


async def read_events(connection: ReadConnection, codes: Sequence[int]) -> dict[int, ShownEvent]:
    """The events of these codes."""
    places = [event_place(code) for code in codes]
    parameters = {"partitions": [place[0] for place in places], "positions": [place[1] for place in places]}
    rows = [ShownEvent(*row) for row in await (await connection.execute(_EVENTS, parameters, binary=True)).fetchall()]
    by_place = {(row.partition, row.position): row for row in rows}
    return {code: by_place[place] for code, place in zip(codes, places, strict=True) if place in by_place}
