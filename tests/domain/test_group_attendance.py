"""Head counts: whole seconds of all people together, judged by their length per head."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.group_attendance import (
    CorrectGroupAttendance,
    GroupAttendance,
    RecordGroupAttendance,
    WithdrawGroupAttendance,
)
from ledger.domain.group_attendance_state import (
    GroupAttendanceCorrected,
    GroupAttendanceRecorded,
    GroupAttendanceWithdrawn,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.shift import OpenShift
from ledger.domain.values import ImportedFrom
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import GARDEN, GREEN, GREEN_VERIFIER, MORNING, NOON, PLACE, at, programme, shift

HEADS = f"{MORNING}/groupAttendances/1"
HOUR = 3600
DATED = f"{GARDEN}/shifts/dated"
DATED_HEADS = f"{DATED}/groupAttendances/1"


def dated() -> Scenario:
    """A shift of which only the date is known, with six places."""
    return programme().given(OpenShift(DATED, None, None, "Europe/London", date(2023, 6, 17), 6, PLACE))


def heads(scenario: Scenario, name: str = HEADS) -> GroupAttendance:
    state = scenario.state(name)
    assert isinstance(state, GroupAttendance)
    return state


def test_heads_times_the_schedule_go_to_the_opportunitys_account():
    scenario = programme().when(RecordGroupAttendance(HEADS, MORNING, 7))
    scenario.then_recorded(
        GroupAttendanceRecorded,
        holder=GARDEN,
        organization=GREEN,
        head_count=7,
        attended_seconds=28 * HOUR,
        service_date=date(2026, 11, 20),
        flags=(),
    )
    assert scenario.entries() == [("2026-11-20", "outside", "attended", 28 * HOUR, None)]
    assert scenario.events[0].policy == "policies/standard/versions/1"


def test_reported_seconds_need_not_divide_by_the_head_count():
    scenario = programme().when(RecordGroupAttendance(HEADS, MORNING, 7, 100_001))
    scenario.then_recorded(GroupAttendanceRecorded, attended_seconds=100_001)


def test_a_shift_known_by_its_date_needs_seconds():
    scenario = dated()
    scenario.when(RecordGroupAttendance(DATED_HEADS, DATED, 5)).then_refused("SHIFT_HAS_NO_TIMES")
    scenario.when(RecordGroupAttendance(DATED_HEADS, DATED, 5, HOUR))
    scenario.then_recorded(GroupAttendanceRecorded, service_date=date(2023, 6, 17))


def test_the_service_date_is_that_of_the_places_zone():
    late = f"{GARDEN}/shifts/late"
    scenario = programme().given(shift(late, "2026-11-19 21:30", "2026-11-19 23:00"))
    scenario.when(RecordGroupAttendance(f"{late}/groupAttendances/1", late, 1))
    scenario.then_recorded(GroupAttendanceRecorded, service_date=date(2026, 11, 20))


def test_exactly_24_hours_a_head_count_and_a_second_more_is_withheld_whole():
    scenario = programme().when(RecordGroupAttendance(HEADS, MORNING, 3, 72 * HOUR))
    scenario.then_recorded(GroupAttendanceRecorded, withheld_reason=None)
    scenario = programme().when(RecordGroupAttendance(HEADS, MORNING, 3, 72 * HOUR + 1))
    scenario.then_recorded(GroupAttendanceRecorded, withheld_reason="DURATION_ABOVE_CAP")
    assert scenario.entries() == [("2026-11-20", "outside", "withheld", 72 * HOUR + 1, "DURATION_ABOVE_CAP")]
    assert heads(scenario).withheld_reasons == ("DURATION_ABOVE_CAP",)


def test_what_is_odd_but_possible_is_accepted_with_a_flag():
    record = ImportedFrom(system="leeds2023", record_id="86004")
    learnt = at("2023-06-16 22:59")
    command = RecordGroupAttendance(DATED_HEADS, DATED, 7, HOUR, record, learnt)
    scenario = dated().when(command)
    scenario.then_recorded(GroupAttendanceRecorded, flags=("BEFORE_SERVICE_DATE", "ABOVE_PLACES"), source="migrated")
    assert scenario.events[0].source_time == learnt
    assert heads(scenario, DATED_HEADS).migrated


def test_the_date_of_learning_is_that_of_the_places_zone():
    scenario = dated().when(RecordGroupAttendance(DATED_HEADS, DATED, 1, HOUR, source_time=at("2023-06-16 23:00")))
    scenario.then_recorded(GroupAttendanceRecorded, flags=())


@pytest.mark.parametrize(
    ("head_count", "seconds", "reason"),
    [
        (0, HOUR, "NOT_A_PERSON"),
        (-1, HOUR, "NOT_A_PERSON"),
        (2, 0, "DURATION_OUT_OF_RANGE"),
        (2, -1, "DURATION_OUT_OF_RANGE"),
        (2, 2 * 2_678_400 + 1, "DURATION_OUT_OF_RANGE"),
    ],
)
def test_figures_that_cannot_be_are_refused(head_count: int, seconds: int, reason: str):
    programme().when(RecordGroupAttendance(HEADS, MORNING, head_count, seconds)).then_refused(reason)


def test_a_count_is_of_a_shift_that_exists_and_recorded_once():
    unknown = f"{GARDEN}/shifts/unknown"
    scenario = programme()
    scenario.when(RecordGroupAttendance(f"{unknown}/groupAttendances/1", unknown, 1)).then_refused("NOT_FOUND")
    scenario.given(RecordGroupAttendance(HEADS, MORNING, 1))
    scenario.when(RecordGroupAttendance(HEADS, MORNING, 1)).then_refused("ALREADY_EXISTS", name=HEADS)
    with pytest.raises(InvariantBroken):
        scenario.when(RecordGroupAttendance(f"{NOON}/groupAttendances/1", MORNING, 1))


def test_a_correction_links_and_moves_the_difference():
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6, 600 * 60))
    recorded = heads(scenario).last_event_id
    scenario.when(CorrectGroupAttendance(HEADS, 6, 500 * 60, "RECOUNTED"))
    scenario.then_recorded(GroupAttendanceCorrected, reason="RECOUNTED", attended_seconds=500 * 60)
    assert scenario.events[0].corrects == recorded
    assert scenario.entries() == [("2026-11-20", "attended", "reversed", 100 * 60, "CORRECTED")]


def test_the_story_of_an_unlikely_shift():
    """600, then 800, then 1,200 hours of six people in a day; then withdrawn. It never counted, and stays told."""
    scenario = dated().when(RecordGroupAttendance(DATED_HEADS, DATED, 6, 600 * HOUR))
    scenario.then_recorded(GroupAttendanceRecorded, withheld_reason="DURATION_ABOVE_CAP")
    for hours in (800, 1200):
        scenario.when(CorrectGroupAttendance(DATED_HEADS, 6, hours * HOUR))
        scenario.then_recorded(GroupAttendanceCorrected, withheld_reason="DURATION_ABOVE_CAP")
    assert scenario.seconds(DATED_HEADS) == {"withheld": 1200 * HOUR}
    scenario.when(WithdrawGroupAttendance(DATED_HEADS)).then_recorded(GroupAttendanceWithdrawn, reason="WITHDRAWN")
    assert scenario.seconds(DATED_HEADS) == {"reversed": 1200 * HOUR}


def test_a_correction_below_the_cap_counts():
    scenario = dated().given(RecordGroupAttendance(DATED_HEADS, DATED, 6, 600 * HOUR))
    scenario.when(CorrectGroupAttendance(DATED_HEADS, 6, 6 * HOUR))
    assert scenario.entries() == [
        ("2023-06-17", "withheld", "attended", 6 * HOUR, None),
        ("2023-06-17", "withheld", "reversed", 594 * HOUR, "CORRECTED"),
    ]
    assert heads(scenario, DATED_HEADS).withheld_reasons == ()


def test_another_head_count_with_the_same_seconds_is_a_correction_without_entries():
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6, 6 * HOUR))
    scenario.when(CorrectGroupAttendance(HEADS, 5, 6 * HOUR)).then_recorded(GroupAttendanceCorrected, entries=())
    assert heads(scenario).head_count == 5
    scenario.when(CorrectGroupAttendance(HEADS, 5, 6 * HOUR)).then_refused("NOTHING_CHANGES")


def test_what_was_verified_must_be_verified_again_after_a_correction():
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6, 6 * HOUR))
    scenario.given(VerifyHours(HEADS), actor=GREEN_VERIFIER)
    scenario.when(CorrectGroupAttendance(HEADS, 6, 7 * HOUR))
    assert scenario.entries() == [
        ("2026-11-20", "verified", "attended", 6 * HOUR, None),
        ("2026-11-20", "outside", "attended", HOUR, None),
    ]
    assert heads(scenario).state == "recorded"


def test_withdrawn_stays_withdrawn():
    scenario = programme().given(RecordGroupAttendance(HEADS, MORNING, 6), WithdrawGroupAttendance(HEADS))
    scenario.when(WithdrawGroupAttendance(HEADS)).then_refused("NOTHING_CHANGES")
    scenario.when(CorrectGroupAttendance(HEADS, 5)).then_refused("ATTENDANCE_WITHDRAWN")
    scenario.when(VerifyHours(HEADS), actor=GREEN_VERIFIER).then_refused("ATTENDANCE_WITHDRAWN")


def test_only_what_was_recorded_can_be_changed():
    programme().when(CorrectGroupAttendance(HEADS, 5)).then_refused("NOT_FOUND", name=HEADS)
    programme().when(WithdrawGroupAttendance(HEADS)).then_refused("NOT_FOUND", name=HEADS)
