"""Group commit: all commands that wait for one partition become durable in one transaction.

    collect ─► lock, look up ─► decide (batch.py) ─► add, commit ─► answer

A lost COMMIT reply leaves us not knowing. The same batch is then run again: the lock waits for a backend that is still
committing, and the request keys tell which commands stand already. Nobody is answered before that is settled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import psycopg
from psycopg import AsyncConnection, errors

from ledger import append_sql
from ledger.aggregate_cache import AggregateCache
from ledger.batch import Batch, CommandResult, Loaded, Request, StoredKey, merge_reads, refuse_reuse, request_key
from ledger.batch_loading import BirthDates, Loading
from ledger.binary_arrays import TextArray
from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.world import NotLoaded, Reads
from ledger.statement_pipeline import StatementPipeline

log = logging.getLogger(__name__)

BATCH_MAX: Final = 1_000
WAITING_MAX: Final = 20_000
COMPANY_SECONDS: Final = 0.003
"""How long a batch waits for company when the last one had some: behind unary calls batches else shrink to two."""
COMPANY_ENOUGH: Final = 100
SENT_AHEAD: Final = 100
"""So many commands of a large batch are decided before their rows are sent."""
RUNS_MAX: Final = 60
"""How often an unsettled batch is run again, up to half a second apart, before its commands are given up as unknown."""
_ROUNDS_MAX: Final = 50

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


Outcome: TypeAlias = CommandResult | StoredKey | Exception


class PageAnswers:
    """What became of each item of a page, told at once when all are known: one future for five hundred commands."""

    def __init__(self, items: int) -> None:
        self.outcomes: list[Outcome] = [WriterStopped("not decided")] * items
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = items

    def tell(self, item: int, outcome: Outcome) -> None:
        """Each item is told once."""
        self.outcomes[item] = outcome
        self._left -= 1
        if not self._left and not self.complete.done():
            self.complete.set_result(None)


class Waiting(Passing, frozen=True):
    """A request and who waits for it: a caller of its own, or a page in which it is one item."""

    request: Request
    answer: asyncio.Future[CommandResult | StoredKey] | PageAnswers
    item: int = 0

    def tell(self, outcome: Outcome) -> None:
        """Give the outcome to whoever waits; a caller that went away is not told."""
        if isinstance(self.answer, PageAnswers):
            self.answer.tell(self.item, outcome)
        elif self.answer.done():
            return
        elif isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


@dataclass(slots=True)
class Settled:
    """What became of each waiting request of one run."""

    outcomes: list[tuple[Waiting, Outcome]] = field(default_factory=list)


class GroupCommit:
    """The writer of one partition. One task, one connection, one batch at a time."""

    def __init__(
        self,
        conninfo: str,
        ledger_id: str,
        partition: int,
        partitions: int,
        birth_dates: BirthDates,
        on_stop: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._conninfo = conninfo
        self._ledger_id = ledger_id
        self._partition = partition
        self._partitions = partitions
        self._cache = AggregateCache()
        self._loading = Loading(self._cache, birth_dates)
        self._waiting: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._connection: StatementPipeline | None = None
        self._stopped: BaseException | None = None
        self._on_stop = on_stop
        self._last_size = 1
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._idle.set()
        self._task = asyncio.create_task(self._serve(), name=f"group-commit-{self._partition}")

    async def close(self) -> None:
        """Finish what has been accepted, then stop."""
        await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    def submit(self, request: Request) -> asyncio.Future[CommandResult | StoredKey]:
        """Queue a request. Its future gives the result, the key it was stored under before, or raises Refusal.

        Cancelling the future does not undo anything: a command that was accepted is finished.
        """
        answer: asyncio.Future[CommandResult | StoredKey] = asyncio.get_running_loop().create_future()
        self.queue([Waiting(request, answer)])
        return answer

    def queue(self, waiting: list[Waiting]) -> None:
        """Queue requests in order. Refuses UNAVAILABLE when too many wait, and raises WriterStopped; then none is."""
        if self._stopped is not None:
            raise WriterStopped(str(self._stopped))
        if len(self._waiting) + len(waiting) > WAITING_MAX:
            raise Refusal(Reason.UNAVAILABLE, {})
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
            waiting.tell(WriterStopped(str(error)))
        self._waiting = []
        self._idle.set()
        if self._on_stop is not None:
            self._on_stop(error)

    async def _settle(self, batch: list[Waiting]) -> None:
        """Run a batch until it is known what became of it."""
        for run in range(RUNS_MAX):
            try:
                settled = await self._run(batch)
            except _UNSETTLED as error:
                log.warning("partition %s: batch of %d is run again: %s", self._partition, len(batch), error)
                await self._drop_connection()
                await asyncio.sleep(min(0.5, 0.01 * 2 ** min(run, 6)) if run else 0)
            except InvariantBroken as error:
                for waiting in batch:
                    waiting.tell(WriterStopped(str(error)))
                raise
            except Exception as error:
                log.exception("partition %s: batch of %d failed", self._partition, len(batch))
                await self._drop_connection()
                await self._isolate(batch, error)
                return
            else:
                for waiting, outcome in settled.outcomes:
                    waiting.tell(outcome)
                return
        for waiting in batch:
            waiting.tell(Refusal(Reason.UNAVAILABLE, {}))

    async def _isolate(self, batch: list[Waiting], error: Exception) -> None:
        """No command's failure fails its neighbours: run them one by one, so that only the culprit fails."""
        if len(batch) == 1:
            batch[0].tell(error)
            return
        for waiting in batch:
            await self._settle([waiting])

    async def _drop_connection(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _run(self, batch: list[Waiting]) -> Settled:
        """One transaction. If we crash or lose the connection anywhere in here, running it again is right."""
        connection = await self._connected()
        reads = merge_reads(waiting.request.command.reads() for waiting in batch)
        loaded = Loaded()
        keys, clock, counter = await self._lock_and_look_up(connection, batch, reads, loaded)
        position, last_recorded_at = counter
        recorded_at = max(clock, last_recorded_at)
        decided = Batch(self._ledger_id, self._partition, self._partitions, position, recorded_at, loaded)
        settled = await self._decide(connection, decided, batch, keys)
        # The commit travels with the last rows. From here until its reply is read the outcome is unknown.
        await connection.run([*decided.last_statements(), ("commit", ())])
        self._cache.keep(decided.folded_streams())
        return settled

    async def _connected(self) -> StatementPipeline:
        if self._connection is None or self._connection.closed:
            self._connection = StatementPipeline(await AsyncConnection.connect(self._conninfo, autocommit=True))
            await self._connection.run([("set idle_in_transaction_session_timeout = '5s'", ())])
        return self._connection

    async def _lock_and_look_up(
        self, connection: StatementPipeline, batch: list[Waiting], reads: Reads, loaded: Loaded
    ) -> tuple[dict[tuple[str, str], StoredKey], datetime, tuple[int, datetime]]:
        clients = TextArray([waiting.request.client for waiting in batch])
        request_ids = TextArray([waiting.request.request_id for waiting in batch])
        lookups = self._loading.statements(reads, loaded)
        _, counters, known, *rows = await connection.run(
            [
                ("begin", ()),
                (append_sql.LOCK, (self._partition,)),
                (append_sql.CLOCK_AND_KEYS, (clients, request_ids)),
                *lookups,
            ]
        )
        if not counters:
            raise InvariantBroken(f"partition {self._partition} has no counter row")
        keys = {(row[1], row[2]): StoredKey(*row[3:]) for row in known if row[1] is not None}
        await self._loading.take(reads, loaded, dict(zip([text for text, _ in lookups], rows, strict=True)))
        position, recorded_at = counters[0]
        return keys, known[0][0], (position, recorded_at)

    async def _decide(
        self,
        connection: StatementPipeline,
        decided: Batch,
        batch: list[Waiting],
        keys: dict[tuple[str, str], StoredKey],
    ) -> Settled:
        settled = Settled()
        stands: dict[tuple[str, str], tuple[Request, CommandResult]] = {}
        undecided = batch
        for _ in range(_ROUNDS_MAX):
            missing: list[Reads] = []
            again: list[Waiting] = []
            for waiting in undecided:
                try:
                    outcome = _decide_one(decided, waiting.request, keys, stands)
                except NotLoaded as not_loaded:
                    missing.append(not_loaded.reads)
                    again.append(waiting)
                else:
                    settled.outcomes.append((waiting, outcome))
                    if len(settled.outcomes) % SENT_AHEAD == 0:
                        # The server adds these rows while the next commands are decided. A failure undoes them all.
                        connection.send_ahead(decided.additions())
            if not again:
                return settled
            await self._load_more(connection, merge_reads(missing), decided.loaded)
            undecided = again
        raise InvariantBroken(f"decisions still ask for more after {_ROUNDS_MAX} rounds: {missing[0]}")

    async def _load_more(self, connection: StatementPipeline, reads: Reads, loaded: Loaded) -> None:
        lookups = self._loading.statements(reads, loaded)
        rows = await connection.run(lookups)
        await self._loading.take(reads, loaded, dict(zip([text for text, _ in lookups], rows, strict=True)))


def _decide_one(
    decided: Batch,
    request: Request,
    keys: dict[tuple[str, str], StoredKey],
    stands: dict[tuple[str, str], tuple[Request, CommandResult]],
) -> Outcome:
    """The first answer for a known key, a refusal, a fault of this command alone, or what it records now."""
    key = request_key(request)
    stored = keys.get(key)
    if stored is not None:
        return stored if stored.request_hash == request.request_hash else refuse_reuse(request)
    first = stands.get(key)
    if first is not None:
        return first[1] if first[0].request_hash == request.request_hash else refuse_reuse(request)
    try:
        result = decided.decide(request)
    except (NotLoaded, InvariantBroken):
        raise
    except Refusal as refusal:
        return refusal
    except Exception as error:
        log.exception("%s cannot be decided", type(request.command).__name__)
        return error
    stands[key] = (request, result)
    return result
