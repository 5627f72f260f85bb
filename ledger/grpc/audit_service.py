"""AuditService: the stored bytes themselves, for those who rebuild every balance on their own, proofs, anomalies."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import Reason, refuse
from ledger.grpc.anomaly_messages import review_command, reviewed_message
from ledger.grpc.commands import Commands
from ledger.grpc.event_replay import EventReplay
from ledger.grpc.interceptor import Call
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.log_serving.log_reader import LogReader
from ledger.log_serving.map_reader import MapReader
from ledger.projections.anomaly_questions import AnomalyQuestions
from volunteer_hours.v1 import anomalies_pb2
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import EvidenceSeconds


class AuditService:
    """Reads the event store and its log. Nothing is rebuilt: what leaves is what was hashed, published and signed.

    Beside it what a human should look at, from the projections, and that somebody did.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        partitions: int,
        log: LogReader,
        commands: Commands,
        anomalies: AnomalyQuestions,
    ) -> None:
        self._commands = commands
        self._anomalies = anomalies
        self._replay = EventReplay(pool, log)
        self._partitions = partitions
        self._log = log
        self._maps = MapReader(pool, partitions)

    def ReplayEvents(self, request: pb.ReplayEventsRequest, call: Call) -> AsyncIterator[pb.ReplayEventsResponse]:
        self._check_partition(request.partition)
        return self._replay.pages(request)

    async def GetEvent(self, request: pb.GetEventRequest, call: Call) -> pb.StoredEvent:
        self._check_partition(request.partition)
        event = await self._replay.event(request.partition, request.position)
        if event is None:
            refuse(Reason.NOT_FOUND, name=f"position {request.position} in partition {request.partition}")
        return pb.StoredEvent(
            partition=request.partition,
            position=request.position,
            event=event,
            sha256=hashlib.sha256(event).digest(),
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

    async def GetBalanceProof(self, request: pb.GetBalanceProofRequest, call: Call) -> pb.BalanceProof:
        proven = await self._maps.balance_proof(request.name, request.size_min, call.seconds_left)
        balance = proven.verdict.balance
        return pb.BalanceProof(
            name=request.name,
            partition=proven.partition,
            size=proven.verdict.note.size,
            proof=proven.proof,
            balances_note=proven.note,
            seconds=EvidenceSeconds(
                claimed_seconds=balance.claimed_seconds,
                attended_seconds=balance.attended_seconds,
                verified_seconds=balance.verified_seconds,
                disputed_seconds=balance.disputed_seconds,
                withheld_seconds=balance.withheld_seconds,
                reversed_seconds=balance.reversed_seconds,
            ),
            entry_count=balance.entry_count,
            entries_head=balance.head,
        )

    async def ListAnomalies(
        self, request: anomalies_pb2.ListAnomaliesRequest, call: Call
    ) -> anomalies_pb2.ListAnomaliesResponse:
        return await self._anomalies.page(request, call.seconds_left)

    async def ReviewAnomaly(
        self, request: anomalies_pb2.ReviewAnomalyRequest, call: Call
    ) -> anomalies_pb2.ReviewedAnomaly:
        return reviewed_message(await self._commands.execute(call, request, review_command(request)))

    def _check_partition(self, partition: int) -> None:
        if partition >= self._partitions:
            refuse(Reason.POSITION_UNKNOWN, partition=partition, partition_max=self._partitions - 1)
