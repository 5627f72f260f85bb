"""Constraint rows follow from the events alone."""

from __future__ import annotations

from ledger.domain.attendance import CheckIn, CheckOut, CorrectAttendance, WithdrawAttendance
from ledger.domain.constraints import places_delta, presence_after
from ledger.domain.hours import to_epoch
from ledger.domain.registration import WithdrawRegistration
from ledger.domain.verification import VerifyHours
from ledger.domain.world import Presence
from tests.domain.programme import ANA, GREEN_VERIFIER, MORNING, at, programme

FIRST = f"{ANA}/attendances/1"
CAME, LEFT, EARLIER = at("2026-11-20 05:00"), at("2026-11-20 09:00"), at("2026-11-20 08:00")


def test_a_presence_is_empty_while_somebody_is_there_and_ordered_by_its_first_event():
    scenario = programme().given(CheckIn(FIRST, MORNING, ANA, CAME, "qr"))
    start, end, earlier = to_epoch(CAME), to_epoch(LEFT), to_epoch(EARLIER)
    checked_in = scenario.events[0].position
    assert scenario.ledger.presences[FIRST] == Presence(ANA, FIRST, start, start, (), checked_in)
    scenario.given(CheckOut(FIRST, LEFT, "qr"))
    assert scenario.ledger.presences[FIRST] == Presence(ANA, FIRST, start, end, ((start, end),), checked_in)
    scenario.given(CorrectAttendance(FIRST, CAME, EARLIER))
    assert scenario.ledger.presences[FIRST] == Presence(ANA, FIRST, start, earlier, ((start, earlier),), checked_in)
    scenario.given(VerifyHours(FIRST, 60), actor=GREEN_VERIFIER)
    assert scenario.ledger.presences[FIRST].counted == ((start, start + 60),)
    scenario.given(WithdrawAttendance(FIRST))
    assert scenario.ledger.presences[FIRST] == Presence(ANA, FIRST, start, earlier, (), checked_in)


def test_places_are_taken_and_given_back():
    scenario = programme()
    assert scenario.ledger.places[MORNING] == 2
    scenario.given(WithdrawRegistration(f"{MORNING}/registrations/ana"))
    assert scenario.ledger.places[MORNING] == 1


def test_other_events_touch_no_row():
    opened = programme().ledger.events[0]
    assert presence_after(opened, None) is None
    assert places_delta(opened.data) == 0
