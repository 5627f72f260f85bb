"""What the service is asked and told for a feed: what it has of a row, and the commands of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final, assert_never

import grpc

from ledger.feeds.comparing import Present, Request
from ledger.patient_client import reason_of, send_patiently, status_of
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceStub
from volunteer_hours.v1.resources_pb2 import OPPORTUNITY_STATE_PUBLISHED, Opportunity, Shift

if TYPE_CHECKING:
    from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceAsyncStub
    from volunteer_hours.v1.registry_service_pb2_grpc import RegistryServiceAsyncStub

IN_FLIGHT_MAX: Final = 64
PAGE_SIZE: Final = 500
_NOT_FOUND: Final = "NOT_FOUND"
_NOTHING_CHANGES: Final = "NOTHING_CHANGES"
_OF_THE_ROW: Final = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.ABORTED,
)
"""Refusals that are this row's own; any other error ends the import."""


class FeedService:
    """The service, as a feed needs it."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._registry: RegistryServiceAsyncStub = RegistryServiceStub(channel)
        self._directory: DirectoryServiceAsyncStub = DirectoryServiceStub(channel)
        self._metadata = metadata
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._positions: dict[int, int] = {}

    @property
    def positions(self) -> list[Position]:
        """The newest of each partition among the answers to commands: a read with them sees the whole import."""
        return [Position(partition=partition, position=at) for partition, at in sorted(self._positions.items())]

    async def check_offering(self, organization: str) -> None:
        """Whether it is there at all. Raises grpc.RpcError, NOT_FOUND where it is not."""
        if organization.startswith("initiatives/"):
            request = directory.GetInitiativeRequest(name=organization)
            await send_patiently(self._directory.GetInitiative, request, self._metadata)
        else:
            question = directory.GetOrganizationRequest(name=organization)
            await send_patiently(self._directory.GetOrganization, question, self._metadata)

    async def present(self, name: str, listed: Opportunity | None = None) -> Present:
        """What the ledger has of the opportunity; `listed`: as a page had it a moment ago. Raises grpc.RpcError."""
        async with self._in_flight:
            if listed is not None:
                return Present(listed, await self._shifts(name))
            try:
                question = directory.GetOpportunityRequest(name=name)
                known = await send_patiently(self._directory.GetOpportunity, question, self._metadata)
            except grpc.aio.AioRpcError as error:
                if reason_of(status_of(error)) == _NOT_FOUND:
                    return Present()
                raise
            shifts = await self._shifts(name)
        compared_at = ",".join(f"{at.partition}:{at.position}" for at in known.positions)
        return Present(known, shifts, compared_at)

    async def send(self, requests: Sequence[Request]) -> grpc.aio.AioRpcError | None:
        """Send a row's commands in order; the refusal that stopped them, if one did. Raises grpc.RpcError.

        NOTHING_CHANGES is no refusal here: the directory was a moment behind, and the command was done before.
        """
        async with self._in_flight:
            for request in requests:
                try:
                    answer = await self._answer(request)
                except grpc.aio.AioRpcError as error:
                    if reason_of(status_of(error)) == _NOTHING_CHANGES:
                        continue
                    if error.code() in _OF_THE_ROW:
                        return error
                    raise
                for at in answer.positions:
                    self._positions[at.partition] = max(at.position, self._positions.get(at.partition, 0))
        return None

    async def published(self, organization: str, feed: str) -> AsyncIterator[Opportunity]:
        """The feed's opportunities that are open, at least as new as the last command. Raises grpc.RpcError."""
        async for opportunity in self.listed(organization, feed):
            if opportunity.state == OPPORTUNITY_STATE_PUBLISHED:
                yield opportunity

    async def listed(self, organization: str, feed: str) -> AsyncIterator[Opportunity]:
        """The feed's opportunities, closed ones too. Raises grpc.RpcError."""
        request = directory.ListOpportunitiesRequest(
            organization=organization, page_size=PAGE_SIZE, positions=self.positions
        )
        while True:
            page = await send_patiently(self._directory.ListOpportunities, request, self._metadata)
            for opportunity in page.opportunities:
                if opportunity.imported_from.system == feed:
                    yield opportunity
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def _shifts(self, opportunity: str) -> list[Shift]:
        shifts: list[Shift] = []
        request = directory.ListShiftsRequest(parent=opportunity, page_size=PAGE_SIZE)
        while True:
            page = await send_patiently(self._directory.ListShifts, request, self._metadata)
            shifts += page.shifts
            if not page.next_page_token:
                return shifts
            request.page_token = page.next_page_token

    async def _answer(self, request: Request) -> Opportunity | Shift:
        match request:
            case registry.PublishOpportunityRequest():
                return await send_patiently(self._registry.PublishOpportunity, request, self._metadata)
            case registry.UpdateOpportunityRequest():
                return await send_patiently(self._registry.UpdateOpportunity, request, self._metadata)
            case registry.CloseOpportunityRequest():
                return await send_patiently(self._registry.CloseOpportunity, request, self._metadata)
            case registry.OpenShiftRequest():
                return await send_patiently(self._registry.OpenShift, request, self._metadata)
            case registry.UpdateShiftRequest():
                return await send_patiently(self._registry.UpdateShift, request, self._metadata)
            case registry.CancelShiftRequest():
                return await send_patiently(self._registry.CancelShift, request, self._metadata)
            case _:
                assert_never(request)
