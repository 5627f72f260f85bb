"""What persons on a list are called: opened for who may see it, and each look recorded like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from ledger.domain.refusals import Reason, Refusal
from ledger.web.people.directory import asked_together, id_of
from ledger.web.people.visit import Visit
from ledger.web.people.wording import isolated
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import Volunteer


async def names_of(visit: Visit, volunteers: Iterable[str]) -> Mapping[str, Markup]:
    """Name to be shown by volunteers/…; who cannot be looked at has no more than an id."""
    return await asked_together(visit, volunteers, _name)


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
