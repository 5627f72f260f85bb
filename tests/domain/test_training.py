"""Courses, their sessions, and what somebody has of them: recorded, renewed, revoked, asked for by opportunities."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.attendance import CheckIn
from ledger.domain.completion import CompletionRecorded, CompletionRevoked, RecordCompletion, RevokeCompletion
from ledger.domain.course import (
    CloseCourse,
    CompletionResult,
    CourseDetails,
    CourseUpdated,
    PublishCourse,
    UpdateCourse,
)
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.live_session import OpenLiveSession, RecordPresences
from ledger.domain.live_session_events import Joined, LiveRule
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity, UpdateOpportunity
from ledger.domain.organization import SuspendOrganization
from ledger.domain.registration import RegisterForShift
from ledger.domain.training_session import CancelTrainingSession, OpenTrainingSession, TrainingSessionOpened
from ledger.domain.values import LocalizedText
from tests.domain.given_when_then import NOW, Scenario
from tests.domain.programme import ANA, BEN, CARE, GARDEN, GREEN, MORNING, PLACE, at, organization, shift, volunteer

AID, NIGHT = "courses/first-aid", "courses/night-walks"
SESSION = f"{AID}/sessions/november"
HELD_BY_ANA = f"{ANA}/completions/first-aid"
TITLE = LocalizedText(en="First aid")
DAY = date(2026, 11, 20)
"""Of the morning's shift."""
REGISTER = RegisterForShift(MORNING, ANA)
COME = CheckIn(f"{ANA}/attendances/1", MORNING, ANA, at("2026-11-20 05:00"), "qr")


def course(
    name: str = AID, by: CompletionResult = "passed", valid_days: int = 0, organization: str = GREEN
) -> PublishCourse:
    return PublishCourse(
        name, organization, CourseDetails(title=TITLE, completion_by=by, valid_days=valid_days, skills=("first aid",))
    )


def passed(day: date | None = date(2026, 11, 10), of: str = ANA, course_name: str = AID) -> RecordCompletion:
    return RecordCompletion(of, course_name, "passed", day)


def held(live_session: str | None = None, name: str = SESSION) -> OpenTrainingSession:
    return OpenTrainingSession(
        name, at("2026-11-18 22:00"), at("2026-11-19 01:00"), "Asia/Riyadh", 20, PLACE, live_session
    )


def offered(*required: str) -> PublishOpportunity:
    details = OpportunityDetails(title=LocalizedText(en="Camp"), required_courses=required or None)
    return PublishOpportunity(GARDEN, GREEN, details)


def taught(*courses: PublishCourse) -> Scenario:
    return Scenario().given(
        *organization(GREEN), *organization(CARE), *(courses or [course()]), volunteer(ANA), volunteer(BEN)
    )


def asking(*courses: PublishCourse) -> Scenario:
    """The garden asks for all of these."""
    scenario = taught(*courses)
    names = [one.course for one in courses] or [AID]
    return scenario.given(offered(*names), shift(MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))


def test_an_organisation_publishes_changes_and_closes_a_course():
    scenario = taught()
    scenario.when(course()).then_refused("ALREADY_EXISTS", name=AID)
    better = CourseDetails(title=TITLE, completion_by="attended", valid_days=365)
    scenario.when(UpdateCourse(AID, better, ("valid_days", "skills"))).then_recorded(
        CourseUpdated, changed=("valid_days", "skills")
    )
    scenario.when(UpdateCourse(AID, better, ("valid_days",))).then_refused("NOTHING_CHANGES")
    scenario.when(UpdateCourse(AID, better, ("organization",))).then_refused("UPDATE_MASK_INVALID", path="organization")
    scenario.when(CloseCourse(AID)).then_recorded("course-closed")
    scenario.when(CloseCourse(AID)).then_refused("NOTHING_CHANGES")
    scenario.when(held()).then_refused("COURSE_CLOSED", course=AID, date="2026-11-23")


def test_who_offers_a_course_must_be_there_and_not_suspended():
    Scenario().when(course()).then_refused("NOT_FOUND", name=GREEN)
    suspended = Scenario().given(*organization(GREEN), SuspendOrganization(GREEN, "FEES_UNPAID"))
    suspended.when(course()).then_refused("ORGANIZATION_SUSPENDED", organization=GREEN)


def test_a_session_rests_on_a_lesson_of_the_same_organisation():
    lesson, rule = (
        f"{MORNING}/liveSessions/l",
        LiveRule(version=1, silence_seconds=90, registration_required=False, excluded=()),
    )
    scenario = taught(course(), course(NIGHT, organization=CARE)).given(
        offered(), shift(MORNING, "2026-11-20 05:00", "2026-11-20 09:00"), OpenLiveSession(lesson, rule)
    )
    scenario.when(held(f"{lesson}2")).then_refused("NOT_FOUND", name=f"{lesson}2")
    scenario.when(held(lesson, f"{NIGHT}/sessions/1")).then_refused("NOT_FOUND", name=lesson)
    scenario.when(held(lesson)).then_recorded(TrainingSessionOpened, live_session=lesson, attendance_seconds_min=1)
    scenario.when(held()).then_refused("ALREADY_EXISTS", name=SESSION)


def test_passing_completes_every_course_and_attending_some():
    scenario = taught(course(valid_days=15), course(NIGHT, "attended"))
    scenario.when(RecordCompletion(ANA, AID, "attended", DAY)).then_recorded(CompletionRecorded, completes=False)
    scenario.when(RecordCompletion(ANA, NIGHT, "attended", DAY)).then_recorded(
        CompletionRecorded, completes=True, valid_until=None, number=1
    )
    scenario.when(passed(DAY)).then_recorded(
        CompletionRecorded,
        completes=True,
        completed_on=DAY,
        valid_until=date(2026, 12, 5),
        number=2,
        organization=GREEN,
    )
    scenario.when(passed(DAY)).then_refused("NOTHING_CHANGES", name=HELD_BY_ANA)


def test_what_is_recorded_stays_as_the_course_was():
    scenario = taught(course(by="attended")).given(RecordCompletion(ANA, AID, "attended", date(2026, 11, 10)))
    harder = CourseDetails(title=TITLE, completion_by="passed", valid_days=1)
    scenario.given(UpdateCourse(AID, harder, ("completion_by", "valid_days")), offered(AID))
    scenario.given(shift(MORNING, "2026-11-20 05:00", "2026-11-20 09:00"))
    scenario.when(REGISTER).then_recorded("registration-accepted", "training-established")


def test_the_day_is_that_of_the_session_in_its_zone_unless_another_is_given():
    scenario = taught().given(held())
    scenario.when(RecordCompletion(ANA, AID, "passed", None, SESSION)).then_recorded(
        CompletionRecorded, completed_on=date(2026, 11, 19), training_session=SESSION
    )
    scenario.when(RecordCompletion(BEN, AID, "passed")).then_recorded(CompletionRecorded, completed_on=NOW.date())
    scenario.when(passed(date(2026, 11, 25))).then_refused("COMPLETED_IN_FUTURE", date="2026-11-25")
    scenario.when(RecordCompletion(BEN, AID, "passed", DAY, f"{NIGHT}/sessions/1")).then_refused("NOT_FOUND")
    scenario.given(CancelTrainingSession(SESSION, "TEACHER_ILL"))
    scenario.when(CancelTrainingSession(SESSION, "TEACHER_ILL")).then_refused("NOTHING_CHANGES")
    scenario.when(RecordCompletion(BEN, AID, "passed", DAY, SESSION)).then_refused("TRAINING_SESSION_CANCELLED")


def test_a_closed_course_was_completed_up_to_its_closing():
    scenario = taught().given(CloseCourse(AID))
    scenario.when(passed(date(2026, 11, 24))).then_refused("COURSE_CLOSED", course=AID, date="2026-11-23")
    scenario.when(passed(date(2026, 11, 23))).then_recorded("completion-recorded")


def test_nobody_records_their_own_and_nobody_is_who_was_erased():
    scenario = taught()
    scenario.when(passed(), actor=ANA).then_refused("OWN_COMPLETION", volunteer=ANA)
    scenario.when(passed(of="volunteers/nobody")).then_refused("NOT_FOUND")
    scenario.when(passed(course_name=NIGHT)).then_refused("NOT_FOUND", name=NIGHT)
    scenario.given(EraseVolunteer(ANA)).when(passed()).then_refused("VOLUNTEER_ERASED")


def test_a_record_is_revoked_once_and_others_stand():
    scenario = asking().given(passed(), passed(date(2026, 11, 11)))
    scenario.when(RevokeCompletion(HELD_BY_ANA, 3, "IN_ERROR")).then_refused("NOT_FOUND", name=HELD_BY_ANA)
    scenario.when(RevokeCompletion(f"{BEN}/completions/first-aid", 1, "IN_ERROR")).then_refused("NOT_FOUND")
    scenario.when(RevokeCompletion(HELD_BY_ANA, 1, "IN_ERROR")).then_recorded(
        CompletionRevoked, number=1, reason="IN_ERROR", course=AID
    )
    scenario.when(RevokeCompletion(HELD_BY_ANA, 1, "IN_ERROR")).then_refused("NOTHING_CHANGES", name=HELD_BY_ANA)
    scenario.when(REGISTER).then_recorded("registration-accepted", "training-established")
    scenario.given(RevokeCompletion(HELD_BY_ANA, 2, "IN_ERROR"))
    scenario.when(COME).then_refused("TRAINING_MISSING", volunteer=ANA, course=AID, date="2026-11-20")
    scenario.given(passed()).when(COME).then_recorded("volunteer-checked-in")


@pytest.mark.parametrize(
    ("completed", "valid_days", "counts"),
    [
        (date(2026, 11, 20), 0, True),
        (date(2026, 11, 21), 0, False),
        (date(2026, 11, 10), 10, True),
        (date(2026, 11, 10), 9, False),
    ],
)
def test_it_counts_from_the_day_of_completion_to_the_last_day(completed: date, valid_days: int, counts: bool):
    scenario = asking(course(valid_days=valid_days)).given(passed(completed)).when(REGISTER)
    if counts:
        scenario.then_recorded("registration-accepted", "training-established")
    else:
        scenario.then_refused("TRAINING_MISSING", course=AID)


def test_every_course_that_is_asked_for_must_be_completed_and_the_first_lacking_is_named():
    scenario = asking(course(), course(NIGHT)).given(passed())
    scenario.when(REGISTER).then_refused("TRAINING_MISSING", course=NIGHT, date="2026-11-20")
    scenario.given(passed(course_name=NIGHT)).when(REGISTER)
    scenario.then_recorded("registration-accepted", "training-established")
    assert scenario.events[-1].data.model_dump()["completions"] == (HELD_BY_ANA, f"{ANA}/completions/night-walks")


def test_what_is_asked_for_by_then_is_asked_at_the_check_in():
    scenario = taught().given(offered(), shift(MORNING, "2026-11-20 05:00", "2026-11-20 09:00"), REGISTER)
    wanted = OpportunityDetails(title=TITLE, required_courses=(AID,))
    scenario.given(UpdateOpportunity(GARDEN, wanted, ("required_courses",)))
    scenario.when(COME).then_refused("TRAINING_MISSING")
    scenario.given(UpdateOpportunity(GARDEN, OpportunityDetails(title=TITLE), ("required_courses",)))
    scenario.when(COME).then_recorded("volunteer-checked-in")


def test_only_courses_that_are_there_can_be_asked_for():
    scenario = taught()
    scenario.when(offered(NIGHT)).then_refused("NOT_FOUND", name=NIGHT)
    scenario.given(offered())
    wanted = OpportunityDetails(title=TITLE, required_courses=(NIGHT,))
    scenario.when(UpdateOpportunity(GARDEN, wanted, ("required_courses",))).then_refused("NOT_FOUND", name=NIGHT)


def test_a_lesson_for_which_one_registers_asks_again():
    lesson, rule = (
        f"{MORNING}/liveSessions/l",
        LiveRule(version=1, silence_seconds=90, registration_required=True, excluded=()),
    )
    join = RecordPresences(lesson, NOW, (Joined(volunteer=ANA, seconds=0),))
    scenario = asking().given(passed(), REGISTER, OpenLiveSession(lesson, rule))
    scenario.given(RevokeCompletion(HELD_BY_ANA, 1, "IN_ERROR")).when(join).then_refused("TRAINING_MISSING")
    scenario.given(passed(date(2026, 11, 11))).when(join).then_recorded("live-presences-recorded")
