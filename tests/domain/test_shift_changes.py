"""A shift that is open: moved, cancelled; what was served stays."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.attendance import CheckIn, CheckOut, RecordAttendance
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.shift import OpenShift, Place, Shift
from ledger.domain.shift_changes import CancelShift, UpdateShift
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, GARDEN, GREEN, MORNING, at, opportunity, organization, programme, volunteer

EARLY, LATE = at("2026-11-20 06:00"), at("2026-11-20 10:00")
MOVE, CANCEL = UpdateShift(MORNING, None, start=EARLY, end=LATE), CancelShift(MORNING, "WEATHER")
FIRST = f"{ANA}/attendances/1"


def shift_of(scenario: Scenario) -> Shift:
    state = scenario.state(MORNING)
    assert isinstance(state, Shift)
    return state


def test_a_shift_moves_and_who_is_registered_keeps_the_place():
    scenario = programme().when(MOVE).then_recorded("shift-rescheduled", start=EARLY, end=LATE)
    assert (shift_of(scenario).start, shift_of(scenario).end, shift_of(scenario).places) == (EARLY, LATE, 10)
    assert scenario.ledger.places[MORNING] == 2
    scenario.when(MOVE).then_refused("NOTHING_CHANGES", name=MORNING)
    scenario.when(RecordAttendance(FIRST, MORNING, ANA)).then_recorded("attendance-recorded", start=EARLY, end=LATE)


def test_places_and_times_change_in_one_command():
    both = UpdateShift(MORNING, 12, start=EARLY, end=LATE)
    programme().when(both).then_recorded("shift-updated", "shift-rescheduled", places=12)
    only_one = UpdateShift(MORNING, 10, start=EARLY, end=LATE)
    programme().when(only_one).then_recorded("shift-rescheduled")


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (EARLY, None, "SHIFT_TIMES_OR_DATE"),
        (None, LATE, "SHIFT_TIMES_OR_DATE"),
        (LATE, EARLY, "TIMES_REVERSED"),
        (EARLY, EARLY, "TIMES_REVERSED"),
        (EARLY, at("2026-12-22 06:00"), "SHIFT_TOO_LONG"),
    ],
)
def test_other_times_are_times_of_a_shift(start, end, reason):
    programme().when(UpdateShift(MORNING, None, start=start, end=end)).then_refused(reason)


def test_a_shift_with_a_date_alone_cannot_be_moved():
    dated = OpenShift(MORNING, None, None, "Europe/London", date(2026, 11, 25), 5, Place(online=True))
    scenario = Scenario().given(*organization(GREEN), opportunity(GARDEN, GREEN), dated)
    scenario.when(MOVE).then_refused("SHIFT_HAS_NO_TIMES", shift=MORNING)


def test_a_cancelled_shift_takes_nobody_and_changes_no_more():
    scenario = programme().given(WithdrawRegistration(f"{MORNING}/registrations/ben"), volunteer("volunteers/cleo"))
    scenario.when(CANCEL).then_recorded("shift-cancelled", reason="WEATHER")
    for asked in (
        RegisterForShift(MORNING, "volunteers/cleo"),
        CheckIn(FIRST, MORNING, ANA, EARLY, "qr"),
        MOVE,
        UpdateShift(MORNING, 20),
    ):
        scenario.when(asked).then_refused("SHIFT_CANCELLED", shift=MORNING)
    scenario.when(CANCEL).then_refused("NOTHING_CHANGES")
    scenario.when(WithdrawRegistration(f"{MORNING}/registrations/ana")).then_recorded("registration-withdrawn")
    programme().when(CancelShift(f"{GARDEN}/shifts/none", "WEATHER")).then_refused("NOT_FOUND")


def test_what_was_served_before_a_shift_was_cancelled_stays():
    scenario = programme().given(CheckIn(FIRST, MORNING, ANA, at("2026-11-20 05:00"), "qr"), CANCEL)
    scenario.when(CheckOut(FIRST, at("2026-11-20 07:00"), "qr")).then_recorded("volunteer-checked-out")
    assert scenario.seconds(FIRST) == {"attended": 7_200}
