"""An answer, and then again each time it has changed, for as many watchers as there are.

Nothing is queued for a watcher: who reads slowly is told the latest answer when they are ready for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeVar

from ledger.domain.refusals import Reason, Refusal, refuse

Answer = TypeVar("Answer")

LOOK_SECONDS: Final = 0.2
"""How often a watcher of a balance looks again; looks of all watchers share their statements."""
LOOK_AT_RULES_SECONDS: Final = 1.0
"""How often a watcher of a requirement does: it may open a birth date each time."""
LOOK_AT_WATCHED_SECONDS: Final = 1.0
"""How often it is asked whether who is watched may still be."""


async def _always() -> None:
    """Whoever is watched may be."""


class Watchers:
    """All who watch in this process: so many at most, and all let go when it stops."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._ending = asyncio.Event()

    def let_go(self) -> None:
        """End all their streams, those to come too."""
        self._ending.set()

    async def changes(
        self,
        first: Answer,
        ask: Callable[[], Awaitable[Answer]],
        told_by: Callable[[Answer], object],
        look_seconds: float = LOOK_SECONDS,
        *,
        may_watch: Callable[[], Awaitable[None]] = _always,
    ) -> AsyncGenerator[Answer, None]:
        """`first`, then what `ask` answers whenever `told_by` of it differs; until `may_watch` refuses.

        Refuses SERVER_BUSY when there are too many already: a watcher holds one of the server's calls, and who watches
        must not keep out who records hours. Raises what `ask` and `may_watch` raise.
        """
        if self._count >= self._most:
            refuse(Reason.SERVER_BUSY)
        self._count += 1
        try:
            asked_at = time.monotonic()
            last = told_by(first)
            yield first
            while not await _set_within(self._ending, look_seconds):
                if time.monotonic() - asked_at >= LOOK_AT_WATCHED_SECONDS:
                    await may_watch()
                    asked_at = time.monotonic()
                try:
                    answer = await ask()
                except Refusal:
                    await may_watch()  # what is asked may fail because of it: the reason itself is told
                    raise
                told = told_by(answer)
                if told != last:
                    last = told
                    yield answer
        finally:
            self._count -= 1


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
