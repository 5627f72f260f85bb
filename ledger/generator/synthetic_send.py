"""Sending what a seed makes. An ordinary gRPC client with many commands in flight."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import grpc

from ledger.generator import synthetic_requests as requests
from ledger.generator.synthetic_plan import SyntheticOrganization, SyntheticPresence
from ledger.patient_client import all_of, reason_of, send_patiently, status_of
from volunteer_hours.v1.participation_service_pb2 import RecordAttendancesRequest
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.verification_service_pb2_grpc import VerificationServiceStub

if TYPE_CHECKING:
    from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceAsyncStub
    from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceAsyncStub
    from volunteer_hours.v1.verification_service_pb2_grpc import VerificationServiceAsyncStub

IN_FLIGHT_MAX: Final = 128
EXPECTED_REFUSALS: Final = frozenset({"NOTHING_TO_VERIFY", "ALREADY_CHECKED_IN", "NOT_CHECKED_IN"})
"""Rules that synthetic people run into by chance, such as two shifts at once. Every other refusal is an error."""

Metadata = tuple[tuple[str, str], ...]


class _Positioned(Protocol):
    @property
    def positions(self) -> Iterable[Position]: ...


_Q = TypeVar("_Q")
_A = TypeVar("_A", bound=_Positioned)


@dataclass(slots=True)
class Made:
    """What was sent and answered."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    positions: dict[int, int] = field(default_factory=dict)

    def reached(self, positions: Iterable[Position]) -> None:
        """Keep the newest position of each partition."""
        for at in positions:
            self.positions[at.partition] = max(at.position, self.positions.get(at.partition, 0))

    def position_messages(self) -> list[Position]:
        """Ask with these to see everything that was made."""
        return [Position(partition=partition, position=at) for partition, at in sorted(self.positions.items())]


class Generation:
    """Sends organisation after organisation; within one, everything that may happen at once is in flight together."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata, as_actor: Callable[[str], Metadata]) -> None:
        """`metadata` is the submitter's; `as_actor` gives that of a verifier."""
        self.made = Made()
        self._registry: RegistryServiceAsyncStub = RegistryServiceStub(channel)
        self._participation: ParticipationServiceAsyncStub = ParticipationServiceStub(channel)
        self._verification: VerificationServiceAsyncStub = VerificationServiceStub(channel)
        self._metadata = metadata
        self._as_actor = as_actor
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def send(self, organization: SyntheticOrganization) -> None:
        """Everything of one organisation. Raises grpc.RpcError for what nobody expects."""
        await self._found(organization)
        await all_of(
            [
                *(
                    self._call("volunteers", self._registry.RegisterVolunteer, request)
                    for request in (requests.register_volunteer(organization, one) for one in organization.volunteers)
                ),
                self._offer(organization),
            ]
        )
        await self._register(organization)
        await self._record(organization)
        verifier = self._as_actor(organization.verifier)
        await all_of(
            self._call("verified", self._verification.VerifyHours, requests.verify_hours(organization, one), verifier)
            for one in organization.presences
            if one.verified
        )

    async def _found(self, organization: SyntheticOrganization) -> None:
        await self._call(
            "organizations", self._registry.RegisterOrganization, requests.register_organization(organization)
        )
        await self._call(
            "accredited", self._registry.AccreditOrganization, requests.accredit_organization(organization)
        )
        await self._call("verifiers", self._registry.AppointMember, requests.appoint_verifier(organization))

    async def _offer(self, organization: SyntheticOrganization) -> None:
        await all_of(
            self._call(
                "opportunities", self._registry.PublishOpportunity, requests.publish_opportunity(organization, one)
            )
            for one in organization.opportunities
        )
        await all_of(
            self._call("shifts", self._registry.OpenShift, requests.open_shift(organization, one))
            for one in organization.shifts
        )

    async def _register(self, organization: SyntheticOrganization) -> None:
        await all_of(
            self._call(
                "registrations",
                self._participation.RegisterForShift,
                requests.register_for_shift(organization, shift, one),
            )
            for shift in organization.shifts
            for one in shift.registered
        )
        await all_of(
            self._call(
                "registrations_withdrawn",
                self._participation.WithdrawRegistration,
                requests.withdraw_registration(organization, shift, one),
            )
            for shift in organization.shifts
            for one in shift.registered
            if one.name in shift.withdrawn
        )

    async def _record(self, organization: SyntheticOrganization) -> None:
        clocked: dict[str, list[SyntheticPresence]] = defaultdict(list)
        for presence in organization.presences:
            if presence.clocked:
                clocked[presence.volunteer.name].append(presence)
        await all_of(self._clock(organization, presences) for presences in clocked.values())
        await self._send_pages(organization)

    async def _clock(self, organization: SyntheticOrganization, presences: Sequence[SyntheticPresence]) -> None:
        # One person's in turn: nobody can be checked in at two places at once.
        for presence in presences:
            await self._call("check_ins", self._participation.CheckIn, requests.check_in(organization, presence))
            await self._call("check_outs", self._participation.CheckOut, requests.check_out(organization, presence))

    async def _send_pages(self, organization: SyntheticOrganization) -> None:
        async def pages() -> AsyncIterator[RecordAttendancesRequest]:
            for page in requests.record_pages(organization):
                yield page

        async for answer in self._participation.RecordAttendances(pages(), metadata=self._metadata):
            self.made.reached(answer.positions)
            for outcome in answer.outcomes:
                if outcome.HasField("recorded"):
                    self.made.counts["attendances"] += 1
                else:
                    self.made.refused[reason_of(outcome.refusal)] += 1

    async def _call(
        self,
        what: str,
        method: grpc.aio.UnaryUnaryMultiCallable[_Q, _A],
        request: _Q,
        metadata: Metadata | None = None,
    ) -> None:
        async with self._in_flight:
            try:
                answer = await send_patiently(method, request, metadata or self._metadata)
            except grpc.aio.AioRpcError as error:
                reason = reason_of(status_of(error))
                if reason not in EXPECTED_REFUSALS:
                    raise
                self.made.refused[reason] += 1
                return
        self.made.counts[what] += 1
        self.made.reached(answer.positions)
