"""What persons on a list are called: opened for who may see it, and each look recorded like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup

from ledger.domain.refusals import Reason, Refusal
from ledger.web.people.directory import id_of
from ledger.web.people.visit import Visit
from ledger.web.people.wording import isolated
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import Volunteer

AT_ONCE: Final = 8
"""Of one list: the others who read shall not wait for it."""


async def names_of(visit: Visit, volunteers: Iterable[str]) -> Mapping[str, Markup]:
    """Name to be shown by volunteers/…; who cannot be looked at has no more than an id."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def named(volunteer: str) -> tuple[str, Markup]:
        async with turn:
            return volunteer, await _name(visit, volunteer)

    wanted = sorted(set(volunteers))
    return dict(await asyncio.gather(*map(named, wanted)))


async def _name(visit: Visit, volunteer: str) -> Markup:
    try:
        request = pb.GetVolunteerRequest(name=volunteer, positions=visit.seen)
        known = await visit.ask("DirectoryService/GetVolunteer", request, Volunteer)
    except Refusal as refusal:
        if refusal.reason is not Reason.NOT_FOUND:
            raise
        return isolated(id_of(volunteer))
    if known.erased:
        return visit.words.say("erased_person")
    return isolated(known.details.full_name or id_of(volunteer))
