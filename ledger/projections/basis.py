"""What an answer rests on: positions applied, and the time before which no further event can appear.

Whoever wrote and passes the positions of that write sees it, or waits until its deadline. A question about a moment
that is not closed yet waits too: an answer about the past must be the same for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import Reason, refuse
from volunteer_hours.v1.positions_pb2 import Position

ReadPool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]
"""Connections to the read database as role ledger_reader, in autocommit."""

KnownHorizon: TypeAlias = Callable[[], Mapping[int, tuple[int, datetime]]]
"""Partition → (position, time): after this position nothing is recorded earlier than this time."""

WAIT_SECONDS_MAX: Final = 30.0
"""How long a question without a deadline waits."""
_REPLY_SECONDS: Final = 0.1
"""Kept back of the deadline, so that the refusal itself arrives in time."""
_POLL_SECONDS_MIN: Final = 0.005
_POLL_SECONDS_MAX: Final = 0.05

POSITIONS_SQL: Final = "select partition, position, recorded_at from positions order by partition"


class NotYetApplied(TimeoutError):
    """The positions asked for were not applied before the deadline."""

    def __init__(self, missing: Mapping[int, int]) -> None:
        wanted = ", ".join(f"{partition}: {position}" for partition, position in missing.items())
        super().__init__(f"not applied before the deadline: {wanted} (partition: position)")
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Basis:
    """Up to which position of each partition an answer counts."""

    positions: Mapping[int, int]
    recorded_through: datetime | None
    """None while a partition has applied nothing."""

    def position_messages(self) -> list[Position]:
        """As every answer names them."""
        return [Position(partition=partition, position=position) for partition, position in self.positions.items()]

    def recorded_through_message(self) -> Timestamp | None:
        """As every answer names it."""
        return None if self.recorded_through is None else timestamp(self.recorded_through)


@dataclass(slots=True)
class Patience:
    """How long one question may still wait."""

    until: float
    """time.monotonic()"""
    pause: float = _POLL_SECONDS_MIN

    @classmethod
    def of(cls, seconds_left: float | None) -> Patience:
        """For a call with this much time before its deadline; None: no deadline."""
        seconds = WAIT_SECONDS_MAX if seconds_left is None else min(seconds_left, WAIT_SECONDS_MAX) - _REPLY_SECONDS
        return cls(time.monotonic() + seconds)

    async def wait(self) -> bool:
        """Pause a little longer than last time; False when the time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(min(self.pause, left))
        self.pause = min(self.pause * 1.5, _POLL_SECONDS_MAX)
        return True


class Ground:
    """Knows the partitions of the ledger and how far the past is closed."""

    def __init__(self, partitions: int, horizon: KnownHorizon | None) -> None:
        self.partitions = partitions
        self._horizon = horizon

    def basis(self, rows: Iterable[tuple[Any, ...]]) -> Basis:
        """From rows that begin with (partition, position, recorded_at), all of one snapshot."""
        # The horizon is older than the snapshot or younger: either way it is true of every position that has passed it.
        horizon = {} if self._horizon is None else self._horizon()
        positions: dict[int, int] = {}
        closed: list[datetime] = []
        for partition, position, recorded_at, *_ in rows:
            if position == 0:
                continue
            positions[partition] = position
            known = horizon.get(partition)
            reached = known is not None and position >= known[0]
            closed.append(max(known[1], recorded_at) if known is not None and reached else recorded_at)
        through = min(closed) if len(closed) == self.partitions else None
        return Basis(positions, through)

    def wanted(self, asked: Iterable[Position]) -> dict[int, int]:
        """Positions a caller names. Refuses POSITION_UNKNOWN for a partition that this ledger does not have."""
        wanted: dict[int, int] = {}
        for one in asked:
            if one.partition >= self.partitions:
                refuse(Reason.POSITION_UNKNOWN, partition=one.partition, partition_max=self.partitions - 1)
            wanted[one.partition] = max(one.position, wanted.get(one.partition, 0))
        return wanted


def missing(wanted: Mapping[int, int], basis: Basis) -> dict[int, int]:
    """Those of the wanted positions that the basis has not reached."""
    return {
        partition: position for partition, position in wanted.items() if basis.positions.get(partition, 0) < position
    }


def timestamp(moment: datetime) -> Timestamp:
    """The same moment as the protos write it."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message
