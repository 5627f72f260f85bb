"""Who looks is recorded before anything is told: satisfies the port `ledger/access/access_log.py`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from ledger import metrics
from ledger.access.access_log import Look
from ledger.access_ledger.look_bytes import LookEvent, events_of
from ledger.access_ledger.look_writer import LookWriter
from ledger.batch_writer import WriterStopped
from ledger.domain.refusals import Reason, Refusal
from ledger.domain.streams import partition_of
from ledger.settings import Settings
from ledger.told_errors import told

log = logging.getLogger(__name__)

RECORDED_SECONDS_MAX: Final = 5.0
"""A look that is not durable by then is refused: an answer would go unrecorded."""
_REFUSED: Final = metrics.LOOKS.labels("refused")


class AccessRecorder:
    """The writing side of the ledger of accesses in this process."""

    def __init__(self, settings: Settings, seconds_max: float = RECORDED_SECONDS_MAX) -> None:
        """`settings` are those of the ledger of accesses (`access_settings`)."""
        self._partitions = settings.partitions
        self._seconds_max = seconds_max
        self._writers = [
            LookWriter(settings.database, settings.ledger_id, partition, self._stopped)
            for partition in range(settings.partitions)
        ]

    def open(self) -> None:
        """Begin to serve."""
        for writer in self._writers:
            writer.start()

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        for writer in self._writers:
            await writer.close()

    async def record(self, look: Look) -> None:
        """See AccessLog. A look that was refused may be recorded all the same: then somebody only meant to look."""
        try:
            recorded = [self._submit(event) for event in events_of(look)]
            # `asyncio.timeout` would take longer than all else that is done for a look here.
            deadline = asyncio.get_running_loop().call_later(self._seconds_max, _too_late, recorded)
            try:
                await (recorded[0] if len(recorded) == 1 else asyncio.gather(*recorded))
            finally:
                deadline.cancel()
        except WriterStopped as error:
            raise Refusal(Reason.UNAVAILABLE, {}) from error

    def _submit(self, event: LookEvent) -> asyncio.Future[None]:
        return self._writers[partition_of(event.stream, self._partitions)].submit(event)

    def _stopped(self, error: BaseException) -> None:
        log.critical("ALARM: accesses are not recorded any more, so nobody is told hours: %s", told(error))


def _too_late(recorded: Sequence[asyncio.Future[None]]) -> None:
    """Tell whoever waits for these that they wait in vain."""
    log.warning("a look is not recorded in time, so nothing is told")
    _REFUSED.inc(len(recorded))
    for one in recorded:
        if not one.done():
            one.set_exception(Refusal(Reason.UNAVAILABLE, {}))
