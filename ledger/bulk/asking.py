"""What the ledger has, as an import of a spreadsheet asks for it. Each question names what its caller may know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import grpc
from google.rpc import error_details_pb2, status_pb2

from ledger.bulk.refusals import NOT_FOUND, NOT_YET_KNOWN, as_status
from ledger.patient_client import reason_of, send_patiently, status_of
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import resources_pb2 as pb
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.values_pb2 import Identity

if TYPE_CHECKING:
    from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceAsyncStub
    from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceAsyncStub

PAGE_SIZE: Final = 1_000
IN_FLIGHT_MAX: Final = 32
LAG_SECONDS_MAX: Final = 2.0
"""What is not there is asked for again for so long, once in an import: it may have been recorded a moment ago."""
_PAUSE_SECONDS: Final = 0.5

Metadata: TypeAlias = tuple[tuple[str, str], ...]
Q = TypeVar("Q")
A = TypeVar("A")
Method: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[Q, A]"


class Questions:
    """Asks the service. Every method raises grpc.RpcError for what is nobody's row."""

    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata) -> None:
        self._directory: DirectoryServiceAsyncStub = DirectoryServiceStub(channel)
        self._hours: HoursServiceAsyncStub = HoursServiceStub(channel)
        self._metadata = metadata
        self._in_flight = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._lag_seconds = LAG_SECONDS_MAX
        self.persons_told = True
        """False once the service said that this caller may not ask whether persons are there."""

    async def organization(self, name: str) -> bool:
        """Whether organizations/… or initiatives/… is there."""
        if name.startswith("initiatives/"):
            initiative = directory.GetInitiativeRequest(name=name)
            return await self._found(self._directory.GetInitiative, initiative) is not None
        organization = directory.GetOrganizationRequest(name=name)
        return await self._found(self._directory.GetOrganization, organization) is not None

    async def opportunity(self, name: str) -> pb.Opportunity | None:
        """None where it is not there: what this import itself would make is not waited for."""
        question = directory.GetOpportunityRequest(name=name)
        return await self._found(self._directory.GetOpportunity, question, patient=False)

    async def shift(self, name: str) -> pb.Shift | None:
        """None where it is not there."""
        return await self._found(self._directory.GetShift, directory.GetShiftRequest(name=name))

    async def volunteer(self, name: str) -> pb.Volunteer | None:
        """With personal details: the look is recorded. None: not there, or not for this caller."""
        question = directory.GetVolunteerRequest(name=name)
        return await self._found(self._directory.GetVolunteer, question, patient=False)

    async def attendance(self, name: str, *, patient: bool = True) -> pb.Attendance | None:
        """As it is now; `patient`: it is there, or was a moment ago."""
        question = directory.GetAttendanceRequest(name=name)
        return await self._found(self._directory.GetAttendance, question, patient=patient)

    async def holder_of(self, identity: Identity) -> str | status_pb2.Status:
        """The name of who has this document, empty for nobody; or why the service does not say."""
        question = directory.LookupVolunteerRequest(identity=identity)
        try:
            found = await self._found(self._directory.LookupVolunteer, question, patient=False)
        except grpc.aio.AioRpcError as error:
            return as_status(error)
        return "" if found is None else found.name

    async def shifts(self, opportunity: str) -> AsyncIterator[pb.Shift]:
        """All shifts of an opportunity."""
        question = directory.ListShiftsRequest(parent=opportunity, page_size=PAGE_SIZE)
        while True:
            page = await self._asked(self._directory.ListShifts, question)
            for shift in page.shifts:
                yield shift
            if not page.next_page_token:
                return
            question.page_token = page.next_page_token

    async def attendances(self, shift: str) -> AsyncIterator[pb.Attendance]:
        """Of persons; head counts are left out. Each person told is a recorded look."""
        question = directory.ListAttendancesRequest(parent=shift, page_size=PAGE_SIZE)
        while True:
            page = await self._asked(self._directory.ListAttendances, question)
            for attendance in page.attendances:
                if attendance.volunteer:
                    yield attendance
            if not page.next_page_token:
                return
            question.page_token = page.next_page_token

    async def registrations(self, shift: str) -> AsyncIterator[pb.Registration]:
        """All of a shift, withdrawn ones too."""
        question = directory.ListRegistrationsRequest(parent=shift, page_size=PAGE_SIZE)
        while True:
            page = await self._asked(self._directory.ListRegistrations, question)
            for registration in page.registrations:
                yield registration
            if not page.next_page_token:
                return
            question.page_token = page.next_page_token

    async def unknown(self, volunteers: Sequence[str]) -> set[str]:
        """Who of these is not there; nobody where this caller may not ask: the service tells when rows are sent."""
        names, unknown = list(volunteers), set[str]()
        while names and self.persons_told:
            try:
                await self._asked(self._hours.BatchGetBalances, hours.BatchGetBalancesRequest(names=names))
                break
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                    self.persons_told = False
                elif (missing := _not_found(error)) not in names:
                    raise
                elif not await self._lag():
                    unknown.add(missing)
                    names.remove(missing)
        return unknown

    async def _found(self, method: Method[Q, A], question: Q, *, patient: bool = True) -> A | None:
        while True:
            try:
                return await self._asked(method, question)
            except grpc.aio.AioRpcError as error:
                if reason_of(status_of(error)) not in (NOT_FOUND, NOT_YET_KNOWN):
                    raise
                if not (patient and await self._lag()):
                    return None

    async def _asked(self, method: Method[Q, A], question: Q) -> A:
        async with self._in_flight:
            return await send_patiently(method, question, self._metadata)

    async def _lag(self) -> bool:
        """Wait a little, as long as there is something left of the time to wait; whether to ask again."""
        if self._lag_seconds <= 0:
            return False
        self._lag_seconds -= _PAUSE_SECONDS
        await asyncio.sleep(_PAUSE_SECONDS)
        return True


def _not_found(error: grpc.aio.AioRpcError) -> str:
    """What was not found, by the service's own words; empty for any other refusal."""
    info = error_details_pb2.ErrorInfo()
    status = status_of(error)
    for detail in () if status is None else status.details:
        if detail.Unpack(info) and info.reason == NOT_FOUND:
            return info.metadata["name"]
    return ""
