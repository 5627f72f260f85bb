"""Roles that ask for courses: who is appointed, and who may judge hours on which day."""

from __future__ import annotations

from datetime import timedelta

from ledger.domain.appointing import AppointMember, RequireTraining
from ledger.domain.attendance_events import HoursVerified
from ledger.domain.completion import RecordCompletion, RevokeCompletion
from ledger.domain.course import CourseDetails, PublishCourse
from ledger.domain.organization import MemberAppointed, RoleTrainingRequired
from ledger.domain.values import LocalizedText
from ledger.domain.verification import DeclineHours, VerifyHours
from tests.domain.given_when_then import NOW, Scenario
from tests.domain.programme import ANA, BEN, CARE, GREEN, GREEN_VERIFIER, MORNING, at, programme, served

COURSE, OTHER = "courses/verifying", "courses/privacy"
HELD_BY_BEN = f"{BEN}/completions/verifying"
FIRST = f"{ANA}/attendances/1"
BEN_VERIFIES = AppointMember(f"{GREEN}/appointments/ben", BEN, "verifier", at("2026-11-20 00:00"))
REQUIRE = RequireTraining(GREEN, "verifier", (COURSE,))
TODAY = NOW.date()


def passed(of: str = BEN, course: str = COURSE) -> RecordCompletion:
    return RecordCompletion(of, course, "passed", at("2026-11-10 00:00").date())


def taught(valid_days: int = 0) -> Scenario:
    details = CourseDetails(title=LocalizedText(en="Verifying"), completion_by="passed", valid_days=valid_days)
    courses = (PublishCourse(one, CARE, details) for one in (COURSE, OTHER))
    return programme().given(*courses, served(FIRST, MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))


def test_a_role_asks_for_courses_that_are_there_and_says_so_once():
    scenario = taught()
    unknown = RequireTraining(GREEN, "verifier", ("courses/none",))
    scenario.when(unknown).then_refused("NOT_FOUND", name="courses/none")
    scenario.when(RequireTraining(GREEN, "verifier", ())).then_refused("NOTHING_CHANGES", name=GREEN)
    scenario.when(REQUIRE).then_recorded(RoleTrainingRequired, role="verifier", required_courses=(COURSE,))
    scenario.when(REQUIRE).then_refused("NOTHING_CHANGES", name=GREEN)
    scenario.when(RequireTraining(GREEN, "verifier", ())).then_recorded(RoleTrainingRequired, required_courses=())
    scenario.when(BEN_VERIFIES).then_recorded(MemberAppointed, completions=None)


def test_who_lacks_a_course_is_not_appointed_and_what_it_rested_on_is_told():
    scenario = taught().given(RequireTraining(GREEN, "verifier", (COURSE, OTHER)), passed())
    scenario.when(BEN_VERIFIES).then_refused("TRAINING_MISSING", volunteer=BEN, course=OTHER, date="2026-11-20")
    scenario.given(passed(course=OTHER))
    both = (HELD_BY_BEN, f"{BEN}/completions/privacy")
    scenario.when(BEN_VERIFIES).then_recorded(MemberAppointed, completions=both)


def test_the_day_that_matters_is_the_first_of_the_appointment():
    scenario = taught(valid_days=5).given(REQUIRE, passed())
    later = AppointMember(f"{GREEN}/appointments/later", BEN, "verifier", at("2026-11-16 00:00"))
    scenario.when(later).then_refused("TRAINING_MISSING", date="2026-11-16")
    in_time = AppointMember(f"{GREEN}/appointments/in-time", BEN, "verifier", at("2026-11-15 23:59"))
    scenario.when(in_time).then_recorded(MemberAppointed)


def test_each_role_and_each_organisation_asks_for_its_own():
    scenario = taught().given(REQUIRE)
    coordinates = AppointMember(f"{GREEN}/appointments/ben", BEN, "coordinator")
    scenario.when(coordinates).then_recorded(MemberAppointed)
    elsewhere = AppointMember(f"{CARE}/appointments/ben", BEN, "verifier")
    scenario.when(elsewhere).then_recorded(MemberAppointed)


def test_a_member_of_staff_has_no_completions():
    scenario = taught().given(REQUIRE)
    appointing = AppointMember(f"{GREEN}/appointments/amal", "staff/amal", "verifier", NOW)
    scenario.when(appointing).then_refused("TRAINING_MISSING", volunteer="staff/amal", course=COURSE, date=str(TODAY))


def test_who_was_appointed_before_verifies_nothing_until_they_have_it():
    scenario = taught().given(BEN_VERIFIES, REQUIRE)
    verifying = VerifyHours(FIRST)
    scenario.when(verifying, actor=BEN).then_refused("TRAINING_MISSING", course=COURSE, date=str(TODAY))
    scenario.when(DeclineHours(FIRST, "NOT_SEEN"), actor=BEN).then_refused("TRAINING_MISSING")
    scenario.when(verifying, actor=GREEN_VERIFIER).then_refused("TRAINING_MISSING", volunteer=GREEN_VERIFIER)
    scenario.given(passed()).when(verifying, actor=BEN).then_recorded(HoursVerified)


def test_a_completion_that_is_revoked_or_over_counts_no_more():
    scenario = taught(valid_days=15).given(REQUIRE, passed(), BEN_VERIFIES)
    late = NOW + timedelta(days=3)
    scenario.when(VerifyHours(FIRST), actor=BEN, now=late).then_refused("TRAINING_MISSING", date=str(late.date()))
    scenario.given(RevokeCompletion(HELD_BY_BEN, 1, "IN_ERROR"))
    scenario.when(VerifyHours(FIRST), actor=BEN).then_refused("TRAINING_MISSING", date=str(TODAY))
