"""AuditService: the stored bytes themselves, in pages, for those who rebuild every balance on their own, and proofs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.event_store import PAGE_SQL, checked_page
from ledger.grpc.interceptor import Call
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.log_serving.log_reader import LogReader
from volunteer_hours.v1 import audit_service_pb2 as pb

PAGE_SIZE_DEFAULT: Final = 500
PAGE_SIZE_MAX: Final = 1_000
MESSAGE_BYTES_MAX: Final = 3 * 1024 * 1024
"""Clients accept 4 MiB by default; a page of long events leaves as several messages."""

_HEAD_SQL: Final = "select position from partition_counters where partition = %b"


class AuditService:
    """Reads the event store and its log. Nothing is rebuilt: what leaves is what was hashed, published and signed."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], partitions: int, log: LogReader) -> None:
        self._pool = pool
        self._partitions = partitions
        self._log = log

    async def ReplayEvents(self, request: pb.ReplayEventsRequest, call: Call) -> AsyncIterator[pb.ReplayEventsResponse]:
        self._check_partition(request.partition)
        if request.to_position and request.to_position < request.from_position:
            text = "give a position not before from_position, or 0 for the last"
            raise InvalidRequest([FieldViolation("to_position", text, "replay_events.order")])
        head = await self._head(request.partition)
        last = min(request.to_position or head, head)
        after = max(request.from_position, 1) - 1
        page_size = min(request.page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
        following = self._reading(request.partition, after, min(page_size, last - after))
        try:
            while after < last:
                bodies = await following
                if not bodies:
                    raise InvariantBroken(f"partition {request.partition}: position {after + 1} is missing")
                ahead = after + len(bodies)
                # The next page is read while this one travels: one page waits in memory, never more.
                following = self._reading(request.partition, ahead, min(page_size, last - ahead))
                for part in parts_of(bodies):
                    yield pb.ReplayEventsResponse(partition=request.partition, first_position=after + 1, events=part)
                    after += len(part)
        finally:
            following.cancel()

    async def GetEvent(self, request: pb.GetEventRequest, call: Call) -> pb.StoredEvent:
        self._check_partition(request.partition)
        bodies = await self._page(request.partition, request.position - 1, 1)
        if not bodies:
            refuse(Reason.NOT_FOUND, name=f"position {request.position} in partition {request.partition}")
        return pb.StoredEvent(
            partition=request.partition,
            position=request.position,
            event=bodies[0],
            sha256=hashlib.sha256(bodies[0]).digest(),
        )

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, call: Call) -> pb.Checkpoint:
        if request.size_min:
            found = await self._log.at_least(request.partition, request.size_min)
        else:
            found = await self._log.newest(request.partition)
        return pb.Checkpoint(partition=request.partition, checkpoint=found.note, size=found.size, root=found.root)

    async def GetInclusionProof(self, request: pb.GetInclusionProofRequest, call: Call) -> pb.InclusionProof:
        proof = pb.InclusionProof(partition=request.partition, leaf_index=request.position - 1, size=request.size)
        if not request.size:
            newest = await self._log.newest_inclusion(request.partition, request.position)
            proof.size, proof.checkpoint = newest.checkpoint.size, newest.checkpoint.note
            proof.hashes.extend(newest.hashes)
            return proof
        if request.size < request.position:
            text = "give a size not below position, or 0 for the newest checkpoint's"
            raise InvalidRequest([FieldViolation("size", text, "get_inclusion_proof.order")])
        proof.hashes.extend(await self._log.inclusion_proof(request.partition, request.position, request.size))
        return proof

    async def GetConsistencyProof(self, request: pb.GetConsistencyProofRequest, call: Call) -> pb.ConsistencyProof:
        if request.to_size < request.from_size:
            text = "give a size not below from_size"
            raise InvalidRequest([FieldViolation("to_size", text, "get_consistency_proof.order")])
        hashes = await self._log.consistency_proof(request.partition, request.from_size, request.to_size)
        return pb.ConsistencyProof(
            partition=request.partition, from_size=request.from_size, to_size=request.to_size, hashes=hashes
        )

    def _check_partition(self, partition: int) -> None:
        if partition >= self._partitions:
            refuse(Reason.POSITION_UNKNOWN, partition=partition, partition_max=self._partitions - 1)

    async def _head(self, partition: int) -> int:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_HEAD_SQL, (partition,), binary=True)).fetchone()
        return 0 if row is None else int(row[0])

    def _reading(self, partition: int, after: int, limit: int) -> asyncio.Task[list[bytes]]:
        return asyncio.create_task(self._page(partition, after, limit))

    async def _page(self, partition: int, after: int, limit: int) -> list[bytes]:
        """A connection is held for one page only, so that a slow reader keeps none from others."""
        if limit < 1:
            return []
        async with self._pool.connection() as connection:
            cursor = await connection.execute(PAGE_SQL, (partition, after, limit), binary=True)
            return checked_page(await cursor.fetchall(), partition, after)


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
