"""Commands in, results out: what the gRPC services and the internal consumers call.

A command's key is (client, request_id). The first answer is not kept apart: it is a function of the events the command
recorded, so it is folded from them again when the same request comes back, and a store rebuilt from the topic knows it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

from ledger.batch import CommandResult, Request, StoredKey
from ledger.batch_loading import BirthDates
from ledger.domain.catalogue import fold
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.streams import partition_of
from ledger.domain.world import Command
from ledger.event_bytes import decode, recorded_event
from ledger.group_commit import GroupCommit, Outcome, PageAnswers, Waiting

_FIRST_ANSWER_SQL: Final = """
    select body from events where partition = %b and position >= %b and position < %b order by position
"""
_KEYS_SQL: Final = """
    select request_id, request_hash, partition, position, event_count from request_keys
    where client = %b and request_id = any(%b)
"""
_STREAM_SQL: Final = "select body from events where stream = %b and version <= %b order by version"


class Application:
    """The writing side of one ledger in this process: a group commit for each partition."""

    def __init__(
        self,
        database_url: str,
        ledger_id: str,
        partitions: int,
        request_hash_key: bytes,
        birth_dates: BirthDates,
        on_stop: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._partitions = partitions
        self._request_hash = hmac.new(request_hash_key, digestmod="sha256")
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            database_url, min_size=1, max_size=4, open=False, kwargs={"autocommit": True}
        )
        self._writers = [
            GroupCommit(database_url, ledger_id, partition, partitions, birth_dates, on_stop)
            for partition in range(partitions)
        ]

    async def open(self) -> None:
        """Connect and begin to serve."""
        await self._pool.open()
        for writer in self._writers:
            writer.start()

    async def close(self) -> None:
        """Finish the commands that were accepted, then close."""
        for writer in self._writers:
            await writer.close()
        await self._pool.close()

    async def execute(
        self, command: Command, *, client: str, actor: str, request_id: str, request_body: bytes
    ) -> CommandResult:
        """Record what `command` asks for, at most once for (client, request_id); returns when it is durable.

        Cancelling does not undo it: a command that was accepted is finished and its answer is kept.

        Raises:
            Refusal: a rule forbids it, or the key was used for another body; nothing was recorded.
                With reason UNAVAILABLE it is unknown whether it was: the same request, sent again, will tell.
            WriterStopped: the partition's writer has stopped for good.
        """
        writer = self._writers[partition_of(command.stream, self._partitions)]
        request = self._request(command, client, actor, request_id, request_body)
        return await self._result(await writer.submit(request))

    async def answered_before(self, *, client: str, request_id: str, request_body: bytes) -> CommandResult | None:
        """What the request was answered when it came first; None: then `execute` settles it, under the lock.

        For a command that is dear to make: a repetition needs none of what it is made from. Keys are kept for ever, so
        what is found here is final.

        Raises:
            Refusal: the key was used for another body, or UNAVAILABLE.
        """
        answered = await self._answered({request_id: request_body}, client)
        first = answered.get(request_id)
        if isinstance(first, Refusal):
            raise first
        return first

    async def page_answered_before(
        self, bodies: Sequence[bytes], *, client: str, request_id: str
    ) -> dict[int, CommandResult | Refusal]:
        """As `answered_before`, of a page's items, by their number; those that were not answered are missing."""
        items = {_item_id(request_id, item): item for item in range(len(bodies))}
        answered = await self._answered({key: bodies[item] for key, item in items.items()}, client)
        return {items[key]: outcome for key, outcome in answered.items()}

    async def _answered(self, bodies: Mapping[str, bytes], client: str) -> dict[str, CommandResult | Refusal]:
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_KEYS_SQL, (client, list(bodies)), binary=True)
                rows = await cursor.fetchall()
        except OperationalError as error:
            raise Refusal(Reason.UNAVAILABLE, {}) from error
        answered: dict[str, CommandResult | Refusal] = {}
        for request_id, *row in rows:
            key = StoredKey(*row)
            if key.request_hash == self._hash(bodies[request_id]):
                answered[request_id] = await self._result(key)
            else:
                answered[request_id] = Refusal(Reason.REQUEST_ID_REUSED, {"request_id": request_id})
        return answered

    async def execute_page(
        self,
        commands: Sequence[tuple[Command, bytes]],
        *,
        client: str,
        actor: str,
        request_id: str,
        items: Sequence[int] | None = None,
    ) -> list[CommandResult | Refusal]:
        """Record a page of independent commands; item i has the key `{request_id}/{i}`. One outcome an item.

        `items`: their numbers, where commands of some items of the page alone are recorded.
        """
        if not commands:
            return []  # nobody would ever say that an empty page is complete
        page = PageAnswers(len(commands))
        waiting: dict[int, list[Waiting]] = {}
        for place, (command, body) in enumerate(commands):
            item = place if items is None else items[place]
            request = self._request(command, client, actor, _item_id(request_id, item), body)
            partition = partition_of(command.stream, self._partitions)
            waiting.setdefault(partition, []).append(Waiting(request, page, place))
        for partition, together in waiting.items():
            self._queue(self._writers[partition], together)
        await page.complete
        return [await self._page_result(outcome) for outcome in page.outcomes]

    def _queue(self, writer: GroupCommit, items: list[Waiting]) -> None:
        try:
            writer.queue(items)
        except Refusal as refusal:
            # Other partitions of the page may have accepted their items: these alone are told to come again.
            for waiting in items:
                waiting.tell(refusal)

    async def _page_result(self, outcome: Outcome) -> CommandResult | Refusal:
        if isinstance(outcome, StoredKey):
            return await self._result(outcome)
        if isinstance(outcome, CommandResult | Refusal):
            return outcome
        raise outcome

    def _request(self, command: Command, client: str, actor: str, request_id: str, body: bytes) -> Request:
        return Request(command, client, actor, request_id, self._hash(body))

    def _hash(self, body: bytes) -> bytes:
        keyed = self._request_hash.copy()  # the key is not worked in again for each of a page's items
        keyed.update(body)
        return keyed.digest()

    async def _result(self, outcome: CommandResult | StoredKey) -> CommandResult:
        if isinstance(outcome, CommandResult):
            return outcome
        try:
            return await self._first_answer(outcome)
        except OperationalError as error:
            raise Refusal(Reason.UNAVAILABLE, {}) from error

    async def _first_answer(self, key: StoredKey) -> CommandResult:
        """What the request was answered when it came first: its events, and its stream as it was right after them."""
        async with self._pool.connection() as connection:
            until = key.position + key.event_count
            cursor = await connection.execute(_FIRST_ANSWER_SQL, (key.partition, key.position, until), binary=True)
            events = tuple(recorded_event(decode(row[0])) for row in await cursor.fetchall())
            if len(events) != key.event_count:
                raise InvariantBroken(f"partition {key.partition}: events of the key at {key.position} are missing")
            stream = events[0].stream
            last_version = max(event.version for event in events if event.stream == stream)
            cursor = await connection.execute(_STREAM_SQL, (stream, last_version), binary=True)
            state: object | None = None
            for row in await cursor.fetchall():
                state = fold(state, recorded_event(decode(row[0])))
        if state is None:
            raise InvariantBroken(f"{stream} has no events although a key names them")
        return CommandResult(state, events)


def _item_id(request_id: str, item: int) -> str:
    """Under which one item of a page stands at most once."""
    return f"{request_id}/{item}"
