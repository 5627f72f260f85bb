"""Sending the LEEDS history to a ledger: revision by revision, as the publisher learnt it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

import grpc

from ledger.importing import leeds2023_requests
from ledger.importing.leeds2023_history import Revision, ShiftStep, Step
from ledger.importing.leeds2023_requests import Request, request_of
from ledger.patient_client import all_of, send_patiently
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.hours_service_pb2 import SUMMARY_DIMENSION_ORGANIZATION, SummarizeHoursRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub

if TYPE_CHECKING:
    from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceAsyncStub
    from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceAsyncStub
    from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceAsyncStub
    from volunteer_hours.v1.resources_pb2 import Attendance, Opportunity, Organization, Shift

IN_FLIGHT_MAX: Final = 64


@dataclass(slots=True)
class Outcome:
    """What an import did."""

    recorded: Counter[str] = field(default_factory=Counter)
    """Steps that were new to the ledger, by kind."""
    already_known: int = 0
    """Steps the ledger had recorded before this import: their first answers came again."""
    positions: dict[int, int] = field(default_factory=dict)
    """The newest position of each partition among the answers: ask with them to see the whole import."""

    def position_messages(self) -> list[Position]:
        """The same as in the API."""
        return [Position(partition=partition, position=at) for partition, at in sorted(self.positions.items())]


class LeedsImport:
    """One import. Steps of different shifts of one revision are in flight together; one shift's keep their order."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self.outcome = Outcome()
        self._registry: RegistryServiceAsyncStub = RegistryServiceStub(channel)
        self._participation: ParticipationServiceAsyncStub = ParticipationServiceStub(channel)
        self._hours: HoursServiceAsyncStub = HoursServiceStub(channel)
        self._metadata = metadata
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._before: Mapping[int, int] = {}

    async def run(self, revisions: Iterable[Revision], sent: Callable[[int], None] = lambda _: None) -> Outcome:
        """Send everything; `sent` is told how many steps each answered call settled. Raises grpc.RpcError.

        A broken import is simply run again: what was recorded gives its first answer, the rest is recorded then.
        """
        self._before = await self._positions_now()
        organization = leeds2023_requests.register_organization()
        answer = await send_patiently(self._registry.RegisterOrganization, organization, self._metadata)
        self._settle("RegisterOrganization", answer)
        for revision in revisions:
            # The next revision waits for this one: a correction must find what it corrects.
            await all_of(self._send(step, sent) for step in revision.events)
            await all_of(self._send_in_order(steps, sent) for steps in revision.shifts)
        return self.outcome

    async def _send_in_order(self, steps: Sequence[ShiftStep], sent: Callable[[int], None]) -> None:
        for step in steps:
            await self._send(step, sent)

    async def _send(self, step: Step, sent: Callable[[int], None]) -> None:
        async with self._in_flight:
            answer = await self._answer(request_of(step))
        self._settle(type(step).__name__, answer)
        sent(1)

    def _settle(self, kind: str, answer: Organization | Opportunity | Shift | Attendance) -> None:
        new = False
        for at in answer.positions:
            new = new or at.position > self._before.get(at.partition, 0)
            self.outcome.positions[at.partition] = max(at.position, self.outcome.positions.get(at.partition, 0))
        if new:
            self.outcome.recorded[kind] += 1
        else:
            self.outcome.already_known += 1

    async def _positions_now(self) -> Mapping[int, int]:
        """What the ledger has already: an answer at or below these was given before."""
        question = SummarizeHoursRequest(group_by=SUMMARY_DIMENSION_ORGANIZATION)
        answer = await send_patiently(self._hours.SummarizeHours, question, self._metadata)
        return {at.partition: at.position for at in answer.positions}

    async def _answer(self, request: Request) -> Opportunity | Shift | Attendance:
        match request:
            case registry.PublishOpportunityRequest():
                return await send_patiently(self._registry.PublishOpportunity, request, self._metadata)
            case registry.UpdateOpportunityRequest():
                return await send_patiently(self._registry.UpdateOpportunity, request, self._metadata)
            case registry.OpenShiftRequest():
                return await send_patiently(self._registry.OpenShift, request, self._metadata)
            case registry.UpdateShiftRequest():
                return await send_patiently(self._registry.UpdateShift, request, self._metadata)
            case participation.RecordGroupAttendanceRequest():
                return await send_patiently(self._participation.RecordGroupAttendance, request, self._metadata)
            case participation.CorrectAttendanceRequest():
                return await send_patiently(self._participation.CorrectAttendance, request, self._metadata)
            case participation.WithdrawAttendanceRequest():
                return await send_patiently(self._participation.WithdrawAttendance, request, self._metadata)
            case _:
                assert_never(request)
