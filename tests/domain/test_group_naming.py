"""A head count counts only people who are not recorded by name: whoever gets a name leaves the count."""

from __future__ import annotations

from ledger.domain.attendance import CheckIn
from ledger.domain.attendance_events import AttendanceReceived
from ledger.domain.follow_ups import follow_up
from ledger.domain.group_attendance import CorrectGroupAttendance, RecordGroupAttendance, WithdrawGroupAttendance
from ledger.domain.group_attendance_state import GroupAttendance, GroupHeadNamed
from ledger.domain.group_naming import NameGroupMember
from ledger.domain.transfer import TransferAttendance
from ledger.domain.verification import DeclineHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import ANA, BEN, GREEN_VERIFIER, MORNING, NOON, at, programme, served

HOUR = 3600
HEADS = f"{MORNING}/groupAttendances/1"
A1, B1 = f"{ANA}/attendances/1", f"{BEN}/attendances/1"


def counted(heads: int = 3, seconds: int | None = None) -> Scenario:
    """So many came to the garden's morning, four hours each, and nobody wrote down who."""
    return programme().given(RecordGroupAttendance(HEADS, MORNING, heads, seconds))


def group(scenario: Scenario) -> GroupAttendance:
    state = scenario.state(HEADS)
    assert isinstance(state, GroupAttendance)
    return state


def test_who_gets_a_name_leaves_the_count_and_begins_an_attendance():
    scenario = counted().when(NameGroupMember(HEADS, A1))
    scenario.then_recorded(GroupHeadNamed, heads_left=2, seconds_left=8 * HOUR, to_attendance=A1)
    assert scenario.entries() == [("2026-11-20", "attended", "reversed", 4 * HOUR, "NAMED")]
    named = scenario.events[0]
    following = follow_up(named)
    assert following is not None
    scenario.when(following.command).then_recorded(AttendanceReceived, holder=ANA, transferred_from=HEADS)
    assert scenario.events[0].corrects == named.event_id
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}
    assert scenario.seconds(HEADS)["attended"] + scenario.seconds(A1)["attended"] == 12 * HOUR
    assert group(scenario).head_count == 2


def test_seconds_leave_by_what_the_person_served_and_never_below_zero():
    scenario = counted(3, 5 * HOUR)
    scenario.when(NameGroupMember(HEADS, A1, at("2026-11-20 05:00"), at("2026-11-20 06:00")))
    scenario.then_recorded(GroupHeadNamed, seconds_left=4 * HOUR)
    scenario.when(NameGroupMember(HEADS, B1, at("2026-11-20 04:00"), at("2026-11-20 10:00")))
    scenario.then_recorded(GroupHeadNamed, heads_left=1, seconds_left=0)
    assert scenario.seconds(HEADS) == {"reversed": 5 * HOUR}


def test_what_leaves_is_what_the_person_is_credited():
    """A break after two hours, a half: the count holds three and a half hours a head, and the named one has as much."""
    scenario = with_rules(programme(), break_after_seconds=2 * HOUR, break_seconds=HOUR // 2)
    scenario.given(RecordGroupAttendance(HEADS, MORNING, 3)).given(NameGroupMember(HEADS, A1))
    following = follow_up(scenario.events[0])
    assert following is not None
    scenario.given(following.command)
    assert scenario.seconds(A1) == {"attended": 7 * HOUR // 2}
    assert scenario.seconds(HEADS) == {"attended": 7 * HOUR, "reversed": 7 * HOUR // 2}


def test_nobody_is_named_twice_until_the_count_is_made_anew():
    again = NameGroupMember(HEADS, f"{ANA}/attendances/2")
    scenario = counted().given(NameGroupMember(HEADS, A1))
    scenario.when(again).then_refused("ALREADY_NAMED", volunteer=ANA, attendance=HEADS)
    scenario.given(CorrectGroupAttendance(HEADS, 3, 12 * HOUR)).when(again).then_recorded(GroupHeadNamed, heads_left=2)


def test_what_nobody_confirmed_yet_leaves_first():
    scenario = counted(3).given(VerifyHours(HEADS, 10 * HOUR), actor=GREEN_VERIFIER)
    scenario.when(NameGroupMember(HEADS, A1))
    assert scenario.entries() == [("2026-11-20", "verified", "reversed", 4 * HOUR, "NAMED")]
    assert group(scenario).state == "verified"


def test_withheld_hours_of_a_count_too_long_leave_too():
    scenario = counted(2, 60 * HOUR)
    assert scenario.seconds(HEADS) == {"withheld": 60 * HOUR}
    scenario.when(NameGroupMember(HEADS, A1))
    assert scenario.entries() == [("2026-11-20", "withheld", "reversed", 4 * HOUR, "NAMED")]


def test_the_last_head_leaves_by_withdrawing_the_count():
    scenario = counted(1)
    scenario.when(NameGroupMember(HEADS, A1)).then_refused("LAST_HEAD", attendance=HEADS)


def test_nobody_is_named_in_what_is_withdrawn_or_twice():
    scenario = counted().given(WithdrawGroupAttendance(HEADS))
    scenario.when(NameGroupMember(HEADS, A1)).then_refused("ATTENDANCE_WITHDRAWN")
    scenario = counted()
    following = follow_up(scenario.given(NameGroupMember(HEADS, A1)).events[0])
    assert following is not None
    scenario.given(following.command)
    scenario.when(NameGroupMember(HEADS, A1)).then_refused("ALREADY_EXISTS", name=A1)
    scenario.when(NameGroupMember(HEADS, "volunteers/nobody/attendances/1")).then_refused("NOT_FOUND")


def test_times_that_cannot_be_are_refused_before_anything_leaves():
    scenario = counted()
    scenario.when(NameGroupMember(HEADS, A1, at("2026-11-20 06:00"), at("2026-11-20 05:00")))
    scenario.then_refused("TIMES_REVERSED")
    scenario.when(NameGroupMember(HEADS, A1, at("2026-12-20 05:00"), at("2026-12-20 06:00")))
    scenario.then_refused("SERVICE_IN_FUTURE")
    assert group(scenario).head_count == 3


def test_nobody_is_counted_by_heads_and_by_name():
    scenario = counted()
    by_name = served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00")
    scenario.when(by_name).then_refused("GROUP_ALREADY_COUNTED", group=HEADS)
    come = CheckIn(A1, MORNING, ANA, at("2026-11-20 05:00"), "qr")
    scenario.when(come).then_refused("GROUP_ALREADY_COUNTED", shift=MORNING)
    elsewhere = served(B1, NOON, "2026-11-20 10:00", "2026-11-20 11:00")
    scenario.given(elsewhere).when(TransferAttendance(B1, f"{BEN}/attendances/2", MORNING))
    scenario.then_refused("GROUP_ALREADY_COUNTED")
    scenario.given(WithdrawGroupAttendance(HEADS)).given(by_name)
    assert scenario.seconds(A1) == {"attended": 4 * HOUR}


def test_who_was_declined_in_a_count_may_be_recorded_by_name():
    scenario = counted().given(DeclineHours(HEADS, "NOT_SEEN"), actor=GREEN_VERIFIER)
    scenario.given(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario = counted().given(VerifyHours(HEADS), actor=GREEN_VERIFIER)
    scenario.when(served(A1, MORNING, "2026-11-20 05:00", "2026-11-20 09:00")).then_refused("GROUP_ALREADY_COUNTED")


def test_a_correction_of_the_count_says_how_many_are_left_without_a_name():
    scenario = counted().given(NameGroupMember(HEADS, A1))
    scenario.when(CorrectGroupAttendance(HEADS, 5, 20 * HOUR))
    assert group(scenario).head_count == 5
    assert scenario.seconds(HEADS) == {"attended": 20 * HOUR, "reversed": 4 * HOUR}
