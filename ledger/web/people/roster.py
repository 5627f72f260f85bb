"""The roster of a shift: who is registered, who asks, who waits; accept, decline, mark absent."""

from __future__ import annotations

import time
from typing import Final

from ledger.domain.refusals import Reason, Refusal
from ledger.web.people.directory import PAGE_SIZE, opportunity, shift, shift_path
from ledger.web.people.persons import names_of
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    REGISTRATION_STATE_ACCEPTED,
    REGISTRATION_STATE_REQUESTED,
    Registration,
    RegistrationState,
    Shift,
)

DECLINE_REASONS: Final = ("SKILLS_MISSING", "PLACES_RESERVED", "NOT_SUITABLE")
COLOURS: Final = {
    "REGISTRATION_STATE_ACCEPTED": "good",
    "REGISTRATION_STATE_REQUESTED": "warn",
    "REGISTRATION_STATE_WAITLISTED": "warn",
    "REGISTRATION_STATE_ABSENT": "bad",
}


async def roster_page(visit: Visit) -> Shown | Gone:
    """`/organize/O/S`."""
    if not visit.posted:
        return await _shown(visit)
    try:
        return await _decided(visit)
    except Refusal as refusal:
        return await _shown(visit, refusal)


async def registrations_page(visit: Visit, shift_name: str) -> directory.ListRegistrationsResponse:
    """The part of a shift's registrations that the address asks for."""
    request = directory.ListRegistrationsRequest(
        parent=shift_name,
        page_size=PAGE_SIZE,
        page_token=visit.request.query_params.get("page", "")[:1_000],
        positions=visit.seen,
    )
    return await visit.ask("DirectoryService/ListRegistrations", request, directory.ListRegistrationsResponse)


async def _decided(visit: Visit) -> Gone:
    shift_name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    name, path = f"{shift_name}/registrations/{visit.typed('volunteer')}", shift_path(shift_name, "/organize", "")
    match visit.typed("action"):
        case "approve":
            approving = commands.ApproveRegistrationRequest(request_id=visit.request_id, name=name)
            done = await visit.ask("ParticipationService/ApproveRegistration", approving, Registration)
            return Gone(path, done.positions, "approved")
        case "decline":
            declining = commands.DeclineRegistrationRequest(
                request_id=visit.request_id, name=name, reason=visit.typed("reason")
            )
            done = await visit.ask("ParticipationService/DeclineRegistration", declining, Registration)
            return Gone(path, done.positions, "declined")
        case "absent":
            absence = commands.RecordAbsenceRequest(request_id=visit.request_id, name=name)
            done = await visit.ask("ParticipationService/RecordAbsence", absence, Registration)
            return Gone(path, done.positions, "marked_absent")
        case _:
            raise Refusal(Reason.NOT_FOUND, {"name": name[:200]})


async def _shown(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    one = await shift(visit)
    listed = await registrations_page(visit, one.name)
    offered = await opportunity(visit)
    called = await names_of(visit, (each.volunteer for each in listed.registrations))
    rows = [
        {
            "id": each.volunteer.partition("/")[2],
            "who": called[each.volunteer],
            "state": RegistrationState.Name(each.state),
            "colour": COLOURS.get(RegistrationState.Name(each.state), "none"),
            "rank": each.waiting_rank,
            "can_decide": each.state == REGISTRATION_STATE_REQUESTED,
            "can_be_absent": each.state == REGISTRATION_STATE_ACCEPTED and _has_begun(one),
        }
        for each in listed.registrations
    ]
    data = {
        "shift": one,
        "offered": offered,
        "rows": rows,
        "next_page": listed.next_page_token,
        "presence": f"{shift_path(one.name, '/organize', '')}/presence",
        "reasons": DECLINE_REASONS,
        "refused": refused,
        "refused_id": visit.typed("volunteer") if refused else "",
        "form_id": visit.form_id(refusal),
    }
    return Shown("roster.html", data, 200 if refused is None else 409)


def _has_begun(one: Shift) -> bool:
    return bool(one.service_date) or one.start_time.seconds <= time.time()
