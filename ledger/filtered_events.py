"""Reading the event store through a filter: stored bytes and columns decide, no object is rebuilt.

A search goes on in steps of bounded work, each of which tells how far it has got: who searches for something rare hears
from it all the same, and who has gone away is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString, TypeAlias

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken
from ledger.event_store import column_difference

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

SCANNED_POSITIONS: Final = 5_000
"""Looked at in one step: each row is read, a few hundredths of a second."""
HOLDER_POSITIONS: Final = 1_000_000
"""The same where a holder is named: the index on streams finds its events, however many lie between them."""

_BEGIN: Final = """
    select position, stream, version, type, recorded_at, body from events
    where partition = %(partition)b and position > %(after)b and position <= %(upto)b
"""
_OF_TYPES: Final = "and type = any(%(types)b)"
_OF_HOLDER: Final = "and (stream = %(holder)b or stream like %(below_holder)b)"
# Most events are passed over here; whether the organization is named where it should be, the parsed event says.
_NAMING: Final = "and position(%(quoted)b in body) > 0"
_END: Final = "order by position limit %(limit)b"
_RECORDED_AT: Final = "select recorded_at from events where partition = %b and position = %b"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted. What is empty lets all pass."""

    types: Sequence[str] = ()
    """Stored names: any of them."""
    holder: str = ""
    """`volunteers/v` or `opportunities/o`: its own stream and those below it."""
    organization: str = ""
    """Named as `data.organization`."""

    @property
    def step_positions(self) -> int:
        """How many positions one step may look at."""
        return HOLDER_POSITIONS if self.holder else SCANNED_POSITIONS

    @property
    def statement(self) -> LiteralString:
        """The rows of one step that may pass."""
        types: LiteralString = _OF_TYPES if self.types else ""
        holder: LiteralString = _OF_HOLDER if self.holder else ""
        naming: LiteralString = _NAMING if self.organization else ""
        return f"{_BEGIN} {types} {holder} {naming} {_END}"


class _Data(msgspec.Struct, frozen=True):
    organization: str = ""


class _Event(msgspec.Struct, frozen=True):
    data: _Data


_EVENT: Final = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found."""

    positions: list[int]
    bodies: list[bytes]
    next_position: int
    """The first position that was not looked at."""


class FilteredEvents:
    """The events of one partition that pass a filter."""

    def __init__(self, pool: Pool, partition: int, wanted: EventFilter) -> None:
        """`pool` reaches the event store under a role that may read events."""
        self._pool = pool
        self._partition = partition
        self._wanted = wanted

    async def step(self, after: int, last: int, limit: int) -> Found:
        """The first events behind `after`, up to `last`: at most `limit`, perhaps none. `last` must be recorded.

        Raises:
            InvariantBroken: a column differs from its bytes.
        """
        upto = min(last, after + self._wanted.step_positions)
        if upto <= after:
            return Found([], [], after + 1)
        parameters = {
            "partition": self._partition,
            "after": after,
            "upto": upto,
            "types": list(self._wanted.types),
            "holder": self._wanted.holder,
            "below_holder": f"{self._wanted.holder}/%",  # names hold neither % nor _
            "quoted": f'"{self._wanted.organization}"'.encode(),
            "limit": limit,
        }
        async with self._pool.connection() as connection:
            # Not prepared: only a plan made for this very holder can use the index on streams.
            cursor = await connection.execute(self._wanted.statement, parameters, binary=True, prepare=False)
            rows = await cursor.fetchall()
        passing = [row for row in rows if self._passes(row)]
        reached = rows[-1][0] if len(rows) == limit else upto
        return Found([row[0] for row in passing], [row[5] for row in passing], reached + 1)

    def _passes(self, row: tuple[Any, ...]) -> bool:
        place = f"partition {self._partition} position {row[0]}"
        if difference := column_difference(self._partition, row):
            raise InvariantBroken(f"{place}: column {difference}")
        if not self._wanted.organization:
            return True
        try:
            return _EVENT.decode(row[5]).data.organization == self._wanted.organization
        except msgspec.MsgspecError as error:
            raise InvariantBroken(f"{place}: data is none of an event: {error}") from error


async def first_recorded_from(pool: Pool, partition: int, moment: datetime, head: int) -> int:
    """The lowest position recorded at `moment` or later, head + 1 if there is none.

    Record time never falls with the position, so halving finds it: some dozen rows are read, however long the history.

    Raises:
        InvariantBroken: a position up to `head` is missing.
    """
    low, high = 1, head + 1
    async with pool.connection() as connection:
        while low < high:
            middle = (low + high) // 2
            row = await (await connection.execute(_RECORDED_AT, (partition, middle), binary=True)).fetchone()
            if row is None:
                raise InvariantBroken(f"partition {partition}: position {middle} is missing")
            low, high = (low, middle) if row[0] >= moment else (middle + 1, high)
    return low
