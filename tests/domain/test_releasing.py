"""Withheld time begins to count when its ground ends, and whoever waits first gets it first."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.domain.attendance import (
    Attendance,
    CorrectAttendance,
    WithdrawAttendance,
)
from ledger.domain.attendance_events import (
    AttendanceCorrected,
    AttendanceRecorded,
    AttendanceWithdrawn,
    HoursReleased,
)
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from ledger.domain.world import Command, NotLoaded, Presence, Reads, TimeWindow
from tests.domain.given_when_then import InMemoryWorld, Scenario
from tests.domain.programme import (
    ANA,
    CARE_VERIFIER,
    COORDINATOR,
    GARDEN,
    GREEN_VERIFIER,
    MORNING,
    NOON,
    at,
    programme,
    served,
    shift,
)

FIRST, SECOND, THIRD = f"{ANA}/attendances/1", f"{ANA}/attendances/2", f"{ANA}/attendances/3"
HOUR = 3600


def attendance(scenario: Scenario, name: str) -> Attendance:
    state = scenario.state(name)
    assert isinstance(state, Attendance)
    return state


def overlapping() -> Scenario:
    """First 05–09 counts; second 08–12 has one hour withheld; third 07–10 finds no second of its time free."""
    return programme().given(
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(SECOND, NOON, "2026-11-20 08:00", "2026-11-20 12:00"),
        served(THIRD, NOON, "2026-11-20 07:00", "2026-11-20 10:00"),
    )


def test_time_set_free_goes_to_who_waits_the_first_recorded_first():
    scenario = overlapping()
    assert scenario.seconds(THIRD) == {"withheld": 3 * HOUR}
    scenario.when(WithdrawAttendance(FIRST)).then_recorded(AttendanceWithdrawn, HoursReleased, HoursReleased)
    assert [event.stream for event in scenario.events] == [FIRST, SECOND, THIRD]
    assert scenario.entries(1) == [("2026-11-20", "withheld", "attended", HOUR, None)]
    assert scenario.seconds(SECOND) == {"attended": 4 * HOUR}
    assert scenario.seconds(THIRD) == {"attended": HOUR, "withheld": 2 * HOUR}
    assert attendance(scenario, SECOND).withheld_reasons == ()
    assert attendance(scenario, THIRD).withheld_reasons == ("OVERLAP",)


def test_a_correction_frees_only_what_it_gives_up():
    scenario = overlapping().when(CorrectAttendance(FIRST, at("2026-11-20 05:00"), at("2026-11-20 08:30")))
    scenario.then_recorded(AttendanceCorrected, HoursReleased)
    assert scenario.events[1].stream == SECOND
    assert scenario.counted(1) == [(at("2026-11-20 08:30"), at("2026-11-20 12:00"))]


def test_the_time_of_a_declined_attendance_is_free():
    scenario = overlapping().when(DeclineHours(FIRST, "NOT_SEEN"), actor=GREEN_VERIFIER)
    assert [event.stream for event in scenario.events] == [FIRST, SECOND, THIRD]


def test_nothing_is_released_to_what_was_withdrawn_declined_or_reversed():
    scenario = overlapping().given(DeclineHours(THIRD, "NOT_SEEN"), actor=CARE_VERIFIER)
    scenario.given(VerifyHours(SECOND), ReverseHours(SECOND, "NOT_SEEN"), actor=CARE_VERIFIER)
    scenario.when(WithdrawAttendance(FIRST)).then_recorded(AttendanceWithdrawn)


def test_seconds_released_to_a_verified_attendance_wait_for_their_own_verification():
    scenario = overlapping().given(VerifyHours(SECOND), actor=CARE_VERIFIER)
    scenario.given(WithdrawAttendance(FIRST))
    assert attendance(scenario, SECOND).state == "verified"
    assert scenario.seconds(SECOND) == {"verified": 3 * HOUR, "attended": HOUR}
    scenario.given(VerifyHours(SECOND), actor=CARE_VERIFIER)
    assert scenario.seconds(SECOND) == {"verified": 4 * HOUR}


def test_time_that_begins_to_count_can_end_a_ground_for_withholding_too():
    """25 October has 25 hours in London: the second finds no room for its last half hour there, so it waits whole.

    The third takes the time that filled the date. What is left of the second overlaps nothing and fills no date.
    """
    night = f"{GARDEN}/shifts/night"
    scenario = programme().given(
        shift(night, "2026-10-24 12:00", "2026-10-26 00:00", "Europe/London"),
        served(FIRST, MORNING, "2026-10-24 23:30", "2026-10-25 23:29"),
        served(SECOND, night, "2026-10-24 12:00", "2026-10-25 11:59"),
    )
    assert attendance(scenario, SECOND).withheld_reasons == ("DURATION_ABOVE_CAP",)
    scenario.when(served(THIRD, MORNING, "2026-10-24 12:30", "2026-10-25 12:29"))
    scenario.then_recorded(AttendanceRecorded, HoursReleased)
    assert [event.stream for event in scenario.events] == [THIRD, SECOND]
    assert scenario.seconds(SECOND)["attended"] == HOUR // 2
    assert attendance(scenario, SECOND).withheld_reasons == ("OVERLAP",)


@dataclass(frozen=True)
class Forgetful(InMemoryWorld):
    """A world that has loaded nothing yet, as a server's has under the lock: what is missing is asked for."""

    loaded: set[str] = field(default_factory=set)
    windows: list[TimeWindow] = field(default_factory=list)

    def state(self, stream: str) -> object | None:
        if stream not in self.loaded:
            raise NotLoaded(Reads(streams=(stream,)))
        return super().state(stream)

    def presences(self, window: TimeWindow) -> list[Presence]:
        if not any(low <= window[1] and window[2] <= high for _, low, high in self.windows):
            raise NotLoaded(Reads(presences=(window,)))
        return super().presences(window)

    def rounds(self, command: Command) -> int:
        """How often it must load until the command can be decided."""
        for count in range(200):
            try:
                command.decide(self)
            except NotLoaded as missing:
                self.loaded.update(missing.reads.streams)
                self.windows.extend(missing.reads.presences)
            else:
                return count
        raise AssertionError("it asks for ever")


def test_a_hundred_that_overlap_are_asked_for_together():
    """One by one they would be a hundred round trips under the lock, and the writer gives up long before."""
    scenario = programme().given(served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    for number in range(100):
        minute = f"2026-11-20 0{5 + number // 60}:{number % 60:02}"
        scenario.given(served(f"{ANA}/attendances/w{number}", NOON, minute, "2026-11-20 12:00"))
    world = Forgetful(scenario.ledger, scenario.now, COORDINATOR)
    assert world.rounds(served(f"{ANA}/attendances/last", NOON, "2026-11-20 04:00", "2026-11-20 11:00")) < 10
    world = Forgetful(scenario.ledger, scenario.now, COORDINATOR)
    assert world.rounds(WithdrawAttendance(FIRST)) < 10


def test_what_a_date_had_no_room_for_counts_when_there_is_room():
    autumn = f"{GARDEN}/shifts/autumn"
    scenario = programme().given(
        shift(autumn, "2026-10-24 23:00", "2026-10-26 00:00", "Europe/London"),
        served(FIRST, autumn, "2026-10-24 23:00", "2026-10-25 12:00"),
        served(SECOND, autumn, "2026-10-25 12:00", "2026-10-26 00:00"),
    )
    half_an_hour_less = CorrectAttendance(FIRST, at("2026-10-24 23:30"), at("2026-10-25 12:00"))
    scenario.when(half_an_hour_less).then_recorded(AttendanceCorrected)
    an_hour_less = CorrectAttendance(FIRST, at("2026-10-25 00:00"), at("2026-10-25 12:00"))
    scenario.when(an_hour_less).then_recorded(AttendanceCorrected, HoursReleased)
    assert scenario.seconds(SECOND) == {"attended": 12 * HOUR}


def test_a_date_of_another_place_where_the_person_served_has_its_cap_too():
    # London's 25 October 2026 has 25 hours; half an hour of it in London leaves room for 23.5 hours elsewhere.
    london = f"{GARDEN}/shifts/london"
    scenario = programme().given(
        shift(london, "2026-10-24 23:00", "2026-10-26 00:00", "Europe/London"),
        served(FIRST, london, "2026-10-24 23:00", "2026-10-24 23:30"),
    )
    scenario.when(served(SECOND, NOON, "2026-10-24 23:30", "2026-10-25 23:30"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason="DURATION_ABOVE_CAP")
    scenario.when(served(THIRD, NOON, "2026-10-24 23:30", "2026-10-25 23:00"))
    scenario.then_recorded(AttendanceRecorded, withheld_reason=None)


def test_an_unlikely_length_is_never_released():
    scenario = programme().given(
        served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        served(SECOND, NOON, "2026-11-20 05:00", "2026-11-21 06:00"),
    )
    scenario.when(WithdrawAttendance(FIRST)).then_recorded(AttendanceWithdrawn)


def test_what_was_not_confirmed_stays_reversed_when_time_is_set_free():
    scenario = overlapping().given(VerifyHours(SECOND, HOUR), actor=CARE_VERIFIER)
    scenario.given(WithdrawAttendance(FIRST))
    assert scenario.seconds(SECOND) == {"verified": HOUR, "attended": HOUR, "reversed": 2 * HOUR}
