"""Pages of a stream, several in work at once, answered in the order they came.

While one page is being committed the next is read and decided. A page that was accepted is finished even if its stream
ends first: the caller sends it again with the same request_id and gets the first answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

Page = TypeVar("Page")
Answer = TypeVar("Answer")

PAGES_AT_ONCE: Final = 4


async def answered_in_order(
    pages: AsyncIterator[Page], answer: Callable[[Page], Awaitable[Answer]], at_once: int = PAGES_AT_ONCE
) -> AsyncIterator[Answer]:
    """The answers, in the order of the pages. The first that fails ends the stream with its error."""
    works: asyncio.Queue[asyncio.Future[Answer] | None] = asyncio.Queue(maxsize=max(1, at_once - 1))
    reader = asyncio.create_task(_read(pages, answer, works))
    try:
        while (work := await works.get()) is not None:
            yield await asyncio.shield(work)
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _read(
    pages: AsyncIterator[Page],
    answer: Callable[[Page], Awaitable[Answer]],
    works: asyncio.Queue[asyncio.Future[Answer] | None],
) -> None:
    try:
        async for page in pages:
            work = asyncio.ensure_future(answer(page))
            work.add_done_callback(_seen)
            await works.put(work)
    except Exception as error:  # a page that cannot be read stands in the order like any other
        failed: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        failed.add_done_callback(_seen)
        await works.put(failed)
        raise
    await works.put(None)


def _seen(work: asyncio.Future[Answer]) -> None:
    # When a stream ends early nobody asks a page for its error any more; asyncio would complain of that.
    if not work.cancelled():
        work.exception()
