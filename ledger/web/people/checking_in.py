"""Checking in and out by the link that a coordinator's QR code holds: `/in/O/S`. Reading it does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.domain.refusals import Reason, Refusal
from ledger.web.people.directory import opportunity, shift, shift_path
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    ATTENDANCE_METHOD_QR,
    ATTENDANCE_STATE_PRESENT,
    ATTENDANCE_STATE_WITHDRAWN,
    Attendance,
)

PAGES_MAX: Final = 10
"""Of a thousand attendances each."""


async def check_in_page(visit: Visit) -> Shown | Gone:
    """`/in/O/S`."""
    if not visit.posted:
        return await _shown(visit)
    try:
        return await _done(visit)
    except Refusal as refusal:
        return await _shown(visit, refusal)


async def _done(visit: Visit) -> Gone:
    name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    path = shift_path(name, "/in", "")
    if visit.typed("action") == "in":
        request = commands.CheckInRequest(
            request_id=visit.request_id, shift=name, volunteer=visit.person, method=ATTENDANCE_METHOD_QR
        )
        made = await visit.ask("ParticipationService/CheckIn", request, Attendance)
        return Gone(path, made.positions)
    if visit.typed("action") == "out":
        ending = commands.CheckOutRequest(
            request_id=visit.request_id, name=visit.typed("attendance"), method=ATTENDANCE_METHOD_QR
        )
        ended = await visit.ask("ParticipationService/CheckOut", ending, Attendance)
        return Gone(path, ended.positions)
    raise Refusal(Reason.NOT_FOUND, {"name": name})


async def _shown(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    one, offered = await shift(visit), await opportunity(visit)
    mine = [
        each
        for each in await _own_attendances(visit)
        if each.shift == one.name and each.state != ATTENDANCE_STATE_WITHDRAWN
    ]
    present = next((each for each in mine if each.state == ATTENDANCE_STATE_PRESENT), None)
    served = sorted((each for each in mine if each is not present), key=lambda each: each.end_time.seconds)
    last = served[-1] if served and present is None else None
    data = {
        "shift": one,
        "offered": offered,
        "present": present,
        "last": last,
        "seconds": 0 if last is None else last.seconds.recorded_seconds,
        "refused": refused,
        "form_id": visit.form_id(refusal),
    }
    return Shown("check_in.html", data, 200 if refused is None else 409)


async def _own_attendances(visit: Visit) -> Sequence[Attendance]:
    found: list[Attendance] = []
    request = directory.ListAttendancesRequest(parent=visit.person, page_size=1_000, positions=visit.seen)
    for _ in range(PAGES_MAX):
        listed = await visit.ask("DirectoryService/ListAttendances", request, directory.ListAttendancesResponse)
        found += listed.attendances
        request.page_token = listed.next_page_token
        if not listed.next_page_token:
            break
    return found
