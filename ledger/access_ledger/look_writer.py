"""The writer of one partition of the ledger of accesses: looks that wait together become durable in one transaction.

Leaner than commands: an access begins a stream of its own under a random name, so there is nothing to fold, nothing to
refuse and no request key. What a run after a lost COMMIT reply finds under these names stands already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ledger import append_sql, metrics
from ledger.access_ledger.look_bytes import LookEvent
from ledger.batch_writer import BatchWriter
from ledger.binary_arrays import TextArray
from ledger.domain.hours_read import HoursRead
from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import Envelope, encode
from ledger.statement_pipeline import StatementPipeline

_TYPE: Final = HoursRead.stored_name
_SCHEMA: Final = HoursRead.schema_version
_RECORDED: Final = metrics.LOOKS.labels("recorded")


class WaitingLook(Passing, frozen=True):
    """An event to be recorded, and who waits for it."""

    event: LookEvent
    recorded: asyncio.Future[None]

    def tell(self) -> None:
        """It is durable."""
        if not self.recorded.done():
            self.recorded.set_result(None)

    def fail(self, error: Exception) -> None:
        """See Waits."""
        if not self.recorded.done():
            self.recorded.set_exception(error)


class LookWriter(BatchWriter[WaitingLook]):
    """Writes `hours-read` events."""

    def __init__(
        self, conninfo: str, ledger_id: str, partition: int, on_stop: Callable[[BaseException], None] | None = None
    ) -> None:
        super().__init__(conninfo, partition, on_stop)
        self._ledger_id = ledger_id

    def submit(self, event: LookEvent) -> asyncio.Future[None]:
        """Queue an event; its future tells when it is durable. Raises as `queue` does.

        Cancelling the future does not undo anything: a look may be recorded whose answer never left.
        """
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue([WaitingLook(event, recorded)])
        return recorded

    async def run(
        self, connection: StatementPipeline, batch: Sequence[WaitingLook], *, again: bool
    ) -> Callable[[], None]:
        """See BatchWriter."""
        # Who waits no more is told nothing: unless an earlier run has recorded it already, such a look was none.
        wanted = {waiting.event.stream: waiting.event for waiting in batch if again or not waiting.recorded.done()}
        count = len(wanted)
        lookups = [(append_sql.EXISTS, (TextArray(wanted),))] if again else []
        _, counters, clock, *found = await connection.run(
            [("begin", ()), (append_sql.LOCK, (self._partition,)), (append_sql.CLOCK, ()), *lookups]
        )
        if not counters:
            raise InvariantBroken(f"partition {self._partition} has no counter row")
        position, last_recorded_at = counters[0]
        for row in found[0] if found else ():
            del wanted[row[0]]
        recorded_at = max(clock[0][0], last_recorded_at)
        # The commit travels with the rows. From here until its reply is read the outcome is unknown.
        await connection.run([*self._additions(list(wanted.values()), position, recorded_at), ("commit", ())])

        def tell_all() -> None:
            _RECORDED.inc(count)
            for waiting in batch:
                waiting.tell()

        return tell_all

    def _additions(
        self, events: Sequence[LookEvent], position: int, recorded_at: datetime
    ) -> list[tuple[str, tuple[object, ...]]]:
        if not events:
            return []
        positions = range(position + 1, position + 1 + len(events))
        bodies = [self._body(event, at, recorded_at) for event, at in zip(events, positions, strict=True)]
        columns = append_sql.EventColumns(
            positions, [event.stream for event in events], [1] * len(events), [_TYPE] * len(events), bodies
        )
        added = append_sql.statements(self._partition, recorded_at, columns, None, {}, {}, {}, (), {}, ())
        return [*added, append_sql.raise_counter(self._partition, positions[-1], recorded_at)]

    def _body(self, event: LookEvent, position: int, recorded_at: datetime) -> bytes:
        return encode(
            Envelope(
                specversion="1.0",
                id=event.event_id,
                source=self._ledger_id,
                type=_TYPE,
                subject=event.stream,
                time=recorded_at,
                partition=self._partition,
                position=position,
                streamversion=1,
                schemaversion=_SCHEMA,
                actor=event.actor,
                client=event.client,
                requestid="",
                requesthash="",
                data=msgspec.Raw(event.data),
            )
        )
