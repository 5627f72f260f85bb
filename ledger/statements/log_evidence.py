"""That a statement was issued at all: the stored bytes of `statement-issued` and the proof that the log holds them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken, Kind, Refusal
from ledger.log_serving.log_reader import LogReader

POLL_SECONDS: Final = 0.1
_EVENT: Final = "select body from events where partition = %b and position = %b"


@dataclass(frozen=True, slots=True)
class Issued:
    """What shows it."""

    event: bytes
    tlog_proof: bytes


class LogEvidence:
    """Safe to share between calls. Raises psycopg.Error and PoolTimeout."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], log: LogReader) -> None:
        self._pool = pool
        self._log = log

    async def of(self, partition: int, position: int, wait_seconds: float = 0.0) -> Issued | None:
        """Of the event at a position; None while no checkpoint that covers it is signed."""
        until = time.monotonic() + wait_seconds
        while True:
            try:
                proof = await self._log.newest_inclusion(partition, position)
                break
            except Refusal as refusal:
                if refusal.reason.kind is not Kind.NOT_YET_KNOWN:
                    raise
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(POLL_SECONDS)
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_EVENT, (partition, position), binary=True)).fetchone()
        if row is None:
            raise InvariantBroken(f"partition {partition}: position {position} is in the log and not in the store")
        return Issued(row[0], proof.proof_file(position))
