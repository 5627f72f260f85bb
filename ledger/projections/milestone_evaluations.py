"""Which levels of which programmes do people and teams reach, at one moment of the read database that is late enough?

For the process that records milestones: what is asked of many is asked by the same statements, of one snapshot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple

import msgspec

from ledger.domain.recognition import RecognitionLevel, Served, reaches
from ledger.domain.values import LocalizedText
from ledger.projections.basis import Ground, Patience, ReadPool
from ledger.projections.served_sums import served_sums
from ledger.projections.snapshot import ReadConnection, snapshot

WAIT_SECONDS: Final = 2.0
"""For projections that are behind; whoever asks comes again."""
_PROGRAMMES: Final = """
    select recognition, name, effective_date, levels::text from recognitions
    where approved_position is not null order by recognition, version desc
"""
_HOLDERS: Final = """
    select name from (
        (select initiative as name from initiatives where initiative > %(after)b order by initiative limit %(count)b)
        union all
        (select holder from balances where holder > greatest(%(after)b, 'volunteers/') and holder < 'volunteers0'
         order by holder limit %(count)b)
    ) one
    order by name limit %(count)b
"""


class _StoredLevel(msgspec.Struct):
    level: str
    by_nomination: bool
    verified_seconds_min: int | None = None
    months_min: int | None = None
    skills_used_min: int | None = None
    organizations_min: int | None = None
    honoured: Literal["team"] | None = None
    persons_min: int | None = None


class Programme(NamedTuple):
    """An approved version of a programme."""

    recognition: str
    version: str
    """Its name."""
    effective_date: date
    levels: Sequence[RecognitionLevel]


@dataclass(frozen=True, slots=True)
class Found:
    """What one person or team reaches."""

    served: Served
    reached: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(programme, level) → the version that was applied."""
    in_force: Mapping[str, str] = field(default_factory=dict)
    """Programme → the version that applies to the person; without verified service there is none."""


@dataclass(frozen=True, slots=True)
class Milestones:
    """What each person or team reaches, and the positions it rests on."""

    of_holders: Mapping[str, Found]
    positions: Mapping[int, int]


class MilestoneEvaluations:
    """Reads the read database. Every method waits until `wanted` (partition → position) is applied.

    All raise NotYetApplied when it is not in time, and psycopg.Error or PoolTimeout when the database is away.
    """

    def __init__(self, pool: ReadPool, partitions: int) -> None:
        self._pool = pool
        self._ground = Ground(partitions, None)

    async def any_programme(self, wanted: Mapping[int, int]) -> bool:
        """Whether any version of any programme is approved."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            return bool(await _programmes(found.connection))

    async def holders(self, after: str, count: int, wanted: Mapping[int, int]) -> list[str]:
        """The next teams, then persons who have hours, by name; `after` is empty for the first ones."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            cursor = await found.connection.execute(_HOLDERS, {"after": after, "count": count}, binary=True)
            return [row[0] for row in await cursor.fetchall()]

    async def evaluate(self, holders: Collection[str], wanted: Mapping[int, int]) -> Milestones:
        """What these persons and teams reach."""
        async with snapshot(self._pool, self._ground, wanted, Patience.of(WAIT_SECONDS)) as found:
            programmes = await _programmes(found.connection)
            served = await served_sums(found.connection, holders)
        of_holders = {holder: found_by(programmes, amount) for holder, amount in served.items()}
        return Milestones(of_holders, found.basis.positions)


def found_by(programmes: Sequence[Programme], served: Served) -> Found:
    """What somebody who served so reaches. Of a programme the versions come newest first."""
    in_force: dict[str, Programme] = {}
    for one in programmes:
        if served.newest_date is not None and one.effective_date <= served.newest_date:
            in_force.setdefault(one.recognition, one)
    reached = {
        (one.recognition, level.level): one.version
        for one in in_force.values()
        for level in one.levels
        if reaches(level, served)
    }
    return Found(served, reached, {name: one.version for name, one in in_force.items()})


async def _programmes(connection: ReadConnection) -> list[Programme]:
    rows = await (await connection.execute(_PROGRAMMES, binary=True)).fetchall()
    return [Programme(recognition, name, day, _levels(levels)) for recognition, name, day, levels in rows]


def _levels(stored: str) -> list[RecognitionLevel]:
    return [
        RecognitionLevel(
            level=one.level,
            display_name=LocalizedText(),
            verified_seconds_min=one.verified_seconds_min,
            months_min=one.months_min,
            skills_used_min=one.skills_used_min,
            organizations_min=one.organizations_min,
            by_nomination=one.by_nomination,
            honoured=one.honoured,
            persons_min=one.persons_min,
        )
        for one in msgspec.json.decode(stored, type=list[_StoredLevel])
    ]
