"""One moment of the read database, held while a question is answered by several statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from ledger.projections.basis import POSITIONS_SQL, Basis, Ground, NotYetApplied, Patience, ReadPool, missing

ReadConnection: TypeAlias = AsyncConnection[Any]

BEGIN_SQL: Final = "begin transaction isolation level repeatable read read only"
ROLLBACK_SQL: Final = "rollback"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows, and the positions they rest on."""

    connection: ReadConnection
    basis: Basis


@asynccontextmanager
async def snapshot(
    pool: ReadPool, ground: Ground, wanted: Mapping[int, int], patience: Patience
) -> AsyncIterator[Snapshot]:
    """The rows at one moment, not before the wanted positions are applied.

    Raises:
        NotYetApplied: they were not before the patience ended.
    """
    while True:
        async with begun(pool) as connection:
            rows = await (await connection.execute(POSITIONS_SQL, binary=True)).fetchall()
            basis = ground.basis(rows)
            behind = missing(wanted, basis)
            if not behind:
                yield Snapshot(connection, basis)
                return
        # The connection is back in the pool while we wait: many who wait must not starve those who need not.
        if not await patience.wait():
            raise NotYetApplied(behind)


@asynccontextmanager
async def begun(pool: ReadPool) -> AsyncIterator[ReadConnection]:
    """A connection in a read-only transaction of one snapshot."""
    async with pool.connection() as connection:
        await connection.execute(BEGIN_SQL)
        try:
            yield connection
        finally:
            if connection.info.transaction_status != TransactionStatus.UNKNOWN:
                await connection.execute(ROLLBACK_SQL)  # nothing was written; this also ends a failed one
