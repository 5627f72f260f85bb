"""Many callers' questions in one statement: asked alone, each costs the server twice as much.

While one statement is under way the next questions gather. When the last statement had company the next one waits a
moment for more; a caller who is alone is never kept waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import psycopg

log = logging.getLogger(__name__)

COMPANY_SECONDS: Final = 0.002
COMPANY_ENOUGH: Final = 100
LOOKUPS_MAX: Final = 1_000
"""Of one statement."""

Question = TypeVar("Question")
Found = TypeVar("Found")


class GatheredLookups(Generic[Question, Found]):
    """One kind of question, for all callers of this process."""

    def __init__(self, name: str, look_up: Callable[[Sequence[Question]], Awaitable[Sequence[Found]]]) -> None:
        """`look_up` answers all the questions it is given, in their order, in one statement; `name` is for the log."""
        self._name = name
        self._look_up = look_up
        self._waiting: list[tuple[Question, asyncio.Future[Found]]] = []
        self._task: asyncio.Task[None] | None = None
        self._last_size = 1

    async def find(self, question: Question) -> Found:
        """What is found at a moment after this call. Raises what `look_up` raised, for all who asked together."""
        return await self._ask(question)

    async def find_all(self, questions: Sequence[Question]) -> list[Found]:
        """As `find`, for one caller's many questions; what is found, in their order."""
        return await asyncio.gather(*[self._ask(question) for question in questions])

    def _ask(self, question: Question) -> asyncio.Future[Found]:
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name=f"lookups of {self._name}")
        return answer

    async def _serve(self) -> None:
        """Look up until nobody waits. There is no await between the last look and the task's end."""
        while self._waiting:
            if self._last_size > 1 and len(self._waiting) < COMPANY_ENOUGH:
                await asyncio.sleep(COMPANY_SECONDS)
            asked, self._waiting = self._waiting[:LOOKUPS_MAX], self._waiting[LOOKUPS_MAX:]
            self._last_size = len(asked)
            try:
                found = await self._look_up([question for question, _ in asked])
            except Exception as error:
                if not isinstance(error, psycopg.Error):
                    log.exception("%d %s cannot be looked up", len(asked), self._name)
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), one in zip(asked, found, strict=True):
                    if not answer.done():
                        answer.set_result(one)
        self._task = None
