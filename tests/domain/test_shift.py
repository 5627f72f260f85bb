"""Shifts: with times in a zone or with a date alone, and a number of places that is not below those taken."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.domain.opportunity import CloseOpportunity
from ledger.domain.registration import RegisterForShift
from ledger.domain.shift import OpenShift, Place, Shift, ShiftOpened, ShiftUpdated, day_of_service
from ledger.domain.shift_changes import UpdateShift
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, BEN, GARDEN, GREEN, at, opportunity, organization, volunteer

MORNING = f"{GARDEN}/shifts/morning"
START, END = at("2026-11-24 05:00"), at("2026-11-24 09:00")
PLACE = Place(region="SA-01")


def garden() -> Scenario:
    return Scenario().given(*organization(GREEN), opportunity(GARDEN, GREEN))


def shift(**changes) -> OpenShift:
    fields = {
        "shift": MORNING,
        "start": START,
        "end": END,
        "time_zone": "Asia/Riyadh",
        "service_date": None,
        "places": 2,
        "place": PLACE,
    }
    return OpenShift(**{**fields, **changes})


def test_a_shift_opens_once_in_a_published_opportunity():
    Scenario().when(shift()).then_refused("NOT_FOUND", name=GARDEN)
    scenario = garden().when(shift()).then_recorded(ShiftOpened, start=START, places=2)
    scenario.when(shift()).then_refused("ALREADY_EXISTS", name=MORNING)
    garden().given(CloseOpportunity(GARDEN)).when(shift()).then_refused("OPPORTUNITY_CLOSED", opportunity=GARDEN)


@pytest.mark.parametrize("end", [START, START - timedelta(hours=1)])
def test_a_shift_ends_after_it_starts(end):
    garden().when(shift(end=end)).then_refused("TIMES_REVERSED")


def test_a_shift_is_at_most_31_days_long():
    garden().when(shift(end=START + timedelta(days=31))).then_recorded(ShiftOpened)
    garden().when(shift(end=START + timedelta(days=31, seconds=1))).then_refused("SHIFT_TOO_LONG")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "asia", "Asia/Riyadh\x00", "X" * 10_000])
def test_a_zone_is_one_of_the_known_ones(zone):
    garden().when(shift(time_zone=zone)).then_refused("TIME_ZONE_UNKNOWN")


@pytest.mark.parametrize(
    "changes",
    [
        {"start": None},
        {"end": None},
        {"start": None, "end": None},
        {"service_date": date(2026, 11, 24)},
        {"start": None, "service_date": date(2026, 11, 24)},
    ],
)
def test_a_shift_has_both_times_or_a_date_alone(changes):
    garden().when(shift(**changes)).then_refused("SHIFT_TIMES_OR_DATE")


def test_the_day_of_service_is_the_one_in_the_shifts_zone():
    late = shift(start=datetime(2026, 11, 23, 22, tzinfo=UTC), end=datetime(2026, 11, 23, 23, tzinfo=UTC))
    state = garden().given(late).state(MORNING)
    assert isinstance(state, Shift)
    assert day_of_service(state) == date(2026, 11, 24)
    dated = garden().given(shift(start=None, end=None, service_date=date(2023, 6, 6))).state(MORNING)
    assert isinstance(dated, Shift)
    assert day_of_service(dated) == date(2023, 6, 6)


def test_places_can_grow_and_shrink_to_those_taken():
    registered = [RegisterForShift(MORNING, ANA), RegisterForShift(MORNING, BEN)]
    scenario = garden().given(shift(), volunteer(ANA), volunteer(BEN), *registered)
    scenario.when(UpdateShift(MORNING, 3)).then_recorded(ShiftUpdated, places=3)
    scenario.when(UpdateShift(MORNING, 3)).then_refused("NOTHING_CHANGES")
    scenario.when(UpdateShift(MORNING, 1)).then_refused("PLACES_BELOW_TAKEN", places_taken="2")
    scenario.when(UpdateShift(MORNING, 2)).then_recorded(ShiftUpdated, places=2)


def test_what_is_not_open_is_not_found():
    garden().when(UpdateShift(MORNING, 3)).then_refused("NOT_FOUND", name=MORNING)
