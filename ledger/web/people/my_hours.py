"""My hours: the balance by class, every attendance it comes from with reasons in words, and disputing one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.web.people.directory import id_of
from ledger.web.people.visit import Gone, Shown, Visit
from ledger.web.people.wording import local_time
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet
from volunteer_hours.v1.resources_pb2 import (
    ATTENDANCE_STATE_CLAIMED,
    ATTENDANCE_STATE_DISPUTED,
    ATTENDANCE_STATE_RECORDED,
    ATTENDANCE_STATE_VERIFIED,
    Attendance,
    AttendanceState,
    Opportunity,
    Shift,
)
from volunteer_hours.v1.values_pb2 import EvidenceClass, EvidenceSeconds, Period

CLASSES: Final = ("verified", "attended", "claimed", "disputed", "withheld", "reversed")
DISPUTE_REASONS: Final = ("WRONG_TIMES", "VERIFIED_TOO_LOW", "WRONG_SHIFT", "WRONG_PERSON", "RECORDED_TWICE")
"""Codes, because a text about people would have to be sealed."""
DISPUTABLE: Final = (ATTENDANCE_STATE_CLAIMED, ATTENDANCE_STATE_RECORDED, ATTENDANCE_STATE_VERIFIED)
PAGE_SIZE: Final = 50


async def my_hours_page(visit: Visit) -> Shown:
    """`/my/hours`."""
    request = hours.ExplainBalanceRequest(
        name=visit.person,
        page_size=PAGE_SIZE,
        page_token=visit.request.query_params.get("page", "")[:1_000],
        positions=visit.seen,
    )
    explained = await visit.ask("HoursService/ExplainBalance", request, hours.ExplainBalanceResponse)
    # At the very positions of the list, and the same on each of its pages: else they might not add up.
    at = AsOf(positions=PositionSet(positions=explained.positions))
    asked = hours.GetBalanceRequest(name=visit.person, as_of=at)
    balance = await visit.ask("HoursService/GetBalance", asked, hours.Balance)
    titles = await _titles(visit, {one.opportunity for one in explained.attendances})
    data = {
        "seconds": by_class(balance.seconds),
        "rows": [
            {
                "path": f"/my/hours/{id_of(one.name)}",
                "title": titles[one.opportunity].title,
                "day": _first_date(one),
                "seconds": {name: count for name, count in by_class(one.seconds).items() if count},
                "withheld": [(each.reason, each.seconds) for each in one.withheld],
            }
            for one in reversed(explained.attendances)
        ],
        "next_page": explained.next_page_token,
        "positions": told_positions(balance.positions),
        "linked": list(balance.linked_names),
    }
    return Shown("my_hours.html", data)


async def entry_page(visit: Visit) -> Shown | Gone:
    """`/my/hours/A`: one attendance, and disputing it."""
    if not visit.posted:
        return await _entry(visit)
    try:
        return await _dispute(visit)
    except Refusal as refusal:
        return await _entry(visit, refusal)


def by_class(seconds: EvidenceSeconds) -> dict[str, int]:
    """Seconds by evidence class."""
    return {name: int(getattr(seconds, f"{name}_seconds")) for name in CLASSES}


def class_name(number: EvidenceClass.ValueType) -> str:
    """`verified` for EVIDENCE_CLASS_VERIFIED; empty for outside the ledger."""
    return EvidenceClass.Name(number).removeprefix("EVIDENCE_CLASS_").lower() if number else ""


def told_positions(positions: Iterable[Position]) -> str:
    """Such as 0:27, one for each partition."""
    return ", ".join(f"{one.partition}:{one.position}" for one in positions)


async def _titles(visit: Visit, names: set[str]) -> dict[str, Opportunity]:
    found: dict[str, Opportunity] = {}
    for name in sorted(names):
        request = directory.GetOpportunityRequest(name=name)
        found[name] = await visit.ask("DirectoryService/GetOpportunity", request, Opportunity)
    return found


async def _entry(visit: Visit, refusal: Refusal | None = None) -> Shown:
    refused = None if refusal is None else visit.told(refusal)
    name = f"{visit.person}/attendances/{visit.path_id('attendance')}"
    request = directory.GetAttendanceRequest(name=name, positions=visit.seen)
    known = await visit.ask("DirectoryService/GetAttendance", request, Attendance)
    shift = await visit.ask("DirectoryService/GetShift", directory.GetShiftRequest(name=known.shift), Shift)
    of = known.shift.partition("/shifts/")[0]
    offered = await visit.ask("DirectoryService/GetOpportunity", directory.GetOpportunityRequest(name=of), Opportunity)
    explained = await _explained(visit, known, shift)
    data = {
        "attendance": known,
        "state": AttendanceState.Name(known.state),
        "title": offered.title,
        "shift": shift,
        "seconds": {name: count for name, count in by_class(known.seconds).items() if count},
        "events": [] if explained is None else list(explained.events),
        "withheld": [] if explained is None else [(each.reason, each.seconds) for each in explained.withheld],
        "class_name": class_name,
        "can_dispute": known.state in DISPUTABLE,
        "is_disputed": known.state == ATTENDANCE_STATE_DISPUTED,
        "reasons": DISPUTE_REASONS,
        "chosen": visit.typed("reason"),
        "refused": refused,
        "form_id": visit.form_id(refusal),
    }
    return Shown("entry.html", data, 200 if refused is None else 409)


async def _explained(visit: Visit, known: Attendance, shift: Shift) -> hours.ExplainedAttendance | None:
    """What happened to one attendance: asked for its days alone, so that the page does not walk a whole life."""
    if not known.HasField("start_time") or not known.HasField("end_time"):
        return None
    start, end = (local_time(at, shift.time_zone).date().isoformat() for at in (known.start_time, known.end_time))
    request = hours.ExplainBalanceRequest(
        name=visit.person,
        period=Period(start_date=start, end_date=end),
        page_size=1_000,
        positions=known.positions,
    )
    explained = await visit.ask("HoursService/ExplainBalance", request, hours.ExplainBalanceResponse)
    return next((one for one in explained.attendances if one.name == known.name), None)


async def _dispute(visit: Visit) -> Gone:
    attendance_id, reason = visit.path_id("attendance"), visit.typed("reason")
    if visit.typed("action") != "dispute" or reason not in DISPUTE_REASONS:
        refuse(Reason.NOT_FOUND, name=attendance_id)
    name = f"{visit.person}/attendances/{attendance_id}"
    request = verification.DisputeHoursRequest(request_id=visit.request_id, name=name, reason=reason)
    disputed = await visit.ask("VerificationService/DisputeHours", request, Attendance)
    return Gone(f"/my/hours/{attendance_id}", disputed.positions, "disputed")


def _first_date(one: hours.ExplainedAttendance) -> str:
    dates = [movement.service_date for event in one.events for movement in event.movements if movement.service_date]
    return min(dates, default="")
