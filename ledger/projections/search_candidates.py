"""From sets of numbers to rows: which of those found are looked at, and the next shifts of each.

What a question costs is bounded here: of more than can be ranked, those with the most of its words come first, then
those whose shifts begin soonest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, LiteralString

from ledger.projections.search_filter import Narrowed, beginning_of_time, months
from ledger.projections.search_sets import KeySets
from ledger.search.ranking import Candidate, Opened
from ledger.search.sets import CHUNK_NUMBERS, Chunk, Numbers, bits_of, joined, met, size, without

RANKED_MAX: Final = 100
"""So many are ranked; there may be more."""
ROUNDS_MAX: Final = 4
"""So often as many again are looked at, when a filter leaves few of them."""
PART_MIN: Final = 20
"""A further part has so many at least."""
SHIFTS_TOLD_MAX: Final = 5
_DAYS_A_STEP: Final = (2, 5, 24)
_MONTHS_A_STEP: Final = (3, 21)

_ROWS: Final[LiteralString] = """
    select asked.partition, asked.number, n.sector, n.level,
           n.shift, n.begins_at, n.places_left, n.region, n.city_key, n.online
    from unnest(%(partitions)b::int[], %(numbers)b::int[]) as asked (partition, number)
"""
_OPENINGS: Final[LiteralString] = """
    (
        select s.sector, s.level, s.shift, s.begins_at, s.places_left, s.region, s.city_key, s.online
        from search_openings s
        where s.partition = asked.partition and s.number = asked.number and s.begins_at > %(after)b and
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at."""

    candidates: Sequence[Candidate]
    whole: bool
    """Whether that is all there was."""


async def look(sets: KeySets, levels: Sequence[Numbers], asked: Narrowed, now: datetime, *, soonest: bool) -> Looked:
    """The candidates that pass the filter, as many as are ranked. `levels`: what comes first, then what next, …"""
    found: list[Candidate] = []
    rounds = 0
    # Keys of a filter let some through that its conditions do not: with a few more, one statement is mostly enough.
    first = RANKED_MAX * 5 // 4 if asked.of_shifts else RANKED_MAX
    async for part in parts(in_order(sets, levels, asked, now, soonest=soonest), found, RANKED_MAX, first):
        if rounds == ROUNDS_MAX or len(found) >= RANKED_MAX:
            return Looked(found[:RANKED_MAX], whole=False)
        found += await _rows(sets, part, asked, now)
        rounds += 1
    return Looked(found[:RANKED_MAX], whole=len(found) <= RANKED_MAX)


async def in_order(
    sets: KeySets, levels: Sequence[Numbers], asked: Narrowed, now: datetime, *, soonest: bool
) -> AsyncIterator[Numbers]:
    """What is looked at, part by part: a level after the other.

    Of a large one the newest published come first, or with `soonest` those whose shifts begin soonest.
    """
    seen: Numbers = {}
    for level in levels:
        new = without(level, seen)
        seen = joined((seen, level))
        if size(new) <= RANKED_MAX or asked.include_past or not soonest:
            yield new
        else:
            async for sooner in _soonest(sets, new, max(asked.from_day or now.date(), now.date())):
                yield sooner


async def _soonest(sets: KeySets, whole: Numbers, first: date) -> AsyncIterator[Numbers]:
    """Parts of `whole`, those with a shift in the next days first; those of a past day are in none."""
    for keys in _steps(first):
        await sets.read(keys)
        for key in keys:
            if some := met(whole, sets.sets[key]):
                yield some
                whole = without(whole, some)


def _steps(first: date) -> Iterator[list[str]]:
    day = first - timedelta(days=1)  # somewhere west of us it is still yesterday
    for count in _DAYS_A_STEP:
        yield [f"=day:{day + timedelta(days=one)}" for one in range(count)]
        day += timedelta(days=count)
    for count in _MONTHS_A_STEP:
        yield months(day, count)
        day = (day.replace(day=1) + timedelta(days=31 * count)).replace(day=1)


async def parts(
    some: AsyncIterator[Numbers], found: Sequence[object], most: int, first: int
) -> AsyncIterator[list[tuple[Chunk, int]]]:
    """The numbers in order, the newest chunk first: each part is one statement.

    `found`: what the parts so far left, of which `most` are wanted; `first`: how many are in the first part.
    """
    part: list[tuple[Chunk, int]] = []
    count = first
    async for numbers in some:
        for chunk in sorted(numbers, key=lambda place: (-place[1], place[0])):
            for offset in bits_of(numbers[chunk]):
                part.append((chunk, offset))
                if len(part) == count:
                    yield part
                    part = []
                    # Where a filter left most, a few more are enough; where it left few, as many again.
                    count = min(most, max(PART_MIN, 2 * (most - len(found))))
    if part:
        yield part


async def _rows(sets: KeySets, part: Sequence[tuple[Chunk, int]], asked: Narrowed, now: datetime) -> list[Candidate]:
    statement: LiteralString = (
        _ROWS
        + ("left join lateral" if asked.include_past and not asked.of_shifts else "join lateral")
        + _OPENINGS
        + asked.conditions
        + " order by s.begins_at, s.shift limit %(shifts)b) n on true"
    )
    parameters = {
        **asked.parameters,
        "after": beginning_of_time(asked, now),
        "shifts": SHIFTS_TOLD_MAX,
        "partitions": [chunk[0] for chunk, _ in part],
        "numbers": [chunk[1] * CHUNK_NUMBERS + offset for chunk, offset in part],
    }
    used = {name: value for name, value in parameters.items() if f"%({name})" in statement}
    rows = await (await sets.connection.execute(statement, used, binary=True)).fetchall()
    return _gathered(rows)


def _gathered(rows: Sequence[Sequence[Any]]) -> list[Candidate]:
    found: dict[tuple[int, int], Candidate] = {}
    for partition, number, sector, level, *opened in rows:
        candidate = found.get((partition, number))
        if candidate is None:
            chunk = (partition, number // CHUNK_NUMBERS)
            candidate = found[partition, number] = Candidate(chunk, number % CHUNK_NUMBERS, sector, level)
        if opened[0] is not None:
            candidate.shifts.append(Opened(*opened))
    return list(found.values())
