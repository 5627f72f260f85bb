"""Group commit: all commands that wait for one partition become durable in one transaction.

    collect ─► lock, look up ─► decide (batch.py) ─► add, commit ─► answer

When a batch is run again after a lost COMMIT reply, the request keys tell which commands stand already.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from ledger import append_sql
from ledger.aggregate_cache import AggregateCache
from ledger.batch import Batch, CommandResult, Loaded, Request, StoredKey, merge_reads, refuse_reuse, request_key
from ledger.batch_loading import BirthDates, Loading
from ledger.batch_writer import BatchWriter, WriterStopped
from ledger.binary_arrays import TextArray
from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.world import NotLoaded, Reads
from ledger.statement_pipeline import StatementPipeline

log = logging.getLogger(__name__)

SENT_AHEAD: Final = 100
"""So many commands of a large batch are decided before their rows are sent."""
_ROUNDS_MAX: Final = 50

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

    def fail(self, error: Exception) -> None:
        """See Waits."""
        self.tell(error)


@dataclass(slots=True)
class Settled:
    """What became of each waiting request of one run."""

    outcomes: list[tuple[Waiting, Outcome]] = field(default_factory=list)

    def tell(self) -> None:
        """Give each outcome to whoever waits for it."""
        for waiting, outcome in self.outcomes:
            waiting.tell(outcome)


class GroupCommit(BatchWriter[Waiting]):
    """The writer of one partition's commands."""

    def __init__(
        self,
        conninfo: str,
        ledger_id: str,
        partition: int,
        partitions: int,
        birth_dates: BirthDates,
        on_stop: Callable[[BaseException], None] | None = None,
    ) -> None:
        super().__init__(conninfo, partition, on_stop)
        self._ledger_id = ledger_id
        self._partitions = partitions
        self._cache = AggregateCache()
        self._loading = Loading(self._cache, birth_dates)

    def submit(self, request: Request) -> asyncio.Future[CommandResult | StoredKey]:
        """Queue a request. Its future gives the result, the key it was stored under before, or raises Refusal.

        Cancelling the future does not undo anything: a command that was accepted is finished.
        """
        answer: asyncio.Future[CommandResult | StoredKey] = asyncio.get_running_loop().create_future()
        self.queue([Waiting(request, answer)])
        return answer

    async def run(self, connection: StatementPipeline, batch: Sequence[Waiting], *, again: bool) -> Callable[[], None]:
        """See BatchWriter: the request keys are looked up in every run, so nothing is done twice."""
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
        return settled.tell

    async def _lock_and_look_up(
        self, connection: StatementPipeline, batch: Sequence[Waiting], reads: Reads, loaded: Loaded
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
        batch: Sequence[Waiting],
        keys: dict[tuple[str, str], StoredKey],
    ) -> Settled:
        settled = Settled()
        stands: dict[tuple[str, str], tuple[Request, CommandResult]] = {}
        undecided: Sequence[Waiting] = batch
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
