"""Courses over gRPC: completions asked for, expired, revoked, proven, and made by a live lesson. Synthetic persons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.protobuf.message import Message

from tests.system.acting import channel_to
from tests.system.grpc_caller import COORDINATOR, at, refusal_of, with_id
from tests.system.live_programme import HEARTBEAT, JOIN, LEAVE, LESSON, TEST_ACCOUNT, Lesson
from tests.system.served_ledger import Served, hours_ledger, served_in_a_folder
from tests.system.small_programme import GREEN, NAME, PLACE
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import opportunity_search_service_pb2 as search
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import training_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

M = TypeVar("M", bound=Message)
AID, LIVE, LATER = "courses/first-aid", "courses/live", "courses/later"
STAYED, LEFT_EARLY, BEN, CLARA = (f"volunteers/synthetic-{name}" for name in ("stayed", "left", "ben", "clara"))
DALIA = "volunteers/synthetic-dalia"
CAMP, EARLY, LATE = "opportunities/camp", "opportunities/camp/shifts/early", "opportunities/camp/shifts/late"
SECONDS_MIN = 3
FOLLOWS_SECONDS_MAX = 20.0


@dataclass
class Training:
    """A caller that trains people, and asks at the positions it wrote."""

    lesson: Lesson
    served: Served
    written: dict[int, int] = field(default_factory=dict)

    def told(self, method: str, request: Message, kind: type[M], actor: str = COORDINATOR) -> M:
        """The answer to a command; later questions see it."""
        answer = kind.FromString(self.lesson.send(f"TrainingService/{method}", with_id(request), actor))
        self.know(getattr(answer, "positions", ()))
        return answer

    def asked(self, method: str, request: Any, kind: type[M], actor: str = COORDINATOR) -> M:
        request.positions.extend(self.positions)
        return kind.FromString(self.lesson.send(f"TrainingService/{method}", request, actor))

    @property
    def positions(self) -> list[Position]:
        return [Position(partition=partition, position=position) for partition, position in self.written.items()]

    def record(self, volunteer: str, course: str = AID, **said: Any) -> pb.Completion:
        said.setdefault("result", pb.COMPLETION_RESULT_PASSED)
        wanted = pb.CompletionRecord(volunteer=volunteer, course=course, **said)
        return self.told("RecordCompletion", pb.RecordCompletionRequest(completion=wanted), pb.Completion)

    def know(self, positions: Iterable[Position]) -> None:
        for one in positions:
            self.written[one.partition] = max(one.position, self.written.get(one.partition, 0))

    def match(self, volunteer: str) -> search.MatchOpportunitiesResponse:
        request = search.MatchOpportunitiesRequest(parent=volunteer, positions=self.positions)
        answer = self.lesson.send("OpportunitySearchService/MatchOpportunities", request)
        return search.MatchOpportunitiesResponse.FromString(answer)

    def revoke(self, completion: pb.Completion) -> pb.Completion:
        request = pb.RevokeCompletionRequest(name=completion.name, number=completion.number, reason="IN_ERROR")
        return self.told("RevokeCompletion", request, pb.Completion)

    def list(self, volunteer: str, **said: Any) -> Sequence[pb.Completion]:
        request = pb.ListCompletionsRequest(parent=volunteer, **said)
        return self.asked("ListCompletions", request, pb.ListCompletionsResponse).completions

    def register(self, volunteer: str, shift: str) -> bytes:
        request = participation.RegisterForShiftRequest(shift=shift, volunteer=volunteer)
        return self.lesson.send("ParticipationService/RegisterForShift", with_id(request))

    def not_registered(self, volunteer: str, shift: str) -> str:
        request = participation.RegisterForShiftRequest(shift=shift, volunteer=volunteer)
        return self.lesson.refused("ParticipationService/RegisterForShift", with_id(request)).reason


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def training(request: pytest.FixtureRequest) -> Iterator[Training]:
    """First aid counts for 15 days; the camp asks for it, on two days. A live lesson is open."""
    with served_in_a_folder(request.param) as served, channel_to(served.grpc) as channel:
        lesson = Lesson(channel)
        lesson.begin([STAYED, LEFT_EARLY, BEN, CLARA, DALIA])
        training = Training(lesson, served)
        publish(training, "first-aid", pb.COMPLETION_RESULT_PASSED, valid_days=15)
        publish(training, "live", pb.COMPLETION_RESULT_ATTENDED)
        publish(training, "later", pb.COMPLETION_RESULT_ATTENDED)
        opportunity = resources_pb2.Opportunity(organization=GREEN, title=NAME, required_courses=[AID])
        camp = registry.PublishOpportunityRequest(opportunity_id="camp", opportunity=opportunity)
        lesson.send("RegistryService/PublishOpportunity", with_id(camp))
        for shift_id, day in (("early", "2026-11-20"), ("late", "2026-11-28")):
            shift = resources_pb2.Shift(time_zone="Asia/Riyadh", places=5, place=PLACE)
            shift.start_time.CopyFrom(at(f"{day} 05:00"))
            shift.end_time.CopyFrom(at(f"{day} 09:00"))
            opening = registry.OpenShiftRequest(parent=CAMP, shift_id=shift_id, shift=shift)
            lesson.send("RegistryService/OpenShift", with_id(opening))
        yield training


def publish(training: Training, course_id: str, by: pb.CompletionResult.ValueType, **said: Any) -> None:
    course = pb.Course(organization=GREEN, title=NAME, completion_by=by, **said)
    training.told("PublishCourse", pb.PublishCourseRequest(course_id=course_id, course=course), pb.Course)


def open_session(training: Training, course: str, session_id: str) -> None:
    held = pb.TrainingSession(
        time_zone="Asia/Riyadh", places=50, place=PLACE, live_session=LESSON, attendance_seconds_min=SECONDS_MIN
    )
    held.start_time.CopyFrom(at("2026-11-19 22:00"))
    held.end_time.CopyFrom(at("2026-11-20 01:00"))
    request = pb.OpenTrainingSessionRequest(parent=course, training_session_id=session_id, training_session=held)
    training.told("OpenTrainingSession", request, pb.TrainingSession)


def until(true: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < FOLLOWS_SECONDS_MAX
        time.sleep(0.05)


def test_a_live_lesson_completes_the_courses_that_rest_on_it(training: Training):
    """One session opened before the lesson ends, one afterwards; each person once, and only who stayed."""
    lesson = training.lesson
    open_session(training, LIVE, "before")
    for person in (STAYED, LEFT_EARLY, TEST_ACCOUNT):
        lesson.signal(person, JOIN)
    time.sleep(1.5)
    lesson.signal(LEFT_EARLY, LEAVE)
    time.sleep(3.5)
    lesson.signal(STAYED, HEARTBEAT)
    ended = lesson.end().end_time.ToDatetime(UTC)
    until(lambda: len(training.list(STAYED)) == 1)
    open_session(training, LIVE, "again")
    open_session(training, LATER, "after")
    until(lambda: len(training.list(STAYED)) == 2)
    later, one = training.list(STAYED)  # nothing twice, although two sessions of one course rest on the lesson
    assert (later.course, later.training_session) == (LATER, f"{LATER}/sessions/after")
    assert (one.name, one.number, one.course) == (f"{STAYED}/completions/live", 1, LIVE)
    day = ended.astimezone(ZoneInfo("Asia/Riyadh")).date().isoformat()
    assert (one.completed_date, one.valid_until_date, one.completes) == (day, "", True)
    assert (one.training_session, one.live_session) == (f"{LIVE}/sessions/before", LESSON)
    assert not training.list(LEFT_EARLY)
    assert not training.list(TEST_ACCOUNT)


def test_what_is_asked_for_must_be_valid_on_the_day_of_service(training: Training):
    assert training.not_registered(BEN, EARLY) == "TRAINING_MISSING"
    attended = training.record(BEN, result=pb.COMPLETION_RESULT_ATTENDED, completed_date="2026-11-10")
    assert not attended.completes  # first aid is to be passed
    assert training.not_registered(BEN, EARLY) == "TRAINING_MISSING"
    passed = training.record(BEN, completed_date="2026-11-10")
    assert (passed.number, passed.valid_until_date) == (2, "2026-11-25")
    training.register(BEN, EARLY)
    assert training.not_registered(BEN, LATE) == "TRAINING_MISSING"
    renewed = training.record(BEN, completed_date="2026-11-24")
    assert (renewed.number, renewed.valid_until_date) == (3, "2026-12-09")
    training.register(BEN, LATE)
    valid = {day: [one.number for one in training.list(BEN, valid_on_date=day)] for day in ("2026-11-09", "2026-11-24")}
    assert valid == {"2026-11-09": [], "2026-11-24": [2, 3]}


def test_revoked_is_asked_again_at_the_check_in_and_known_before(training: Training):
    first = training.record(CLARA, completed_date="2026-11-15")
    training.register(CLARA, EARLY)
    before = training.positions
    training.revoke(first)
    checking_in = participation.CheckInRequest(
        shift=EARLY, volunteer=CLARA, attendance_id="camp", method=resources_pb2.ATTENDANCE_METHOD_APP
    )
    checking_in.check_in_time.CopyFrom(at("2026-11-20 05:00"))
    refused = training.lesson.refused("ParticipationService/CheckIn", with_id(checking_in))
    assert refused.reason == "TRAINING_MISSING"
    [now] = training.list(CLARA)
    assert (now.revoke_reason, now.revoked_by) == ("IN_ERROR", COORDINATOR)
    [then] = training.list(CLARA, as_of=AsOf(positions=PositionSet(positions=before)), valid_on_date="2026-11-20")
    assert not then.HasField("revoke_time")
    assert not training.list(CLARA, valid_on_date="2026-11-20")
    again = pb.RevokeCompletionRequest(name=first.name, number=1, reason="IN_ERROR")
    assert training.lesson.refused("TrainingService/RevokeCompletion", with_id(again)).reason == "NOTHING_CHANGES"
    training.record(CLARA, completed_date="2026-11-15")
    training.lesson.send("ParticipationService/CheckIn", with_id(checking_in))


def test_a_page_stands_or_falls_item_by_item(training: Training):
    passed = pb.COMPLETION_RESULT_PASSED
    wanted = [(LEFT_EARLY, "2026-11-18"), ("volunteers/nobody", "2026-11-18"), (STAYED, "2199-01-01")]
    request = pb.RecordCompletionsRequest(
        completions=[
            pb.CompletionRecord(volunteer=volunteer, course=AID, result=passed, completed_date=day)
            for volunteer, day in wanted
        ]
    )
    page = training.told("RecordCompletions", request, pb.RecordCompletionsResponse)
    assert [outcome.WhichOneof("outcome") for outcome in page.outcomes] == ["recorded", "refusal", "refusal"]
    assert page.outcomes[0].recorded.name == f"{LEFT_EARLY}/completions/first-aid"
    assert [one.number for one in training.list(LEFT_EARLY)] == [1]


def test_a_completion_is_proven_like_an_hour(training: Training, tmp_path: Path):
    recorded = training.record(STAYED, completed_date="2026-11-17")
    proof = _proof(training, recorded.name)
    (tmp_path / "completion.tlog-proof").write_bytes(proof.proof)
    (tmp_path / "completion.json").write_bytes(proof.event)
    folder = training.served.folder
    keys = hours_ledger("keys", "--verifier", "--partition", str(proof.partition), "--data-dir", folder)
    (tmp_path / "log.vkeys").write_text(keys.stdout, "utf-8")
    key, event = f"@{tmp_path / 'log.vkeys'}", tmp_path / "completion.json"
    verified = hours_ledger("verify", tmp_path / "completion.tlog-proof", "--event", event, "--key", key)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    event.write_bytes(proof.event.replace(b'"passed"', b'"passeD"'))
    assert hours_ledger("verify", tmp_path / "completion.tlog-proof", "--event", event, "--key", key).returncode == 1
    training.revoke(recorded)
    assert _proof(training, recorded.name).revoked


def _proof(training: Training, name: str) -> pb.CompletionProof:
    """Once the log is signed that far."""
    request, found = pb.GetCompletionProofRequest(name=name), pb.CompletionProof()

    def signed() -> bool:
        try:
            found.ParseFromString(training.lesson.send("TrainingService/GetCompletionProof", request))
        except grpc.RpcError as error:
            if refusal_of(error).reason not in ("NOT_IN_LOG_YET", "LOG_NOT_KEPT"):
                raise
            return False
        return True

    until(signed)
    return found


def test_matching_leaves_out_what_registering_would_refuse(training: Training):
    """The later camp is the only thing to come."""
    opportunity = resources_pb2.Opportunity(organization=GREEN, title=NAME, required_courses=[AID])
    offering = registry.PublishOpportunityRequest(opportunity_id="to-come", opportunity=opportunity)
    training.lesson.send("RegistryService/PublishOpportunity", with_id(offering))
    begins = datetime.now(UTC) + timedelta(days=5)
    shift = resources_pb2.Shift(time_zone="Asia/Riyadh", places=5, place=PLACE)
    shift.start_time.FromDatetime(begins)
    shift.end_time.FromDatetime(begins + timedelta(hours=2))
    opening = registry.OpenShiftRequest(parent="opportunities/to-come", shift_id="s", shift=shift)
    opened = training.lesson.send("RegistryService/OpenShift", with_id(opening))
    training.know(resources_pb2.Shift.FromString(opened).positions)
    found = training.match(DALIA)
    reasons = [(one.reason, one.count) for one in found.left_out]
    assert (len(found.results), reasons) == (0, [(search.LEFT_OUT_REASON_PREREQUISITE, 1)])
    recorded = training.record(DALIA)
    assert [one.opportunity.name for one in training.match(DALIA).results] == ["opportunities/to-come"]
    training.revoke(recorded)
    assert not training.match(DALIA).results


def test_rebuilt_rows_tell_the_same(training: Training):
    training.record(BEN, LIVE, completed_date="2026-11-16")
    before = [training.list(person) for person in (STAYED, BEN, CLARA, LEFT_EARLY)]
    rebuilt = hours_ledger("rebuild", "--from", "store", "--data-dir", training.served.folder)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert [training.list(person) for person in (STAYED, BEN, CLARA, LEFT_EARLY)] == before
    sessions = training.asked(
        "ListTrainingSessions", pb.ListTrainingSessionsRequest(parent=LIVE), pb.ListTrainingSessionsResponse
    )
    assert [one.name for one in sessions.training_sessions] == [f"{LIVE}/sessions/again", f"{LIVE}/sessions/before"]
    courses = training.asked("ListCourses", pb.ListCoursesRequest(organization=GREEN), pb.ListCoursesResponse)
    assert [one.name for one in courses.courses] == [AID, LATER, LIVE]
    first = training.asked("ListCourses", pb.ListCoursesRequest(page_size=1), pb.ListCoursesResponse)
    assert [one.name for one in first.courses] == [AID]
    assert first.next_page_token


def test_nobody_records_their_own_and_others_lessons_complete_nothing(training: Training):
    own = pb.RecordCompletionRequest(
        completion=pb.CompletionRecord(volunteer=BEN, course=AID, result=pb.COMPLETION_RESULT_PASSED)
    )
    appointing = registry.AppointMemberRequest(
        parent=GREEN, member=BEN, role=resources_pb2.MEMBER_ROLE_COORDINATOR, appointment_id="ben"
    )
    training.lesson.send("RegistryService/AppointMember", with_id(appointing))
    assert training.lesson.refused("TrainingService/RecordCompletion", with_id(own), BEN).reason == "OWN_COMPLETION"
    other = registry.RegisterOrganizationRequest(organization_id="blue", display_name=NAME)
    training.lesson.send("RegistryService/RegisterOrganization", with_id(other))
    course = pb.Course(organization="organizations/blue", title=NAME, completion_by=pb.COMPLETION_RESULT_ATTENDED)
    training.told("PublishCourse", pb.PublishCourseRequest(course_id="blue", course=course), pb.Course)
    held = pb.TrainingSession(time_zone="Asia/Riyadh", places=5, place=PLACE, live_session=LESSON)
    held.start_time.CopyFrom(at("2026-11-20 05:00"))
    held.end_time.CopyFrom(at("2026-11-20 06:00"))
    request = pb.OpenTrainingSessionRequest(parent="courses/blue", training_session=held)
    assert training.lesson.refused("TrainingService/OpenTrainingSession", with_id(request)).reason == "NOT_FOUND"


def test_a_role_asks_for_a_course(training: Training):
    asking = registry.RequireTrainingRequest(
        name=GREEN, role=resources_pb2.MEMBER_ROLE_COORDINATOR, required_courses=[AID]
    )
    told = resources_pb2.Organization.FromString(
        training.lesson.send("RegistryService/RequireTraining", with_id(asking))
    )
    training.know(told.positions)
    [asked] = told.required_training
    assert (asked.role, list(asked.required_courses)) == (resources_pb2.MEMBER_ROLE_COORDINATOR, [AID])
    request = directory.GetOrganizationRequest(name=GREEN, positions=training.positions)
    answer = training.lesson.send("DirectoryService/GetOrganization", request)
    assert resources_pb2.Organization.FromString(answer).required_training == told.required_training

    def appointing(member: str) -> registry.AppointMemberRequest:
        return registry.AppointMemberRequest(parent=GREEN, member=member, role=resources_pb2.MEMBER_ROLE_COORDINATOR)

    refused = training.lesson.refused("RegistryService/AppointMember", with_id(appointing(DALIA)))
    assert refused.reason == "TRAINING_MISSING"
    training.record(DALIA)
    training.lesson.send("RegistryService/AppointMember", with_id(appointing(DALIA)))
    asking.ClearField("required_courses")
    nothing = training.lesson.send("RegistryService/RequireTraining", with_id(asking))
    assert not resources_pb2.Organization.FromString(nothing).required_training


def test_a_closed_course_takes_no_more_sessions(training: Training):
    closing = pb.CloseCourseRequest(name=LIVE)
    assert training.told("CloseCourse", closing, pb.Course).state == pb.COURSE_STATE_CLOSED
    held = pb.TrainingSession(time_zone="Asia/Riyadh", places=5, place=PLACE)
    held.start_time.CopyFrom(at("2026-11-20 05:00"))
    held.end_time.CopyFrom(at("2026-11-20 06:00"))
    request = pb.OpenTrainingSessionRequest(parent=LIVE, training_session=held)
    assert training.lesson.refused("TrainingService/OpenTrainingSession", with_id(request)).reason == "COURSE_CLOSED"
