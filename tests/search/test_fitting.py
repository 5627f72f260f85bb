"""What fits a person: time, place, age, consent; decided as registering decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ledger.search import preferences as texts
from ledger.search.fits import Fits
from ledger.search.matching import (
    Asked,
    Busy,
    Completed,
    LeftOut,
    Offer,
    Person,
    distance_metres,
    left_out,
    place_fits,
    rules_on,
)
from ledger.search.preferences import FreeTime, Preferences
from ledger.search.ranking import Opened

BEGINS = datetime(2026, 12, 7, 6, tzinfo=UTC)  # a Monday, 09:00 in Riyadh
OPENED = Opened("opportunities/o/shifts/s", BEGINS, 3, "SA-01", "riyadh", online=False)
OFFER = Offer(OPENED, "opportunities/o", BEGINS + timedelta(hours=3), date(2026, 12, 7), 0, 0)
ANA = Person(Preferences(online_ok=True), date(2000, 1, 1), (), has_charter=False)


def out(offer: Offer = OFFER, asked: Asked | None = None, **changes: Any) -> LeftOut | None:
    return left_out(offer, replace(ANA, **changes), asked or Asked())


def test_what_fits_is_not_left_out():
    assert out() is None


@pytest.mark.parametrize(("hours", "overlaps"), [(-3, False), (-2, True), (0, True), (2, True), (3, False)])
def test_shifts_that_touch_do_not_overlap(hours, overlaps):
    begins = BEGINS + timedelta(hours=hours)
    assert out(busy=[Busy(begins, begins + timedelta(hours=3))]) is (LeftOut.OVERLAPS if overlaps else None)


def test_a_full_shift_fits_who_can_wait():
    full = replace(OFFER, opened=replace(OPENED, places_left=0))
    assert out(full) is LeftOut.FULL
    assert out(replace(full, waiting_places_left=1)) is None


def test_age_is_that_of_the_day_of_service():
    grown = replace(OFFER, minimum_age_years=18)
    assert out(grown, birth_date=date(2008, 12, 7)) is None
    assert out(grown, birth_date=date(2008, 12, 8)) is LeftOut.MINIMUM_AGE
    assert out(grown, birth_date=None) is LeftOut.BIRTH_DATE_MISSING


def test_every_course_that_is_asked_for_counts_on_the_day_of_service():
    asking = replace(OFFER, required_courses=["courses/a", "courses/b"])
    always = Completed("courses/a", date(2020, 1, 1), None)
    until = Completed("courses/b", date(2026, 12, 7), date(2026, 12, 7))
    assert out(asking) is LeftOut.PREREQUISITE
    assert out(asking, completed=[always]) is LeftOut.PREREQUISITE
    assert out(asking, completed=[always, until]) is None
    assert out(asking, completed=[always, replace(until, until_day=date(2026, 12, 6))]) is LeftOut.PREREQUISITE
    assert out(asking, completed=[always, replace(until, from_day=date(2026, 12, 8))]) is LeftOut.PREREQUISITE


def test_a_minor_needs_consent_where_the_policy_asks_and_an_adult_none():
    asked, minor = Asked(guardian_consent=True), date(2010, 1, 1)
    assert out(asked=asked, birth_date=minor) is LeftOut.GUARDIAN_CONSENT
    assert out(asked=asked, birth_date=minor, consents=[date(2026, 12, 6)]) is LeftOut.GUARDIAN_CONSENT
    assert out(asked=asked, birth_date=minor, consents=[date(2026, 12, 7)]) is None
    assert out(asked=asked, birth_date=minor, consents=[None]) is None
    assert out(asked=asked) is None
    assert out(asked=asked, birth_date=None) is LeftOut.BIRTH_DATE_MISSING
    assert out(asked=Asked(charter=True)) is LeftOut.CHARTER
    assert out(asked=Asked(charter=True), has_charter=True) is None


def test_the_newest_version_whose_date_has_come_decides():
    versions = [
        (date(2020, 1, 1), 1, {"charter_required": False}),
        (date(2026, 12, 7), 2, {"charter_required": True}),
        (date(2026, 6, 1), 3, {"guardian_consent_required": True}),
    ]
    assert rules_on(versions, date(2026, 5, 31)) == Asked()
    assert rules_on(versions, date(2026, 12, 8)) == Asked(guardian_consent=True)
    assert rules_on(versions[:2], date(2026, 12, 7)) == Asked(charter=True)


@pytest.mark.parametrize(
    ("weekday", "first", "last", "free"),
    [(1, 540, 720, True), (1, 541, 720, False), (1, 540, 719, False), (2, 0, 1440, False), (1, 0, 1440, True)],
)
def test_a_shift_lies_wholly_in_a_free_time_of_its_day(weekday, first, last, free):
    wanted = Preferences(availability=(FreeTime(weekday, first, last),))
    assert out(preferences=wanted) is (None if free else LeftOut.NOT_AVAILABLE)


def test_free_time_is_by_the_clock_of_the_person():
    wanted = Preferences(availability=(FreeTime(1, 360, 540),))  # 06:00 to 09:00
    assert out(preferences=wanted, zone=ZoneInfo("UTC")) is None
    assert out(preferences=wanted) is LeftOut.NOT_AVAILABLE


def test_distance_is_a_great_circle_between_cities():
    riyadh = Preferences(home_city="Riyadh", distance_metres_max=100_000)
    jeddah = distance_metres(riyadh, "jeddah")
    assert jeddah is not None
    assert 840_000 < jeddah < 860_000
    assert distance_metres(riyadh, "riyadh") == 0
    assert distance_metres(riyadh, "nowhere") is None
    far = replace(OFFER, opened=replace(OPENED, city_key="jeddah"))
    assert out(far, preferences=riyadh) is LeftOut.TOO_FAR
    assert out(replace(OFFER, opened=replace(OPENED, city_key="nowhere")), preferences=riyadh) is None
    assert out(far, preferences=Preferences(home=(21.5, 39.2), distance_metres_max=20_000)) is None
    assert [why for why, _ in place_fits(OPENED, riyadh)] == [Fits.SAME_CITY, Fits.NEAR]


def test_who_stays_offline_is_offered_nothing_online():
    online = replace(OFFER, opened=replace(OPENED, online=True, city_key=None, region=None))
    assert out(online, preferences=Preferences()) is LeftOut.ONLINE
    assert out(online) is None
    assert out(online, preferences=None) is None


def test_what_is_sealed_of_preferences_is_read_again():
    whole = Preferences(("a",), ("b",), (FreeTime(7, 1, 2),), "UTC", "SA-01", "جدة", (1.5, 2.5), 3, online_ok=True)
    assert texts.read(texts.written(whole)) == whole
    assert texts.written(Preferences()) == "{}"
