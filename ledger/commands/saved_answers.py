"""What `save` asks the service: one table at one moment, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol, TypeVar

import grpc

from ledger.commands.connection import Caller, CommandFailed, explain, is_retryable
from ledger.saving import answers
from ledger.saving.columns import Basis, Batch
from volunteer_hours.v1 import bulk_reading_pb2 as bulk_pb
from volunteer_hours.v1 import directory_service_pb2 as directory_pb
from volunteer_hours.v1 import hours_service_pb2 as hours_pb
from volunteer_hours.v1 import statement_service_pb2 as statement_pb
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.statement_service_pb2_grpc import StatementServiceStub

TRIES_MAX: Final = 5
PAGE_SIZE: Final = 1_000
_ANSWER_SECONDS_MAX: Final = 300.0


class Paged(Protocol):
    """A page of any list or stream."""

    @property
    def next_page_token(self) -> str: ...

    @property
    def positions(self) -> Iterable[Position]: ...


Page = TypeVar("Page", bound=Paged)


@dataclass(frozen=True, slots=True)
class Told:
    """The rows of a table, and what they rest on."""

    basis: Basis
    batches: Iterator[Batch]


def entries(channel: grpc.Channel, caller: Caller, request: bulk_pb.StreamEntriesRequest) -> Told:
    """All entries asked for. Raises CommandFailed."""
    stub = HoursServiceStub(channel)

    def ask(token: str) -> Iterable[bulk_pb.StreamEntriesResponse]:
        request.page_token = token
        return stub.StreamEntries(request, metadata=caller.metadata)

    first, pages = _first(_resumed(ask, caller))
    return Told(answers.basis_of(first.positions, first.recorded_through), map(answers.entries, pages))


def attendances(channel: grpc.Channel, caller: Caller, request: bulk_pb.StreamAttendancesRequest) -> Told:
    """All attendances asked for. Raises CommandFailed."""
    stub = DirectoryServiceStub(channel)

    def ask(token: str) -> Iterable[bulk_pb.StreamAttendancesResponse]:
        request.page_token = token
        return stub.StreamAttendances(request, metadata=caller.metadata)

    first, pages = _first(_resumed(ask, caller))
    batches = (answers.attendances(page.attendances) for page in pages)
    return Told(answers.basis_of(first.positions, first.recorded_through), batches)


def summaries(channel: grpc.Channel, caller: Caller, request: hours_pb.SummarizeHoursRequest) -> Told:
    """All groups."""
    answer = HoursServiceStub(channel).SummarizeHours(request, metadata=caller.metadata, timeout=_ANSWER_SECONDS_MAX)
    return Told(answers.basis_of(answer.positions, answer.recorded_through), iter([answers.summaries(answer.groups)]))


def volunteers(channel: grpc.Channel, caller: Caller) -> Told:
    """Everybody, as they are now, with what the caller may read."""
    stub = DirectoryServiceStub(channel)

    def ask(token: str) -> directory_pb.ListVolunteersResponse:
        request = directory_pb.ListVolunteersRequest(page_size=PAGE_SIZE, page_token=token)
        return stub.ListVolunteers(request, metadata=caller.metadata, timeout=_ANSWER_SECONDS_MAX)

    first, pages = _first(_listed(ask))
    return Told(answers.basis_of(first.positions, None), (answers.volunteers(page.volunteers) for page in pages))


def organizations(channel: grpc.Channel, caller: Caller) -> Told:
    """Organisations, then initiatives, as they are now."""
    stub = DirectoryServiceStub(channel)

    def ask(token: str) -> directory_pb.ListOrganizationsResponse:
        request = directory_pb.ListOrganizationsRequest(page_size=PAGE_SIZE, page_token=token)
        return stub.ListOrganizations(request, metadata=caller.metadata, timeout=_ANSWER_SECONDS_MAX)

    def ask_initiatives(token: str) -> directory_pb.ListInitiativesResponse:
        request = directory_pb.ListInitiativesRequest(page_size=PAGE_SIZE, page_token=token)
        return stub.ListInitiatives(request, metadata=caller.metadata, timeout=_ANSWER_SECONDS_MAX)

    first, pages = _first(_listed(ask))
    batches = chain(
        (answers.organizations(page.organizations) for page in pages),
        (answers.initiatives(page.initiatives) for page in _listed(ask_initiatives)),
    )
    return Told(answers.basis_of(first.positions, None), batches)


def statements(channel: grpc.Channel, caller: Caller, parent: str) -> Told:
    """All statements of one person, as they are now."""
    stub = StatementServiceStub(channel)

    def ask(token: str) -> statement_pb.ListStatementsResponse:
        request = statement_pb.ListStatementsRequest(parent=parent, page_size=PAGE_SIZE, page_token=token)
        return stub.ListStatements(request, metadata=caller.metadata, timeout=_ANSWER_SECONDS_MAX)

    first, pages = _first(_listed(ask))
    return Told(answers.basis_of(first.positions, None), (answers.statements(page.statements) for page in pages))


def _first(pages: Iterator[Page]) -> tuple[Page, Iterator[Page]]:
    """The first page, and all of them: every list and stream has one."""
    first = next(pages)
    return first, chain([first], pages)


def _listed(ask: Callable[[str], Page]) -> Iterator[Page]:
    page = ask("")
    yield page
    while page.next_page_token:
        page = ask(page.next_page_token)
        yield page


def _resumed(ask: Callable[[str], Iterable[Page]], caller: Caller) -> Iterator[Page]:
    """All pages of a stream; a broken one is taken up again where it broke, a few times.

    Raises CommandFailed.
    """
    token, failures = "", 0
    while True:
        try:
            for page in ask(token):
                yield page
                token, failures = page.next_page_token, 0
            return
        except grpc.RpcError as error:
            failures += 1
            if failures == TRIES_MAX or not is_retryable(error):
                raise CommandFailed(explain(error, caller)) from error
        time.sleep(0.2 * failures)
