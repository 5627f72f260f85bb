"""The check-in list of a shift: a QR code to show or print, who is here, and checking people in and out for them."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Final

import segno

from ledger.domain.refusals import Reason, Refusal
from ledger.web.people.directory import id_of, opportunity, shift, shift_path
from ledger.web.people.front import Front
from ledger.web.people.persons import names_of
from ledger.web.people.roster import registrations_page
from ledger.web.people.visit import Gone, Shown, Visit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import participation_service_pb2 as commands
from volunteer_hours.v1.resources_pb2 import (
    ATTENDANCE_METHOD_COORDINATOR,
    ATTENDANCE_STATE_PRESENT,
    ATTENDANCE_STATE_WITHDRAWN,
    REGISTRATION_STATE_ABSENT,
    REGISTRATION_STATE_ACCEPTED,
    Attendance,
)

QR_ERROR: Final = "m"
"""Of what is printed and held up, 15 % may be lost."""
EXPECTED: Final = (REGISTRATION_STATE_ACCEPTED, REGISTRATION_STATE_ABSENT)
ATTENDANCES_MAX: Final = 1_000


class PresenceList:
    """`/organize/O/S/presence`."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def page(self, visit: Visit) -> Shown | Gone:
        """Read, and check somebody in or out."""
        if not visit.posted:
            return await self._shown(visit)
        try:
            return await _done(visit)
        except Refusal as refusal:
            return await self._shown(visit, refusal)

    async def _shown(self, visit: Visit, refusal: Refusal | None = None) -> Shown:
        refused = None if refusal is None else visit.told(refusal)
        one = await shift(visit)
        listed = await registrations_page(visit, one.name)
        here = await _latest_attendances(visit, one.name)
        expected = [each.volunteer for each in listed.registrations if each.state in EXPECTED]
        also = [] if visit.request.query_params.get("page") else [name for name in here if name not in expected]
        offered = await opportunity(visit)
        called = await names_of(visit, (*expected, *also))
        address = self._front.own_address(visit.request, shift_path(one.name, "/in", ""))
        rows = [{"who": called[name], "id": id_of(name), "at": here.get(name)} for name in (*expected, *also)]
        data = {
            "shift": one,
            "offered": offered,
            "rows": rows,
            "next_page": listed.next_page_token,
            "roster": shift_path(one.name, "/organize", ""),
            "address": address,
            "qr": qr_picture(address),
            "is_present": ATTENDANCE_STATE_PRESENT,
            "refused": refused,
            "refused_id": visit.typed("volunteer") if refused else "",
            "form_id": visit.form_id(refusal),
        }
        return Shown("presence.html", data, 200 if refused is None else 409)


def qr_picture(address: str) -> str:
    """The address as a QR code: a picture in the page itself, black on white in every light."""
    drawn = BytesIO()
    segno.make(address, error=QR_ERROR, micro=False).save(drawn, kind="svg", scale=8, border=4, light="#ffffff")
    return "data:image/svg+xml;base64," + b64encode(drawn.getvalue()).decode("ascii")


async def _done(visit: Visit) -> Gone:
    shift_name = f"opportunities/{visit.path_id('opportunity')}/shifts/{visit.path_id('shift')}"
    path = f"{shift_path(shift_name, '/organize', '')}/presence"
    volunteer = f"volunteers/{visit.typed('volunteer')}"
    match visit.typed("action"):
        case "in":
            coming = commands.CheckInRequest(
                request_id=visit.request_id,
                shift=shift_name,
                volunteer=volunteer,
                method=ATTENDANCE_METHOD_COORDINATOR,
            )
            done = await visit.ask("ParticipationService/CheckIn", coming, Attendance)
            return Gone(path, done.positions, "in")
        case "out":
            leaving = commands.CheckOutRequest(
                request_id=visit.request_id,
                name=f"{volunteer}/attendances/{visit.typed('attendance')}",
                method=ATTENDANCE_METHOD_COORDINATOR,
            )
            done = await visit.ask("ParticipationService/CheckOut", leaving, Attendance)
            return Gone(path, done.positions, "out")
        case _:
            raise Refusal(Reason.NOT_FOUND, {"name": shift_name})


async def _latest_attendances(visit: Visit, shift_name: str) -> dict[str, Attendance]:
    """By person: who is here first, then the newest presence."""
    request = directory.ListAttendancesRequest(parent=shift_name, page_size=ATTENDANCES_MAX, positions=visit.seen)
    listed = await visit.ask("DirectoryService/ListAttendances", request, directory.ListAttendancesResponse)
    found: dict[str, Attendance] = {}
    for each in sorted(listed.attendances, key=lambda each: each.start_time.seconds):
        known = found.get(each.volunteer)
        is_newer = known is None or known.state != ATTENDANCE_STATE_PRESENT
        if each.volunteer and each.state != ATTENDANCE_STATE_WITHDRAWN and is_newer:
            found[each.volunteer] = each
    return found
