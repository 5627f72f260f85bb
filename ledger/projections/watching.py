"""An answer, and then again each time it has changed, for as many watchers as there are.

Nothing is queued for a watcher: who reads slowly is told the latest answer when they are ready for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeVar

Answer = TypeVar("Answer")

LOOK_SECONDS: Final = 0.2
"""How often a watcher of a balance looks again; looks of all watchers share their statements."""
LOOK_AT_RULES_SECONDS: Final = 1.0
"""How often a watcher of a requirement does: it may open a birth date each time."""


async def changes(
    first: Answer,
    ask: Callable[[], Awaitable[Answer]],
    told_by: Callable[[Answer], object],
    ending: asyncio.Event,
    look_seconds: float = LOOK_SECONDS,
) -> AsyncGenerator[Answer, None]:
    """`first`, then what `ask` answers whenever `told_by` of it differs, until `ending` is set.

    Raises what `ask` raises.
    """
    last = told_by(first)
    yield first
    while not await _set_within(ending, look_seconds):
        answer = await ask()
        told = told_by(answer)
        if told != last:
            last = told
            yield answer


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
