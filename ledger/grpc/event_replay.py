"""The stream of ReplayEvents: pages of stored bytes, all of them or those that pass a filter, with proofs or without.

One page is read while the one before it travels: one waits in memory, never more. A connection is held for one page
only, so that a slow reader keeps none from others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Final

from ledger.domain.catalogue import stored_names
from ledger.domain.refusals import InvariantBroken
from ledger.event_store import PAGE_SQL, checked_page
from ledger.filtered_events import EventFilter, FilteredEvents, Found, Pool, first_recorded_from
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.grpc.values import exact_moment
from ledger.log_serving.log_reader import LogReader
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1.audit_service_pb2 import ReplayEventsResponse as Page

PAGE_SIZE_DEFAULT: Final = 500
PAGE_SIZE_MAX: Final = 1_000
MESSAGE_BYTES_MAX: Final = 3 * 1024 * 1024
"""Clients accept 4 MiB by default; a page of long events leaves as several messages."""
SCATTERED_PROVEN_MAX: Final = 50
"""Events a page, with proofs and a filter: each may need a tile of its own to be hashed, some 0.2 ms."""

_HEAD_SQL: Final = "select position from partition_counters where partition = %b"


class EventReplay:
    """Reads the event store. Nothing is rebuilt: what leaves is what was hashed, published and signed."""

    def __init__(self, pool: Pool, log: LogReader) -> None:
        self._pool = pool
        self._log = log

    async def pages(self, request: pb.ReplayEventsRequest) -> AsyncGenerator[Page, None]:
        """The pages asked for, in order of position. Refuses INVALID_ARGUMENT; with proofs LOG_NOT_KEPT."""
        _check(request)
        checkpoint = await self._log.newest(request.partition) if request.proofs else None
        head = await self._head(request.partition) if checkpoint is None else checkpoint.size
        last = min(request.to_position or head, head)
        some_or_all = self._filtered(request, last) if is_filtered(request) else self._all(request, last)
        async with aclosing(some_or_all) as pages:
            if checkpoint is None:
                async for page in pages:
                    yield page
                return
            note = checkpoint.note
            async for page in pages:
                page.proof_hashes.extend(await self._proof(page, checkpoint.size))
                page.checkpoint, note = note, b""
                yield page

    async def _proof(self, page: Page, size: int) -> list[bytes]:
        """The page's proof; a page without events has none."""
        if not page.events:
            return []
        positions = page.positions or range(page.first_position, page.next_position)
        return await self._log.page_proof(page.partition, positions, size)

    async def event(self, partition: int, position: int) -> bytes | None:
        """The stored bytes at a position, None if nothing is there yet."""
        bodies = await self._page(partition, position - 1, 1)
        return bodies[0] if bodies else None

    async def _all(self, request: pb.ReplayEventsRequest, last: int) -> AsyncGenerator[Page, None]:
        partition, after, page_size = request.partition, _after(request), _page_size(request)
        following = asyncio.create_task(self._page(partition, after, min(page_size, last - after)))
        try:
            while after < last:
                bodies = await following
                if not bodies:
                    raise InvariantBroken(f"partition {partition}: position {after + 1} is missing")
                ahead = after + len(bodies)
                following = asyncio.create_task(self._page(partition, ahead, min(page_size, last - ahead)))
                for part in parts_of(bodies):
                    first = after + 1
                    after += len(part)
                    yield Page(partition=partition, first_position=first, events=part, next_position=after + 1)
        finally:
            following.cancel()

    async def _filtered(self, request: pb.ReplayEventsRequest, last: int) -> AsyncGenerator[Page, None]:
        partition, after, page_size = request.partition, _after(request), _page_size(request)
        events = FilteredEvents(self._pool, partition, EventFilter(request.types, request.holder, request.organization))
        first = after + 1
        after, last = await self._within_times(request, after, last)
        following = asyncio.create_task(events.step(after, last, page_size))
        try:
            while after < last:
                found = await following
                after = found.next_position - 1
                following = asyncio.create_task(events.step(after, last, page_size))
                for page in _pages_of(found, first):
                    page.partition = partition
                    yield page
                    first = page.next_position
        finally:
            following.cancel()

    async def _within_times(self, request: pb.ReplayEventsRequest, after: int, last: int) -> tuple[int, int]:
        """The same range, cut to the record times asked for."""
        if request.HasField("from_time"):
            moment = exact_moment("from_time", request.from_time)
            after = max(after, await first_recorded_from(self._pool, request.partition, moment, last) - 1)
        if request.HasField("until_time"):
            moment = exact_moment("until_time", request.until_time)
            last = min(last, await first_recorded_from(self._pool, request.partition, moment, last) - 1)
        return after, last

    async def _head(self, partition: int) -> int:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_HEAD_SQL, (partition,), binary=True)).fetchone()
        return 0 if row is None else int(row[0])

    async def _page(self, partition: int, after: int, limit: int) -> list[bytes]:
        if limit < 1:
            return []
        async with self._pool.connection() as connection:
            cursor = await connection.execute(PAGE_SQL, (partition, after, limit), binary=True)
            return checked_page(await cursor.fetchall(), partition, after)


def is_filtered(request: pb.ReplayEventsRequest) -> bool:
    """Whether not every event is asked for."""
    timed = request.HasField("from_time") or request.HasField("until_time")
    return bool(request.types or request.holder or request.organization) or timed


def parts_of(bodies: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """A page in as few parts as fit into a message; each event is shorter than one."""
    start, size = 0, 0
    for index, body in enumerate(bodies):
        if size + len(body) > MESSAGE_BYTES_MAX:
            yield bodies[start:index]
            start, size = index, 0
        size += len(body)
    if start < len(bodies):
        yield bodies[start:]


def _pages_of(found: Found, first: int) -> Iterator[Page]:
    """What one step found as messages, the first of which begins at `first`; an empty one if it found nothing."""
    done = 0
    for part in parts_of(found.bodies):
        positions = found.positions[done : done + len(part)]
        done += len(part)
        following = found.next_position if done == len(found.bodies) else positions[-1] + 1
        yield Page(first_position=first, events=part, positions=positions, next_position=following)
        first = following
    if not found.bodies:
        yield Page(first_position=first, next_position=found.next_position)


def _page_size(request: pb.ReplayEventsRequest) -> int:
    size = min(request.page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
    return min(size, SCATTERED_PROVEN_MAX) if request.proofs and is_filtered(request) else size


def _check(request: pb.ReplayEventsRequest) -> None:
    """Refuse what the protos' own rules do not see."""
    if 0 < request.to_position < request.from_position:
        text = "give a position not before from_position, or 0 for the last"
        raise InvalidRequest([FieldViolation("to_position", text, "replay_events.order")])
    for index, name in enumerate(request.types):
        if name not in stored_names():  # an empty answer would read as "there were none"
            text = "give the stored name of an event, such as hours-verified"
            raise InvalidRequest([FieldViolation(f"types[{index}]", text, "replay_events.types")])
    both_times = request.HasField("from_time") and request.HasField("until_time")
    if both_times and exact_moment("until_time", request.until_time) < exact_moment("from_time", request.from_time):
        text = "give a time not before from_time"
        raise InvalidRequest([FieldViolation("until_time", text, "replay_events.time_order")])


def _after(request: pb.ReplayEventsRequest) -> int:
    return max(request.from_position, 1) - 1
