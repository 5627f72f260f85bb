"""One opportunity in its coordinator's hands: edit it, open and cancel shifts, rules of registration, close it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from ledger.access.caller import Role
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.texts.codes import REGION_CODES, SECTOR_CODES
from ledger.web.people import coordinator_opportunities as publishing
from ledger.web.people.directory import id_of, is_past, opportunity, shift_path, shifts_of
from ledger.web.people.finding import LEVELS
from ledger.web.people.forms import Fields
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import registry_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    OPPORTUNITY_STATE_PUBLISHED,
    SHIFT_STATE_OPEN,
    Opportunity,
    RegistrationRules,
    Shift,
)
from volunteer_hours.v1.values_pb2 import Place

ONLINE: Final = "online"
ZONE: Final = "Asia/Riyadh"
PLACES_MAX: Final = 1_000_000
WAITING_MAX: Final = 10_000
CANCEL_REASONS: Final = ("WEATHER", "PLACE_UNAVAILABLE", "TOO_FEW_PEOPLE")
EDITED: Final = ("title", "description", "sector", "skills", "minimum_age_years", "level")
FIELDS: Final[Mapping[str, str]] = {
    **publishing.PLACES,
    "shift.start_time": "start",
    "shift.end_time": "end",
    "shift.time_zone": "zone",
    "shift.places": "places",
    "shift.place.city": "city",
    "shift.place": "region",
    "rules.waiting_places": "waiting",
}


async def care_page(visit: Visit) -> Shown | Gone:
    """`/organize/O`."""
    if not visit.posted:
        return await _shown(visit)
    try:
        return await _done(visit)
    except Refusal as refusal:
        return await _shown(visit, refusal)


async def _done(visit: Visit) -> Gone:
    action = visit.typed("action")
    if action not in _ACTIONS:
        refuse(Reason.NOT_FOUND, name=action[:80])
    return await _ACTIONS[action](visit, f"opportunities/{visit.path_id('opportunity')}")


async def _edit(visit: Visit, name: str) -> Gone:
    # The organisation is not in the mask: it stands in the message only because its form asks for one.
    known = await opportunity(visit)
    made = publishing.read_opportunity(visit, known.organization)
    request = commands.UpdateOpportunityRequest(
        request_id=visit.request_id, name=name, opportunity=made, update_mask=FieldMask(paths=EDITED)
    )
    changed = await visit.ask("RegistryService/UpdateOpportunity", request, Opportunity)
    return Gone(_path(name), changed.positions, "edited")


async def _open(visit: Visit, name: str) -> Gone:
    request = commands.OpenShiftRequest(request_id=visit.request_id, parent=name, shift=_read_shift(visit))
    opened = await visit.ask("RegistryService/OpenShift", request, Shift)
    return Gone(_path(name), opened.positions, "opened")


async def _cancel(visit: Visit, name: str) -> Gone:
    request = commands.CancelShiftRequest(
        request_id=visit.request_id, name=f"{name}/shifts/{visit.typed('shift')}", reason=visit.typed("reason")
    )
    cancelled = await visit.ask("RegistryService/CancelShift", request, Shift)
    return Gone(_path(name), cancelled.positions, "cancelled")


async def _rules(visit: Visit, name: str) -> Gone:
    fields = Fields(visit)
    rules = RegistrationRules(
        approval_required=fields.tick("approval"), waiting_places=fields.number("waiting", 0, WAITING_MAX, empty=0)
    )
    fields.need()
    request = commands.SetRegistrationRulesRequest(request_id=visit.request_id, name=name, rules=rules)
    changed = await visit.ask("RegistryService/SetRegistrationRules", request, Opportunity)
    return Gone(_path(name), changed.positions, "rules")


async def _close(visit: Visit, name: str) -> Gone:
    request = commands.CloseOpportunityRequest(request_id=visit.request_id, name=name)
    closed = await visit.ask("RegistryService/CloseOpportunity", request, Opportunity)
    return Gone(_path(name), closed.positions, "closed")


_ACTIONS: Final[Mapping[str, Callable[[Visit, str], Awaitable[Gone]]]] = {
    "edit": _edit,
    "open": _open,
    "cancel": _cancel,
    "rules": _rules,
    "close": _close,
}


def _read_shift(visit: Visit) -> Shift:
    """What was typed, as a shift. Raises FormWrong."""
    fields = Fields(visit)
    zone = fields.zone("zone")
    start, end = fields.moment("start", zone), fields.moment("end", zone)
    if start is not None and end is not None and start.seconds >= end.seconds:
        fields.mark("end", "field_times")
    region = visit.typed("region")
    place = Place(online=True) if region == ONLINE else Place(region=region, city=fields.text("city"))
    places = fields.number("places", 1, PLACES_MAX)
    fields.need()
    return Shift(start_time=start, end_time=end, time_zone=visit.typed("zone"), places=places, place=place)


async def _shown(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal, FIELDS)
    offered = await opportunity(visit)
    if offered.organization not in visit.organizations(Role.COORDINATOR):
        refuse(Reason.NOT_FOUND, name=offered.name)
    action = visit.typed("action")
    names = ("start", "end", "zone", "places", "region", "city")
    shift_typed = {name: visit.typed(name) if action == "open" else "" for name in names}
    rules = offered.registration_rules
    data = {
        "offered": offered,
        "is_open": offered.state == OPPORTUNITY_STATE_PUBLISHED,
        "shifts": [_row(one) for one in await shifts_of(visit, offered.name)],
        "typed": publishing.typed_opportunity(visit, offered),
        "shift_typed": {**shift_typed, "zone": shift_typed["zone"] or ZONE},
        "approval": visit.typed("approval") == "1" if action == "rules" else rules.approval_required,
        "waiting": visit.typed("waiting") if action == "rules" else str(rules.waiting_places),
        "levels": LEVELS,
        "sectors": SECTOR_CODES,
        "regions": REGION_CODES,
        "cancel_reasons": CANCEL_REASONS,
        "refused": refused,
        "refused_action": action if refused else "",
        "form_id": visit.form_id(refusal),
    }
    return Shown("care.html", data, 200 if refused is None else 409)


def _row(one: Shift) -> dict[str, object]:
    return {
        "shift": one,
        "id": id_of(one.name),
        "roster": shift_path(one.name, "/organize", ""),
        "is_open": one.state == SHIFT_STATE_OPEN,
        "is_past": is_past(one),
    }


def _path(name: str) -> str:
    return f"/organize/{id_of(name)}"
