"""Commands of an import, sent until they are answered, and the newest positions among the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

import grpc
from google.rpc import status_pb2

from ledger.bulk.asking import Metadata
from ledger.bulk.refusals import as_status
from ledger.patient_client import CALL_SECONDS_MAX, TRIES_MAX, retry_after_seconds, send_patiently, status_of
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2 as pb
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.verification_service_pb2_grpc import VerificationServiceStub

if TYPE_CHECKING:
    from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceAsyncStub
    from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceAsyncStub
    from volunteer_hours.v1.verification_service_pb2_grpc import VerificationServiceAsyncStub

IN_FLIGHT_MAX: Final = 32
_LATER: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)

Request: TypeAlias = (
    registry.RegisterVolunteerRequest
    | registry.UpdateVolunteerRequest
    | registry.PublishOpportunityRequest
    | registry.OpenShiftRequest
    | participation.RegisterForShiftRequest
    | participation.WithdrawRegistrationRequest
    | participation.CorrectAttendanceRequest
    | participation.RecordGroupAttendanceRequest
)
Answer: TypeAlias = pb.Volunteer | pb.Opportunity | pb.Shift | pb.Registration | pb.Attendance


class Commands:
    """Tells the service. Every method raises grpc.RpcError for what is no row's own."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata) -> None:
        self._registry: RegistryServiceAsyncStub = RegistryServiceStub(channel)
        self._participation: ParticipationServiceAsyncStub = ParticipationServiceStub(channel)
        self._verification: VerificationServiceAsyncStub = VerificationServiceStub(channel)
        self._metadata = metadata
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._positions: dict[int, int] = {}

    @property
    def positions(self) -> list[Position]:
        """The newest of each partition among the answers: a read with them sees all of it."""
        return [Position(partition=partition, position=at) for partition, at in sorted(self._positions.items())]

    async def send(self, request: Request) -> status_pb2.Status | None:
        """One command; the refusal, if it was refused."""
        async with self._in_flight:
            try:
                answer = await self._answer(request)
            except grpc.aio.AioRpcError as error:
                return as_status(error)
        self._reached(answer.positions)
        return None

    async def record(
        self, page: participation.RecordAttendancesRequest
    ) -> participation.RecordAttendancesResponse | status_pb2.Status:
        """A page on a stream of its own, sent again with its request_id until it is answered.

        An outcome an item; a refusal of the whole page, and then nothing of it stands.
        """
        pause_seconds = 0.1
        for left in reversed(range(TRIES_MAX)):
            try:
                async for answer in self._participation.RecordAttendances(
                    iter([page]), metadata=self._metadata, timeout=CALL_SECONDS_MAX
                ):
                    self._reached(answer.positions)
                    return answer
            except grpc.aio.AioRpcError as error:
                if error.code() not in _LATER or not left:
                    return as_status(error)
                await asyncio.sleep(max(pause_seconds, retry_after_seconds(status_of(error))))
                pause_seconds *= 2
        raise RuntimeError("the stream ended without an answer to its page")

    async def verify(
        self, page: verification.BatchVerifyHoursRequest
    ) -> verification.BatchVerifyHoursResponse | status_pb2.Status:
        """As `record`."""
        async with self._in_flight:
            try:
                answer = await send_patiently(self._verification.BatchVerifyHours, page, self._metadata)
            except grpc.aio.AioRpcError as error:
                return as_status(error)
        self._reached(answer.positions)
        return answer

    def _reached(self, positions: Iterable[Position]) -> None:
        for at in positions:
            self._positions[at.partition] = max(at.position, self._positions.get(at.partition, 0))

    async def _answer(self, request: Request) -> Answer:
        match request:
            case registry.RegisterVolunteerRequest():
                return await send_patiently(self._registry.RegisterVolunteer, request, self._metadata)
            case registry.UpdateVolunteerRequest():
                return await send_patiently(self._registry.UpdateVolunteer, request, self._metadata)
            case registry.PublishOpportunityRequest():
                return await send_patiently(self._registry.PublishOpportunity, request, self._metadata)
            case registry.OpenShiftRequest():
                return await send_patiently(self._registry.OpenShift, request, self._metadata)
            case participation.RegisterForShiftRequest():
                return await send_patiently(self._participation.RegisterForShift, request, self._metadata)
            case participation.WithdrawRegistrationRequest():
                return await send_patiently(self._participation.WithdrawRegistration, request, self._metadata)
            case participation.CorrectAttendanceRequest():
                return await send_patiently(self._participation.CorrectAttendance, request, self._metadata)
            case participation.RecordGroupAttendanceRequest():
                return await send_patiently(self._participation.RecordGroupAttendance, request, self._metadata)
            case _:
                assert_never(request)
