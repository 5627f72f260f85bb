"""The writer of one partition: whatever waits becomes durable together, in one transaction, by one task.

A lost COMMIT reply leaves us not knowing. The same batch is then run again: the lock waits for a backend that is still
committing, and `run` tells what of it stands already. Nobody is answered before that is settled.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection, errors

from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.statement_pipeline import StatementPipeline
from ledger.told_errors import told

log = logging.getLogger(__name__)

BATCH_MAX: Final = 1_000
WAITING_MAX: Final = 20_000
COMPANY_SECONDS: Final = 0.003
"""How long a batch waits for company when the last one had some: behind unary calls batches else shrink to two."""
COMPANY_ENOUGH: Final = 100
RUNS_MAX: Final = 60
"""How often an unsettled batch is run again, up to half a second apart, before it is given up as unknown."""

_UNSETTLED: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.IdleInTransactionSessionTimeout,
    # Another partition's batch took the same key or identity meanwhile: the look-up of the next run will see it.
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)
"""After these it is not known, or not decided, what became of a batch: the same one is run again."""


class WriterStopped(Exception):
    """An invariant broke in this partition: its writer has stopped until somebody has looked."""


class Waits(Protocol):
    """Something to be written, and who waits for it."""

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that it came to nothing, or that it is unknown."""
        ...


W = TypeVar("W", bound=Waits)


class BatchWriter(ABC, Generic[W]):
    """One task, one connection, one batch at a time."""

    def __init__(self, conninfo: str, partition: int, on_stop: Callable[[BaseException], None] | None = None) -> None:
        self._conninfo = conninfo
        self._partition = partition
        self._waiting: list[W] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._connection: StatementPipeline | None = None
        self._stopped: BaseException | None = None
        self._on_stop = on_stop
        self._last_size = 1
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def run(self, connection: StatementPipeline, batch: Sequence[W], *, again: bool) -> Callable[[], None]:
        """One transaction. If we crash or lose the connection anywhere in it, running it again must be right.

        `again`: a run before this one may have committed. Gives what tells everybody of the batch.
        """

    def start(self) -> None:
        """Begin to serve."""
        self._idle.set()
        self._task = asyncio.create_task(self._serve(), name=f"{type(self).__name__}-{self._partition}")

    async def close(self) -> None:
        """Finish what has been accepted, then stop."""
        await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    def queue(self, waiting: Sequence[W]) -> None:
        """Queue in order. Refuses SERVER_BUSY when too many wait, and raises WriterStopped; then none is."""
        if self._stopped is not None:
            raise WriterStopped(str(self._stopped))
        if len(self._waiting) + len(waiting) > WAITING_MAX:
            raise Refusal(Reason.SERVER_BUSY, {})
        self._waiting.extend(waiting)
        self._arrived.set()
        self._idle.clear()

    async def _serve(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                if self._last_size > 1 and len(self._waiting) < COMPANY_ENOUGH:
                    await asyncio.sleep(COMPANY_SECONDS)
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                if not self._waiting:
                    self._arrived.clear()
                self._last_size = len(batch)
                await self._settle(batch)
                if not self._waiting:
                    self._idle.set()
        except Exception as error:
            log.exception("partition %s: the writer stops", self._partition)
            self._stop(error)

    def _stop(self, error: BaseException) -> None:
        self._stopped = error
        for waiting in self._waiting:
            waiting.fail(WriterStopped(str(error)))
        self._waiting = []
        self._idle.set()
        if self._on_stop is not None:
            self._on_stop(error)

    async def _settle(self, batch: Sequence[W], *, again: bool = False) -> None:
        """Run a batch until it is known what became of it."""
        for run in range(RUNS_MAX):
            try:
                tell_all = await self.run(await self._connected(), batch, again=again or run > 0)
            except _UNSETTLED as error:
                log.warning("partition %s: batch of %d is run again: %s", self._partition, len(batch), told(error))
                await self._drop_connection()
                await asyncio.sleep(min(0.5, 0.01 * 2 ** min(run, 6)) if run else 0)
            except InvariantBroken as error:
                for waiting in batch:
                    waiting.fail(WriterStopped(str(error)))
                raise
            except Exception as error:
                log.exception("partition %s: batch of %d failed", self._partition, len(batch))
                await self._drop_connection()
                await self._isolate(batch, error)
                return
            else:
                tell_all()
                return
        for waiting in batch:
            waiting.fail(Refusal(Reason.UNAVAILABLE, {}))

    async def _isolate(self, batch: Sequence[W], error: Exception) -> None:
        """No one's failure fails the neighbours: run them one by one, so that only the culprit fails."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for waiting in batch:
            await self._settle([waiting], again=True)

    async def _drop_connection(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _connected(self) -> StatementPipeline:
        if self._connection is None or self._connection.closed:
            self._connection = StatementPipeline(await AsyncConnection.connect(self._conninfo, autocommit=True))
            await self._connection.run([("set idle_in_transaction_session_timeout = '5s'", ())])
        return self._connection
