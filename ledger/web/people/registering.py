"""Registering: an opportunity with its shifts, one press, and what came of it; withdrawing; all of one's shifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.web.people.directory import (
    asked_together,
    id_of,
    is_past,
    opportunity,
    organization_names,
    shift,
    shift_path,
    shifts_of,
)
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    OPPORTUNITY_STATE_PUBLISHED,
    REGISTRATION_STATE_ACCEPTED,
    REGISTRATION_STATE_REQUESTED,
    REGISTRATION_STATE_WAITLISTED,
    SHIFT_STATE_OPEN,
    Opportunity,
    Registration,
    RegistrationState,
    Shift,
    VolunteeringLevel,
)

LIVE: Final = (REGISTRATION_STATE_ACCEPTED, REGISTRATION_STATE_REQUESTED, REGISTRATION_STATE_WAITLISTED)
"""Somebody in these states can withdraw, and need not register."""
REGISTRATIONS_MAX: Final = 1_000
OUTCOMES: Final = {
    "REGISTRATION_STATE_ACCEPTED": ("good", "registered"),
    "REGISTRATION_STATE_REQUESTED": ("warn", "requested"),
    "REGISTRATION_STATE_WAITLISTED": ("warn", "waitlisted"),
    "REGISTRATION_STATE_WITHDRAWN": ("none", "withdrawn"),
    "REGISTRATION_STATE_DECLINED": ("bad", "declined"),
    "REGISTRATION_STATE_ABSENT": ("bad", "absent_state"),
}
"""Colour and texts of each state."""


@dataclass(frozen=True, slots=True)
class OfferedShift:
    """A shift as somebody sees it who may register."""

    shift: Shift
    path: str
    shift_id: str
    places_left: int
    state: str
    """Of their own registration; empty without one that lives."""
    can_register: bool
    """The ledger decides; without this no button is shown."""


async def opportunity_page(visit: Visit) -> Shown | Gone:
    """`/opportunities/O`: read, and register for one of its shifts."""
    if not visit.posted:
        return await _opportunity(visit)
    try:
        return await _register(visit)
    except Refusal as refusal:
        return await _opportunity(visit, refusal)


async def shift_page(visit: Visit) -> Shown | Gone:
    """`/opportunities/O/shifts/S`: what came of the registration, and withdrawing it."""
    if not visit.posted:
        return await _shift(visit)
    try:
        return await _withdraw(visit)
    except Refusal as refusal:
        return await _shift(visit, refusal)


async def my_registrations_page(visit: Visit) -> Shown:
    """`/my/registrations`."""
    mine = await registrations_of(visit)
    shifts = await asked_together(visit, {one.shift for one in mine}, _shift_called)
    titles = await asked_together(visit, {one.shift.partition("/shifts/")[0] for one in mine}, _opportunity_called)
    rows = [
        {
            "shift": shifts[one.shift],
            "title": titles[one.shift.partition("/shifts/")[0]].title,
            "path": shift_path(one.shift),
            "state": RegistrationState.Name(one.state),
            "colour": OUTCOMES[RegistrationState.Name(one.state)][0],
            "past": is_past(shifts[one.shift]),
        }
        for one in sorted(mine, key=lambda one: shifts[one.shift].start_time.seconds)
    ]
    coming = [row for row in rows if not row["past"]]
    past = [row for row in reversed(rows) if row["past"]]
    return Shown("my_registrations.html", {"coming": coming, "past": past})


async def registrations_of(visit: Visit) -> list[Registration]:
    """All registrations of the person who reads."""
    request = directory.ListRegistrationsRequest(parent=visit.person, page_size=REGISTRATIONS_MAX, positions=visit.seen)
    listed = await visit.ask("DirectoryService/ListRegistrations", request, directory.ListRegistrationsResponse)
    return list(listed.registrations)


async def _shift_called(visit: Visit, name: str) -> Shift:
    return await visit.ask("DirectoryService/GetShift", directory.GetShiftRequest(name=name), Shift)


async def _opportunity_called(visit: Visit, name: str) -> Opportunity:
    request = directory.GetOpportunityRequest(name=name)
    return await visit.ask("DirectoryService/GetOpportunity", request, Opportunity)


async def own_registration(visit: Visit, shift_name: str) -> Registration | None:
    """The person's registration for a shift; None: they have none."""
    name = f"{shift_name}/registrations/{id_of(visit.person)}"
    request = directory.GetRegistrationRequest(name=name, positions=visit.seen)
    try:
        return await visit.ask("DirectoryService/GetRegistration", request, Registration)
    except Refusal as refusal:
        if refusal.reason is Reason.NOT_FOUND:
            return None
        raise


async def _register(visit: Visit) -> Gone:
    name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.typed('shift')}"
    request = commands.RegisterForShiftRequest(request_id=visit.request_id, shift=name, volunteer=visit.person)
    made = await visit.ask("ParticipationService/RegisterForShift", request, Registration)
    return Gone(shift_path(name), made.positions)


async def _withdraw(visit: Visit) -> Gone:
    shift_name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    if visit.typed("action") != "withdraw":
        refuse(Reason.NOT_FOUND, name=shift_name)
    name = f"{shift_name}/registrations/{id_of(visit.person)}"
    request = commands.WithdrawRegistrationRequest(request_id=visit.request_id, name=name)
    made = await visit.ask("ParticipationService/WithdrawRegistration", request, Registration)
    return Gone(shift_path(shift_name), made.positions)


async def _opportunity(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    offered = await opportunity(visit)
    mine = {one.shift: one.state for one in await registrations_of(visit)} if _is_volunteer(visit) else {}
    shifts = [_offered(visit, offered, one, mine) for one in await shifts_of(visit, offered.name)]
    names = await organization_names(visit, [offered.organization])
    data = {
        "offered": offered,
        "organization": names[offered.organization],
        "level": VolunteeringLevel.Name(offered.level) if offered.level else "",
        "is_closed": offered.state != OPPORTUNITY_STATE_PUBLISHED,
        "coming": [one for one in shifts if not is_past(one.shift)],
        "past_count": sum(1 for one in shifts if is_past(one.shift)),
        "refused": refused,
        "refused_shift": visit.typed("shift") if refused else "",
        "form_id": visit.form_id(refusal),
    }
    return Shown("opportunity.html", data, 200 if refused is None else 409)


def _offered(
    visit: Visit, offered: Opportunity, one: Shift, mine: dict[str, RegistrationState.ValueType]
) -> OfferedShift:
    state = mine.get(one.name)
    is_open = offered.state == OPPORTUNITY_STATE_PUBLISHED and one.state == SHIFT_STATE_OPEN
    return OfferedShift(
        shift=one,
        path=shift_path(one.name),
        shift_id=id_of(one.name),
        places_left=max(0, one.places - one.places_taken),
        state=RegistrationState.Name(state) if state in LIVE else "",
        can_register=is_open and _is_volunteer(visit) and not one.service_date,
    )


async def _shift(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    one, offered = await shift(visit), await opportunity(visit)
    registration = await own_registration(visit, one.name)
    state = "" if registration is None else RegistrationState.Name(registration.state)
    colour, key = OUTCOMES.get(state, ("none", "none"))
    data = {
        "shift": one,
        "offered": offered,
        "colour": colour,
        "key": key,
        "rank": 0 if registration is None else registration.waiting_rank,
        "can_withdraw": registration is not None and registration.state in LIVE and not is_past(one),
        "can_check_in": registration is not None and registration.state == REGISTRATION_STATE_ACCEPTED,
        "check_in_path": shift_path(one.name, "/in", ""),
        "refused": refused,
        "form_id": visit.form_id(refusal),
    }
    return Shown("shift.html", data, 200 if refused is None else 409)


def _is_volunteer(visit: Visit) -> bool:
    return visit.caller.actor.startswith("volunteers/")
