"""After a mix-up hours leave where they were and are received where they belong; what is waited for is not lost."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.domain.amendment import CorrectAttendance, WithdrawAttendance
from ledger.domain.attendance_events import AttendanceReceived, AttendanceTransferred, HoursReleased
from ledger.domain.attendance_state import Attendance
from ledger.domain.claims import ClaimHours
from ledger.domain.disputes import DisputeHours
from ledger.domain.follow_ups import FOLLOWED, follow_up
from ledger.domain.shift import OpenShift
from ledger.domain.transfer import ReceiveAttendance, TransferAttendance
from ledger.domain.verification import DeclineHours, VerifyHours
from ledger.follow_up_requests import request_id_of
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    BEN,
    GARDEN,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    PLACE,
    at,
    opportunity,
    programme,
    served,
    shift,
)

HOUR = 3600
A1, A2, A3 = (f"{ANA}/attendances/{number}" for number in (1, 2, 3))
B1 = f"{BEN}/attendances/1"


def recorded() -> Scenario:
    """Ana served the garden's morning, as it was written down."""
    return programme().given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))


def followed(scenario: Scenario) -> Scenario:
    """What follows from the last command's first event, asked for as the ledger itself does."""
    following = follow_up(scenario.events[0])
    assert following is not None
    return scenario.given(following.command, actor="ledger/follow-ups")


def test_hours_of_another_shift_are_received_there_in_the_same_command():
    scenario = recorded().when(TransferAttendance(A1, A2, NOON))
    scenario.then_recorded(AttendanceTransferred, AttendanceReceived, to_attendance=A2, to_shift=NOON, counted=())
    assert scenario.entries(0) == [("2026-11-20", "attended", "reversed", 4 * HOUR, "TRANSFERRED")]
    assert scenario.seconds(A2) == {"attended": 4 * HOUR}
    left, received = scenario.events
    assert isinstance(received.data, AttendanceReceived)
    assert received.data.transferred_from == A1
    assert received.data.organization == "organizations/care"
    assert left.corrects == received.corrects == scenario.ledger.events[-3].event_id
    assert follow_up(left) is None, "all of it is done"


def test_the_freed_time_is_the_received_ones_and_not_who_waits_for_it():
    scenario = recorded().given(served(A3, NOON, "2026-11-20 08:00", "2026-11-20 10:00"))
    assert scenario.seconds(A3) == {"attended": HOUR, "withheld": HOUR}
    scenario.when(TransferAttendance(A1, A2, NOON)).then_recorded(AttendanceTransferred, AttendanceReceived)
    assert scenario.seconds(A2) == {"attended": 4 * HOUR}
    assert scenario.seconds(A3) == {"attended": HOUR, "withheld": HOUR}


def test_time_that_is_freed_and_not_received_goes_to_who_waits():
    evening = f"{GARDEN}-by-schedule/shifts/evening"
    scenario = recorded().given(
        opportunity(f"{GARDEN}-by-schedule", "organizations/green", "schedule"),
        shift(evening, "2026-11-20 12:00", "2026-11-20 14:00"),
        served(A3, NOON, "2026-11-20 08:00", "2026-11-20 10:00"),
    )
    scenario.when(TransferAttendance(A1, A2, evening))
    scenario.then_recorded(AttendanceTransferred, AttendanceReceived, HoursReleased)
    assert scenario.seconds(A2) == {"attended": 2 * HOUR}
    assert scenario.seconds(A3) == {"attended": 2 * HOUR}
    received = scenario.state(A2)
    assert isinstance(received, Attendance)
    assert received.served is not None, "the evidence is kept"
    assert (received.served.start, received.served.end) == (at("2026-11-20 05:00"), at("2026-11-20 09:00"))


def test_another_persons_hours_follow_by_a_command_of_their_own():
    scenario = recorded().given(VerifyHours(A1), actor=GREEN_VERIFIER)
    scenario.when(TransferAttendance(A1, B1, MORNING)).then_recorded(AttendanceTransferred)
    assert scenario.entries() == [("2026-11-20", "verified", "reversed", 4 * HOUR, "TRANSFERRED")]
    left = scenario.events[0]
    followed(scenario)
    scenario.then_recorded(AttendanceReceived, holder=BEN, transferred_from=A1)
    assert scenario.events[0].corrects == left.event_id
    assert scenario.seconds(B1) == {"attended": 4 * HOUR}, "to be verified anew"
    scenario.when(VerifyHours(B1), actor=GREEN_VERIFIER)
    assert scenario.seconds(B1) == {"verified": 4 * HOUR}


def test_the_time_of_the_person_who_was_not_there_goes_to_who_waits():
    scenario = recorded().given(served(A3, NOON, "2026-11-20 08:00", "2026-11-20 10:00"))
    scenario.when(TransferAttendance(A1, B1, MORNING)).then_recorded(AttendanceTransferred, HoursReleased)
    assert scenario.seconds(A3) == {"attended": 2 * HOUR}


def test_one_event_has_one_follow_up_whoever_asks():
    scenario = recorded().when(TransferAttendance(A1, B1, MORNING))
    first, second = follow_up(scenario.events[0]), follow_up(scenario.events[0])
    assert first == second
    assert first is not None
    assert request_id_of(scenario.events[0], first.rule) == request_id_of(scenario.events[0], first.rule)
    assert {event.data.stored_name for event in scenario.events} <= set(FOLLOWED)
    other = replace(scenario.events[0], position=scenario.events[0].position + 1)
    assert request_id_of(other, first.rule) != request_id_of(scenario.events[0], first.rule)


def test_what_was_transferred_stays_so():
    scenario = recorded().given(TransferAttendance(A1, A2, NOON))
    for command in (
        TransferAttendance(A1, A3, MORNING),
        CorrectAttendance(A1, at("2026-11-20 05:00"), at("2026-11-20 06:00")),
    ):
        scenario.when(command).then_refused("ATTENDANCE_TRANSFERRED", attendance=A1)
    scenario.when(VerifyHours(A1), actor=GREEN_VERIFIER).then_refused("ATTENDANCE_TRANSFERRED")
    scenario.when(WithdrawAttendance(A1)).then_refused("ATTENDANCE_TRANSFERRED")


def test_nothing_leaves_for_a_place_that_cannot_receive_it():
    dated = f"{GARDEN}-by-schedule/shifts/dated"
    scenario = recorded().given(
        opportunity(f"{GARDEN}-by-schedule", "organizations/green", "schedule"),
        OpenShift(dated, None, None, "Asia/Riyadh", at("2026-11-20 00:00").date(), 5, PLACE),
        shift(f"{GARDEN}-by-schedule/shifts/later", "2026-12-20 12:00", "2026-12-20 14:00"),
    )
    scenario.when(TransferAttendance(A1, A2, dated)).then_refused("SHIFT_HAS_NO_TIMES")
    scenario.when(TransferAttendance(A1, A2, f"{GARDEN}-by-schedule/shifts/later")).then_refused("SERVICE_IN_FUTURE")
    scenario.when(TransferAttendance(A1, A2, f"{GARDEN}/shifts/none")).then_refused("NOT_FOUND")
    scenario.when(TransferAttendance(A1, "volunteers/nobody/attendances/1", MORNING)).then_refused("NOT_FOUND")
    scenario.when(TransferAttendance(A1, A2, MORNING)).then_refused("NOTHING_CHANGES")
    scenario.when(TransferAttendance(A1, A1, NOON)).then_refused("ALREADY_EXISTS")
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}


def test_what_was_declined_contested_or_only_claimed_is_not_moved():
    declined = recorded().given(DeclineHours(A1, "NOT_SEEN"), actor=GREEN_VERIFIER)
    declined.when(TransferAttendance(A1, A2, NOON)).then_refused("NOTHING_TO_TRANSFER", attendance=A1)
    contested = recorded().given(DisputeHours(A1, "WRONG_PERSON"), actor=ANA)
    contested.when(TransferAttendance(A1, A2, NOON)).then_refused("HOURS_DISPUTED")
    claimed = programme().given(ClaimHours(A1, MORNING, ANA, at("2026-11-20 05:00"), at("2026-11-20 06:00")), actor=ANA)
    claimed.when(TransferAttendance(A1, A2, NOON)).then_refused("CLAIM_NOT_TRANSFERRED")


def test_received_hours_overlapping_the_persons_own_are_withheld():
    scenario = recorded().given(served(B1, NOON, "2026-11-20 08:00", "2026-11-20 12:00"))
    received = f"{BEN}/attendances/2"
    followed(scenario.when(TransferAttendance(A1, received, MORNING)))
    assert scenario.seconds(received) == {"attended": 3 * HOUR, "withheld": HOUR}


def test_hours_are_received_once():
    scenario = recorded().when(TransferAttendance(A1, B1, MORNING))
    event = scenario.events[0]
    followed(scenario)
    again = ReceiveAttendance(B1, MORNING, at("2026-11-20 05:00"), at("2026-11-20 09:00"), A1, event.event_id)
    scenario.when(again).then_refused("ALREADY_EXISTS", name=B1)
