"""How far a read database has applied each ledger partition, and which bytes it applied.

The position row decides, not the topic's offset: it changes in the same transaction as the rows, and whoever applies
locks it first, so that a consumer that was thought dead can do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import ReadDatabase

HASH_BYTES: Final = 32

_ALL: Final = "select partition, position, next_offset, recorded_at from positions order by partition"
_LOCK: Final = "select position, next_offset, recorded_at from positions where partition = %s for update"
_CREATE: Final = "insert into positions (partition, position) values (%s, 0) on conflict do nothing"
_ADVANCE: Final = """
    update positions set position = %s, recorded_at = %s, next_offset = coalesce(%s, next_offset) where partition = %s
"""
_MOVE_HINT: Final = "update positions set next_offset = %s where partition = %s"
_REMEMBER: Final = """
    insert into applied_batches (partition, first_position, last_position, recorded_from, hashes, recorded_times)
    values (%s, %s, %s, %s, %s, %s)
"""
_HASHES: Final = """
    select first_position, hashes from applied_batches
    where partition = %(partition)s and last_position >= %(first)s
      and first_position <= %(last)s
      and first_position >= (
          select coalesce(max(first_position), 0) from applied_batches
          where partition = %(partition)s and first_position <= %(first)s
      )
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """Where a partition's rows end."""

    position: int
    """The last event applied; 0 before the first."""
    next_offset: int | None
    """Where to read the topic on. A hint: what is there must be looked at."""
    recorded_at: datetime | None
    """Record time of the last event applied; None before the first."""


class ForkDetected(Exception):
    """Two different events claim one position: somebody rewrote history. Nothing goes on until a person has looked."""

    def __init__(self, partition: int, position: int, found: str) -> None:
        super().__init__(f"fork: partition {partition} position {position}: {found}")
        self.partition = partition
        self.position = position
        self.found = found


class Hole(Exception):
    """A position is missing. What came before it is applied, what follows is not."""

    def __init__(self, partition: int, expected: int, got: int) -> None:
        super().__init__(f"hole: partition {partition}: position {expected} is missing, {got} follows")
        self.partition = partition
        self.expected = expected
        self.got = got


def applied(connection: ReadDatabase) -> dict[int, Applied]:
    """All partitions that were ever applied."""
    rows = connection.execute(_ALL, binary=True).fetchall()
    return {row[0]: Applied(row[1], row[2], row[3]) for row in rows}


def lock(connection: ReadDatabase, partition: int) -> Applied:
    """Where the partition's rows end, held until the transaction does."""
    row = connection.execute(_LOCK, [partition], binary=True).fetchone()
    if row is None:
        connection.execute(_CREATE, [partition])
        row = connection.execute(_LOCK, [partition], binary=True).fetchone()
    if row is None:
        raise InvariantBroken(f"positions has no row for partition {partition}, though it was just made")
    return Applied(row[0], row[1], row[2])


def advance(
    connection: ReadDatabase,
    partition: int,
    *,
    first: int,
    hashes: Sequence[bytes],
    recorded_microseconds: bytes,
    recorded_from: datetime,
    recorded_until: datetime,
    next_offset: int | None,
) -> int:
    """Note that the events first, first + 1, … with these hashes are applied; gives the new last position.

    Their record times are int64 microseconds since 2000 each; the first and the last are given as such, too.
    """
    last = first + len(hashes) - 1
    remembered = [partition, first, last, recorded_from, b"".join(hashes), recorded_microseconds]
    connection.execute(_REMEMBER, remembered, binary=True)
    connection.execute(_ADVANCE, [last, recorded_until, next_offset, partition])
    return last


def move_hint(connection: ReadDatabase, partition: int, next_offset: int) -> None:
    """Note where the topic is read on, when nothing new was applied."""
    connection.execute(_MOVE_HINT, [next_offset, partition])


def compare(connection: ReadDatabase, partition: int, repeated: Mapping[int, bytes]) -> None:
    """Compare the hashes of events seen again with those applied. Raises ForkDetected, naming the lowest position."""
    known = _hashes(connection, partition, min(repeated), max(repeated))
    for position in sorted(repeated):
        if position not in known:
            raise InvariantBroken(f"partition {partition}: no hash is known of position {position}, though applied")
        if known[position] != repeated[position]:
            raise ForkDetected(partition, position, "its bytes differ from those that were applied")


def _hashes(connection: ReadDatabase, partition: int, first: int, last: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    rows = connection.execute(_HASHES, {"partition": partition, "first": first, "last": last}, binary=True)
    for first_position, hashes in rows:
        for index in range(len(hashes) // HASH_BYTES):
            found[first_position + index] = hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES]
    return found
