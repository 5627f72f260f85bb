"""Each rule at its threshold and just below; what is ordinary is not found."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.anomalies.facts import Leg, Long, Minute, Night, Organization, SameTimes, Unseen, Verifier
from ledger.anomalies.finding import EVENTS_MAX, event_code, event_place, first_events
from ledger.anomalies.ghosts import ghosts
from ledger.anomalies.inflation import inflation
from ledger.anomalies.nights import night_bursts
from ledger.anomalies.organizations import outlying
from ledger.anomalies.robust import robust_z_per_mille
from ledger.anomalies.same_times import same_times
from ledger.anomalies.thresholds import Thresholds
from ledger.anomalies.travel import distance_metres, impossible_travel
from ledger.anomalies.verifiers import approvals, shares, speeds
from ledger.search.concepts import catalogue

T = Thresholds()
ONE = "organizations/o"
HOUR = 3_600
CITIES = {key: (city.latitude_degrees, city.longitude_degrees) for key, city in catalogue().cities.items()}


def verifier(
    name: str,
    verified: int,
    declined: int = 0,
    *,
    wait_seconds: int | None = HOUR,
    waited: int = 60,
    verifiers: int = 3,
    organization_hours: int = 306,
) -> Verifier:
    return Verifier(
        organization=ONE,
        verifier=name,
        verified=verified,
        declined=declined,
        seconds=verified * HOUR,
        wait_seconds=wait_seconds,
        waited=waited,
        verifiers=verifiers,
        organization_seconds=organization_hours * HOUR,
        events=[1],
    )


def test_one_verifier_of_several_who_confirms_nearly_all():
    [finding] = shares([verifier("staff/a", 300), verifier("staff/b", 3)], T)
    assert (finding.kind, finding.subjects) == ("verifier_share", (ONE, "staff/a"))
    assert finding.figures["share_per_mille"] == 980
    assert not list(shares([verifier("staff/a", 300, verifiers=2)], T))
    assert not list(shares([verifier("staff/a", 199, organization_hours=199)], T))
    assert not list(shares([verifier("staff/a", 300, organization_hours=316)], T))


@pytest.mark.parametrize(
    ("wait", "waited", "is_found"), [(0, 50, True), (29, 50, True), (30, 50, False), (5, 49, False), (None, 50, False)]
)
def test_who_verifies_sooner_than_one_can_look(wait: int | None, waited: int, is_found: bool):
    told = verifier("staff/a", 60, wait_seconds=wait, waited=waited)
    assert [one.rule for one in speeds([told], [], T)] == ["verifier_speed_wait"] * is_found


def test_a_minute_with_many_shifts_is_told_once_a_verifier():
    minutes = [Minute(ONE, "staff/a", count, 12, count * HOUR, [count]) for count in (70, 90)]
    [finding] = speeds([verifier("staff/a", 500)], minutes, T)
    assert (finding.rule, finding.event_count, finding.figures["minutes"]) == ("verifier_speed_minute", 160, 2)
    [finding] = speeds([verifier("staff/a", 500, wait_seconds=1)], minutes, T)
    assert finding.rule == "verifier_speed_wait"


def test_who_never_declines_where_others_would_have():
    peers = [verifier(f"staff/p{number}", 400, 20) for number in range(9)]
    [finding] = approvals([*peers, verifier("staff/a", 400)], T)
    assert (finding.subjects, finding.figures["expected_declines"]) == ((ONE, "staff/a"), 19)
    assert not list(approvals([*peers, verifier("staff/a", 200)], T))  # 9 expected: it may be luck
    assert not list(approvals([*peers, verifier("staff/a", 400, 1)], T))
    assert not list(approvals([*peers[:7], verifier("staff/a", 400)], T))


def organization(name: str, **given: int) -> Organization:
    fields = {"volunteers": 50, "attendances": 400, "seconds": 50 * 20 * HOUR, "unclocked": 250, "scheduled": 400}
    fields |= {"above_schedule": 8, "uneven": 200, "round_hours": 10, **given}
    return Organization(organization=f"organizations/{name}", events=[1], **fields)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"seconds": 50 * 60 * HOUR}, "organization_hours_a_volunteer"),
        ({"above_schedule": 200}, "organization_above_schedule"),
        ({"round_hours": 150}, "organization_round_hours"),
    ],
)
def test_an_organisation_unlike_the_others(given: dict[str, int], rule: str):
    peers = [organization(f"p{number}", unclocked=230 + 5 * number) for number in range(9)]
    [finding] = outlying([*peers, organization("odd", **given)], T)
    assert (finding.rule, finding.subjects) == (rule, ("organizations/odd",))
    assert not list(outlying([*peers[:7], organization("odd", **given)], T))
    assert not list(outlying([*peers, organization("odd", volunteers=19, **dict(given))], T))


def test_the_robust_distance_does_not_hear_the_outlier():
    assert robust_z_per_mille(30, [10, 10, 11, 9, 12, 8, 30], 0.1) == round(1000 * 20 / 1.4826)
    assert robust_z_per_mille(10.05, [10] * 9, 0.05) == 1000


def same(count: int, distinct: int, holder: str = "volunteers/a", recorder: str = "") -> SameTimes:
    return SameTimes(ONE, holder, recorder, 480, 4 * HOUR, count, distinct, count * 4 * HOUR, [count])


def test_the_same_times_on_many_days_and_the_habit_of_who_records():
    [finding] = same_times([same(9, 8)], T)
    assert (finding.rule, finding.subjects) == ("identical_times_person", (ONE, "volunteers/a"))
    assert not list(same_times([same(9, 7)], T))
    [habit] = same_times([same(50, 12, "", "staff/c"), same(41, 10, "", "staff/c")], T)
    assert (habit.rule, habit.figures["attendances"], habit.event_count) == ("identical_times_habit", 50, 91)


def leg(minutes: int, start: str | None, end: str | None) -> Leg:
    return Leg(
        person="volunteers/a",
        organizations=[ONE],
        from_city=start,
        from_region="SA-01",
        to_city=end,
        to_region="SA-02",
        left_at=1_000_000,
        came_at=1_000_000 + 60 * minutes,
        day="2025-03-01",
        seconds=8 * HOUR,
        events=[2, 1],
    )


@pytest.mark.parametrize(
    ("minutes", "cities", "is_found"),
    [
        (30, ("riyadh", "jeddah"), True),  # 850 km
        (-60, ("riyadh", "jeddah"), True),  # at once
        (180, ("riyadh", "jeddah"), False),
        (10, ("dammam", "al-khobar"), False),
        (1, ("makkah", "taif"), True),
        (20, (None, "jeddah"), True),  # regions alone
        (31, (None, "jeddah"), False),
        (1, ("atlantis", "riyadh"), True),
    ],
)
def test_no_way_to_get_there(minutes: int, cities: tuple[str | None, str | None], is_found: bool):
    assert bool(list(impossible_travel([leg(minutes, *cities)], CITIES, T))) == is_found


def test_a_day_of_travel_is_one_finding_about_that_day():
    [finding] = impossible_travel([leg(30, "riyadh", "jeddah"), leg(10, "jeddah", "riyadh")], CITIES, T)
    assert (finding.on, finding.figures["journeys"], finding.figures["gap_seconds"]) == (date(2025, 3, 1), 2, 600)
    assert 840_000 < distance_metres(CITIES["riyadh"], CITIES["jeddah"]) < 860_000


def test_a_night_of_clicking_and_a_list_that_was_sent_at_night():
    def night(act: str, moments: int) -> Night:
        return Night("staff/a", act, "2025-03-01", 40, 8, moments, [ONE], 40 * HOUR, [1])

    [finding] = night_bursts([night("verified", 1)], T)
    assert (finding.on, finding.rule) == (date(2025, 3, 1), "night_burst_verified")
    assert not list(night_bursts([night("recorded", 9)], T))
    assert [one.rule for one in night_bursts([night("recorded", 10)], T)] == ["night_burst_recorded"]


def long(hours: int, heads: int = 0, scheduled: int | None = 3, event: int = 1, of: int = 6) -> Long:
    plan = None if scheduled is None else scheduled * HOUR
    return Long(ONE, "volunteers/a", "opportunities/o/shifts/s", heads, hours * HOUR, plan, 3 * HOUR, of, event)


def test_one_forgotten_check_out_is_not_a_pattern_but_a_day_is():
    assert not list(inflation([long(8)] * 2, T))
    assert [one.rule for one in inflation([long(8, event=event) for event in range(3)], T)] == ["inflation_person"]
    assert [one.rule for one in inflation([long(25)], T)] == ["inflation_day"]


@pytest.mark.parametrize(("count", "of", "is_found"), [(3, 6, True), (3, 7, False), (12, 100, True), (11, 100, False)])
def test_who_is_long_now_and_then_is_no_pattern(count: int, of: int, is_found: bool):
    each = [long(8, event=event, of=of) for event in range(count)]
    assert bool(list(inflation(each, T))) == is_found


def test_heads_that_served_two_hundred_hours_in_a_day():
    """LEEDS shift 86004: 1,200 hours for 6 people, no times known."""
    [finding] = inflation([long(1_200, heads=6, scheduled=None)], T)
    assert (finding.rule, finding.subjects) == ("inflation_heads_day", ("opportunities/o/shifts/s",))
    assert finding.figures == {"attendances": 1, "seconds_a_head": 200 * HOUR, "heads": 6, "usual_seconds": 3 * HOUR}


def unseen(number: int, registered_at: int, recorder: str = "staff/g") -> Unseen:
    return Unseen(ONE, recorder, f"volunteers/g{number}", registered_at, 8, 40 * HOUR, [number])


def test_ghosts_come_in_batches_of_one_recorder():
    [finding] = ghosts([unseen(number, 600 * number) for number in range(3)], T)
    assert finding.subjects == (ONE, "staff/g", "volunteers/g0", "volunteers/g1", "volunteers/g2")
    assert finding.figures["registered_within_seconds"] == 1_200
    assert not list(ghosts([unseen(number, 601 * number) for number in range(9)], T))
    assert not list(ghosts([unseen(number, 0, f"staff/{number}") for number in range(9)], T))
    assert not list(ghosts([], T))


def test_a_large_batch_is_called_by_its_first():
    [finding] = ghosts([unseen(number, number) for number in range(101)], T)
    assert finding.subjects == (ONE, "staff/g", "volunteers/g0")
    assert (finding.figures["volunteers"], len(finding.persons)) == (101, 101)


def test_a_place_in_the_ledger_is_one_number_and_back():
    for place in ((0, 1), (1_023, 2**47)):
        assert event_place(event_code(*place)) == place
    assert len(first_events(range(100, 0, -1))) == EVENTS_MAX
    assert first_events([3, 1, 3]) == (1, 3)
