"""Sees to it that somebody is called when a receiver gets nothing, before months have passed (docs/deliveries.md)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from ledger import metrics
from ledger.one_follower import Connection, Pool, follow_alone
from ledger.projections.delivery_lags import Lag
from ledger.projections.delivery_questions import DeliveryQuestions

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 2.0
_LOCK_NUMBER: Final = 0x766F_6C64


class DeliveriesWatching:
    """One process's part in it; only one of several is at work at a time."""

    def __init__(self, event_pool: Pool, questions: DeliveryQuestions) -> None:
        """`event_pool` reaches the event store as the service's role."""
        self._pool = event_pool
        self._questions = questions
        self._stalled: set[str] = set()

    async def watch(self) -> None:
        """Look until cancelled; a database that is away is waited for."""
        await follow_alone(self._pool, _LOCK_NUMBER, "deliveries", self._look_while_connected)

    async def _look_while_connected(self, connection: Connection) -> None:
        try:
            while True:
                self.tell(await self._questions.watched())
                await connection.execute("select 1")  # whoever lost the lock's session tells nothing more
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            _forget_figures()

    def tell(self, lags: Sequence[Lag]) -> None:
        """Set the figures; say once who has stalled, and once that they have recovered."""
        _forget_figures()
        for lag in lags:
            name = lag.known.name
            metrics.DELIVERY_LAG_SECONDS.labels(name).set(lag.lag_seconds)
            metrics.DELIVERY_OPEN_PIECES.labels(name).set(lag.known.open_pieces)
            metrics.DELIVERY_STALLED.labels(name).set(lag.stalled)
            if lag.stalled and name not in self._stalled:
                log.critical("ALARM: %s", stalled_text(lag))
            elif not lag.stalled and name in self._stalled:
                log.warning("%s has recovered: it is not stalled any more", name)
        self._stalled = {lag.known.name for lag in lags if lag.stalled}


def stalled_text(lag: Lag) -> str:
    """What is seen of a stalled subscription, and whom to call."""
    known = lag.known
    waits = f"its oldest entry waits for {lag.lag_seconds} s" if lag.oldest_recorded_at else "nothing waits"
    return (
        f"{known.name} is stalled: {waits}, {known.open_pieces} pieces are open, and nothing was acknowledged since "
        f"{known.moved_at.isoformat(timespec='seconds')}; look at {known.client} and at ListRefusals"
    )


def _forget_figures() -> None:
    for gauge in (metrics.DELIVERY_LAG_SECONDS, metrics.DELIVERY_OPEN_PIECES, metrics.DELIVERY_STALLED):
        gauge.clear()
