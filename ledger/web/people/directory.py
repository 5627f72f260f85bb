"""What several stories ask of the directory: names, opportunities, shifts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from ledger.web.people.visit import Visit
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import Initiative, Opportunity, Organization, Shift
from volunteer_hours.v1.values_pb2 import LocalizedText

T = TypeVar("T")

PAGE_SIZE: Final = 50
AT_ONCE: Final = 8
SHIFTS_MAX: Final = 200
"""Of one opportunity on one page."""


async def opportunity(visit: Visit) -> Opportunity:
    """The opportunity that the path names. Refuses NOT_FOUND."""
    name = f"opportunities/{visit.path_id('opportunity')}"
    request = pb.GetOpportunityRequest(name=name, positions=visit.seen)
    return await visit.ask("DirectoryService/GetOpportunity", request, Opportunity)


async def shift(visit: Visit) -> Shift:
    """The shift that the path names. Refuses NOT_FOUND."""
    name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    request = pb.GetShiftRequest(name=name, positions=visit.seen)
    return await visit.ask("DirectoryService/GetShift", request, Shift)


async def shifts_of(visit: Visit, name: str) -> list[Shift]:
    """The shifts of an opportunity, soonest first."""
    request = pb.ListShiftsRequest(parent=name, page_size=SHIFTS_MAX, positions=visit.seen)
    listed = await visit.ask("DirectoryService/ListShifts", request, pb.ListShiftsResponse)
    return sorted(listed.shifts, key=begins_at)


async def organization_names(visit: Visit, names: Iterable[str]) -> dict[str, LocalizedText]:
    """How organisations and initiatives are called."""
    found: dict[str, LocalizedText] = {}
    for name in sorted(set(names)):
        if name.startswith("initiatives/"):
            asked = pb.GetInitiativeRequest(name=name)
            found[name] = (await visit.ask("DirectoryService/GetInitiative", asked, Initiative)).display_name
        else:
            request = pb.GetOrganizationRequest(name=name)
            found[name] = (await visit.ask("DirectoryService/GetOrganization", request, Organization)).display_name
    return found


async def asked_together(visit: Visit, names: Iterable[str], ask: Callable[[Visit, str], Awaitable[T]]) -> dict[str, T]:
    """The answers about several names, some at once: the others who read shall not wait for one person's list."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> tuple[str, T]:
        async with turn:
            return name, await ask(visit, name)

    return dict(await asyncio.gather(*map(one, sorted(set(names)))))


def begins_at(one: Shift) -> float:
    """For sorting, Unix seconds; of a shift without times its date in UTC."""
    if one.service_date:
        return datetime.fromisoformat(one.service_date).replace(tzinfo=UTC).timestamp()
    return float(one.start_time.seconds)


def is_past(one: Shift) -> bool:
    """Whether a shift has ended."""
    now = datetime.now(UTC)
    if one.service_date:
        return datetime.fromisoformat(one.service_date).replace(tzinfo=UTC) + timedelta(days=2) < now
    return one.end_time.seconds <= now.timestamp()


def id_of(name: str) -> str:
    """The last part of a name."""
    return name.rpartition("/")[2]


def shift_path(name: str, before: str = "/opportunities", between: str = "/shifts") -> str:
    """The page of a shift called opportunities/O/shifts/S."""
    _, of, _, own = name.split("/")[:4]
    return f"{before}/{of}{between}/{own}"
