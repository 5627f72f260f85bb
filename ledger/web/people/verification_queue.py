"""The verifier's queue: hours that wait, verified or declined many at a time, with the outcome of each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.rpc import error_details_pb2, status_pb2
from markupsafe import Markup

from ledger.access.caller import Role
from ledger.domain.refusals import Refusal
from ledger.web.people.directory import (
    asked_together,
    begins_at,
    id_of,
    opportunity,
    organization_names,
    shift,
    shift_path,
    shifts_of,
)
from ledger.web.people.persons import names_of
from ledger.web.people.visit import FormWrong, Gone, Shown, Visit
from ledger.web.people.wording import isolated
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import verification_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    ATTENDANCE_STATE_CLAIMED,
    ATTENDANCE_STATE_RECORDED,
    Attendance,
    AttendanceState,
    Shift,
)
from volunteer_hours.v1.values_pb2 import LocalizedText

DECLINE_REASONS: Final = ("NOT_PRESENT", "TIMES_NOT_CREDIBLE", "RECORDED_TWICE")
WAITING: Final = (ATTENDANCE_STATE_RECORDED, ATTENDANCE_STATE_CLAIMED)
OPPORTUNITIES_A_PAGE: Final = 20
ITEMS_MAX: Final = 500
"""Of one BatchVerifyHours."""
LISTED_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one item."""

    who: Markup
    colour: str
    text: Markup | str


@dataclass(frozen=True, slots=True)
class WaitingShift:
    """A shift of which hours wait."""

    title: LocalizedText
    shift: Shift
    count: int
    path: str


async def verify_page(visit: Visit) -> Shown:
    """`/verify`: shifts with hours that wait."""
    held = visit.organizations(Role.VERIFIER)
    names = await organization_names(visit, held)
    asked, token = visit.request.query_params.get("of", ""), visit.request.query_params.get("page", "")[:1_000]
    groups = []
    for name in held:
        request = directory.ListOpportunitiesRequest(
            organization=name, page_size=OPPORTUNITIES_A_PAGE, page_token=token if name == asked else ""
        )
        listed = await visit.ask("DirectoryService/ListOpportunities", request, directory.ListOpportunitiesResponse)
        rows: list[WaitingShift] = []
        offered = {one.name: one.title for one in listed.opportunities}
        shifts = await asked_together(visit, offered, shifts_of)
        for of, title in offered.items():
            waiting = await asked_together(visit, [each.name for each in shifts[of]], _waiting)
            for each in shifts[of]:
                if waiting[each.name]:
                    path = shift_path(each.name, "/verify", "")
                    rows.append(WaitingShift(title, each, len(waiting[each.name]), path))
        rows.sort(key=lambda row: begins_at(row.shift))
        groups.append({"name": name, "called": names[name], "rows": rows, "next_page": listed.next_page_token})
    return Shown("verify.html", {"groups": groups})


async def queue_page(visit: Visit) -> Shown | Gone:
    """`/verify/O/S`: what waits of one shift. The outcomes are the answer itself: a reload is the same request."""
    if not visit.posted:
        return await _shown(visit)
    try:
        return await _decided(visit)
    except Refusal as refusal:
        return await _shown(visit, refusal)


async def _decided(visit: Visit) -> Shown:
    chosen = list(dict.fromkeys(visit.form.get("item", ())))[:ITEMS_MAX]
    if not chosen:
        raise FormWrong({"item": "nothing_chosen"})
    known = {each.name: each for each in await _attendances(visit)}
    called = await names_of(
        visit, (each.volunteer for each in known.values() if each.name in chosen and each.volunteer)
    )
    labels = [_label(visit, known.get(name), called, name) for name in chosen]
    if visit.typed("action") == "decline":
        outcomes = [await _declined(visit, name, label) for name, label in zip(chosen, labels, strict=True)]
    else:
        outcomes = await _verified(visit, chosen, labels)
    data = {"outcomes": outcomes, "offered": await opportunity(visit), "shift": await shift(visit)}
    return Shown("outcomes.html", data)


async def _verified(visit: Visit, chosen: list[str], labels: list[Markup]) -> list[Outcome]:
    items = [commands.VerificationItem(name=name) for name in chosen]
    request = commands.BatchVerifyHoursRequest(request_id=visit.request_id, items=items)
    answer = await visit.ask("VerificationService/BatchVerifyHours", request, commands.BatchVerifyHoursResponse)
    return [_outcome(visit, told, label) for told, label in zip(answer.outcomes, labels, strict=True)]


async def _declined(visit: Visit, name: str, label: Markup) -> Outcome:
    """One by one: each has a key of its own, made from the form's, so that a second tap declines nothing twice."""
    try:
        key = str(uuid.uuid5(uuid.UUID(visit.request_id), name))
    except ValueError as wrong:
        raise FormWrong({"item": "field_general"}) from wrong
    request = commands.DeclineHoursRequest(request_id=key, name=name, reason=visit.typed("reason"))
    try:
        await visit.ask("VerificationService/DeclineHours", request, Attendance)
    except Refusal as refusal:
        return Outcome(label, "bad", visit.told(refusal).text)
    return Outcome(label, "warn", visit.words.say("outcome_declined"))


def _outcome(visit: Visit, told: commands.VerificationOutcome, label: Markup) -> Outcome:
    if told.HasField("refusal"):
        return Outcome(label, "bad", _refusal_text(visit, told.refusal))
    if told.verified.second_verifier_needed:
        return Outcome(label, "warn", visit.words.say("outcome_second"))
    hours = visit.words.hours(told.verified.verified_seconds)
    return Outcome(label, "good", visit.words.say("outcome_verified", hours=hours))


def _refusal_text(visit: Visit, status: status_pb2.Status) -> str:
    """In the page's language: the status is English, and carries the Arabic."""
    if visit.words.language == "ar":
        for detail in status.details:
            arabic = error_details_pb2.LocalizedMessage()
            if detail.Unpack(arabic):
                return arabic.message
    return status.message


async def _shown(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    one, offered = await shift(visit), await opportunity(visit)
    waiting = [each for each in await _attendances(visit) if each.state in WAITING][:ITEMS_MAX]
    called = await names_of(visit, (each.volunteer for each in waiting if each.volunteer))
    rows = [
        {
            "name": each.name,
            "who": _label(visit, each, called, each.name),
            "at": each,
            "state": AttendanceState.Name(each.state),
            "seconds": each.seconds.attended_seconds + each.seconds.claimed_seconds,
            "withheld": each.seconds.withheld_seconds,
            "reasons": list(each.withheld_reasons),
        }
        for each in waiting
    ]
    data = {
        "shift": one,
        "offered": offered,
        "rows": rows,
        "reasons": DECLINE_REASONS,
        "chosen": list(visit.form.get("item", ())),
        "reason": visit.typed("reason"),
        "refused": refused,
        "form_id": visit.form_id(refusal),
    }
    return Shown("queue.html", data, 200 if refused is None else 409)


def _label(visit: Visit, known: Attendance | None, called: Mapping[str, Markup], name: str) -> Markup:
    if known is not None and not known.volunteer:
        return visit.words.say("head_count", people=visit.words.count("people", known.head_count))
    if known is not None and known.volunteer in called:
        return called[known.volunteer]
    return isolated(id_of(name))


async def _attendances(visit: Visit) -> list[Attendance]:
    name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    request = directory.ListAttendancesRequest(parent=name, page_size=LISTED_MAX, positions=visit.seen)
    listed = await visit.ask("DirectoryService/ListAttendances", request, directory.ListAttendancesResponse)
    return list(listed.attendances)


async def _waiting(visit: Visit, name: str) -> list[Attendance]:
    request = directory.ListAttendancesRequest(parent=name, page_size=LISTED_MAX)
    listed = await visit.ask("DirectoryService/ListAttendances", request, directory.ListAttendancesResponse)
    return [each for each in listed.attendances if each.state in WAITING]
