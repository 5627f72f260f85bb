"""TrainingService: courses and their sessions, who completed them, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from ledger.batch import CommandResult
from ledger.domain.completion import Completion, CompletionRecorded, Record, RecordCompletion, RevokeCompletion
from ledger.domain.course import CloseCourse, CompletionResult, Course, CourseDetails, PublishCourse, UpdateCourse
from ledger.domain.refusals import InvariantBroken, Reason, Refusal, refuse
from ledger.domain.shift import Place
from ledger.domain.training_session import CancelTrainingSession, OpenTrainingSession, TrainingSession
from ledger.domain.world import Command
from ledger.grpc.commands import Commands, new_id, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.status import status_of
from ledger.grpc.values import day, localized, localized_message, moment, positions_of, timestamp
from ledger.log_serving.completion_proof import CompletionProofs
from ledger.projections.training_questions import COURSE_STATES, RESULTS, SESSION_STATES, TrainingQuestions
from volunteer_hours.v1 import training_service_pb2 as pb
from volunteer_hours.v1 import values_pb2

_RESULTS: Final[Mapping[int, CompletionResult]] = {
    pb.COMPLETION_RESULT_ATTENDED: "attended",
    pb.COMPLETION_RESULT_PASSED: "passed",
}


class TrainingService:
    """All methods raise Refusal."""

    def __init__(self, commands: Commands, questions: TrainingQuestions, proofs: CompletionProofs) -> None:
        self._commands = commands
        self._questions = questions
        self._proofs = proofs

    async def PublishCourse(self, request: pb.PublishCourseRequest, call: Call) -> pb.Course:
        if not request.course.organization:
            refuse(Reason.INVALID_ARGUMENT, violations="course.organization: say who offers it")
        name = f"courses/{request.course_id or new_id(call, request)}"
        command = PublishCourse(name, request.course.organization, _details(request.course))
        return _course(await self._commands.execute(call, request, command))

    async def UpdateCourse(self, request: pb.UpdateCourseRequest, call: Call) -> pb.Course:
        paths = tuple(path[:60] for path in dict.fromkeys(request.update_mask.paths))
        command = UpdateCourse(request.name, _details(request.course), paths)
        return _course(await self._commands.execute(call, request, command))

    async def CloseCourse(self, request: pb.CloseCourseRequest, call: Call) -> pb.Course:
        return _course(await self._commands.execute(call, request, CloseCourse(request.name)))

    async def OpenTrainingSession(self, request: pb.OpenTrainingSessionRequest, call: Call) -> pb.TrainingSession:
        opened = request.training_session
        if opened.attendance_seconds_min and not opened.live_session:
            refuse(Reason.INVALID_ARGUMENT, violations="training_session.attendance_seconds_min: name a live_session")
        place = opened.place
        command = OpenTrainingSession(
            training_session=f"{request.parent}/sessions/{request.training_session_id or new_id(call, request)}",
            start=moment("training_session.start_time", opened.start_time),
            end=moment("training_session.end_time", opened.end_time),
            time_zone=opened.time_zone,
            places=opened.places,
            place=Place(region=place.region or None, online=place.online, city=place.city or None),
            live_session=opened.live_session or None,
            attendance_seconds_min=opened.attendance_seconds_min or None,
        )
        return _session(await self._commands.execute(call, request, command))

    async def CancelTrainingSession(self, request: pb.CancelTrainingSessionRequest, call: Call) -> pb.TrainingSession:
        command = CancelTrainingSession(request.name, request.reason)
        return _session(await self._commands.execute(call, request, command))

    async def RecordCompletion(self, request: pb.RecordCompletionRequest, call: Call) -> pb.Completion:
        result = await self._commands.execute(call, request, _record(request.completion))
        return _completion(result, _recorded(result).number)

    async def RecordCompletions(self, request: pb.RecordCompletionsRequest, call: Call) -> pb.RecordCompletionsResponse:
        commands: list[tuple[Command, Message]] = [(_record(item), item) for item in request.completions]
        results = await self._commands.execute_page(call, request, commands)
        return _page_response(request.request_id, results)

    async def RevokeCompletion(self, request: pb.RevokeCompletionRequest, call: Call) -> pb.Completion:
        command = RevokeCompletion(request.name, request.number, request.reason)
        return _completion(await self._commands.execute(call, request, command), request.number)

    async def GetCourse(self, request: pb.GetCourseRequest, call: Call) -> pb.Course:
        return await self._questions.course(request, call.seconds_left)

    async def ListCourses(self, request: pb.ListCoursesRequest, call: Call) -> pb.ListCoursesResponse:
        return await self._questions.courses(request, call.seconds_left)

    async def ListTrainingSessions(
        self, request: pb.ListTrainingSessionsRequest, call: Call
    ) -> pb.ListTrainingSessionsResponse:
        return await self._questions.sessions(request, call.seconds_left)

    async def GetCompletion(self, request: pb.GetCompletionRequest, call: Call) -> pb.Completion:
        return await self._questions.completion(request, call.seconds_left)

    async def ListCompletions(self, request: pb.ListCompletionsRequest, call: Call) -> pb.ListCompletionsResponse:
        if request.as_of.HasField("source_time"):
            refuse(Reason.INVALID_ARGUMENT, violations="as_of.source_time: completions are not imported")
        return await self._questions.completions(request, day(request.valid_on_date), call.seconds_left)

    async def GetCompletionProof(self, request: pb.GetCompletionProofRequest, call: Call) -> pb.CompletionProof:
        proven = await self._proofs.of(request.name, request.number)
        return pb.CompletionProof(
            name=request.name,
            number=proven.number,
            partition=proven.partition,
            position=proven.position,
            event=proven.stored,
            proof=proven.proof_file,
            revoked=proven.revoked,
        )


def _details(course: pb.Course) -> CourseDetails:
    return CourseDetails(
        title=localized(course.title),
        description=localized(course.description) if course.HasField("description") else None,
        completion_by=_RESULTS[course.completion_by],
        valid_days=course.valid_days,
        sector=course.sector or None,
        skills=tuple(course.skills),
    )


def _record(wanted: pb.CompletionRecord) -> RecordCompletion:
    return RecordCompletion(
        volunteer=wanted.volunteer,
        course=wanted.course,
        result=_RESULTS[wanted.result],
        completed_on=day(wanted.completed_date),
        training_session=wanted.training_session or None,
    )


def _recorded(result: CommandResult) -> CompletionRecorded:
    data = result.events[0].data
    if not isinstance(data, CompletionRecorded):
        raise InvariantBroken(f"a completion was to be recorded, {type(data).__name__} was")
    return data


def _page_response(request_id: str, results: list[CommandResult | Refusal]) -> pb.RecordCompletionsResponse:
    response = pb.RecordCompletionsResponse(request_id=request_id)
    last: dict[int, int] = {}
    for result in results:
        if isinstance(result, Refusal):
            response.outcomes.add().refusal.CopyFrom(status_of(result))
            continue
        partition, position = result.position
        told = _recorded(result)
        response.outcomes.add(
            recorded=pb.RecordedCompletion(
                name=told.completion,
                number=told.number,
                completes=told.completes,
                partition=partition,
                position=position,
            )
        )
        last[partition] = max(position, last.get(partition, 0))
    for partition in sorted(last):
        response.positions.add(partition=partition, position=last[partition])
    return response


def _course(result: CommandResult) -> pb.Course:
    course = state_after(result, Course)
    details = course.details
    return pb.Course(
        name=course.name,
        organization=course.organization,
        title=localized_message(details.title),
        description=localized_message(details.description),
        completion_by=RESULTS[details.completion_by],
        valid_days=details.valid_days,
        sector=details.sector or "",
        skills=details.skills,
        state=COURSE_STATES["published" if course.closed_on is None else "closed"],
        positions=positions_of(result),
    )


def _session(result: CommandResult) -> pb.TrainingSession:
    session = state_after(result, TrainingSession)
    opened, place = session.opened, session.opened.place
    return pb.TrainingSession(
        name=session.name,
        start_time=timestamp(opened.start),
        end_time=timestamp(opened.end),
        time_zone=opened.time_zone,
        places=opened.places,
        place=values_pb2.Place(region=place.region or "", online=place.online, city=place.city or ""),
        live_session=opened.live_session or "",
        attendance_seconds_min=opened.attendance_seconds_min or 0,
        state=SESSION_STATES[session.state],
        positions=positions_of(result),
    )


def _completion(result: CommandResult, number: int) -> pb.Completion:
    completion = state_after(result, Completion)
    message = _record_message(completion.records[number - 1])
    message.positions.extend(positions_of(result))
    return message


def _record_message(record: Record) -> pb.Completion:
    told = record.event
    return pb.Completion(
        name=told.completion,
        number=told.number,
        course=told.course,
        organization=told.organization,
        result=RESULTS[told.result],
        completes=told.completes,
        completed_date=told.completed_on.isoformat(),
        valid_until_date="" if told.valid_until is None else told.valid_until.isoformat(),
        training_session=told.training_session or "",
        live_session=told.live_session or "",
        recorded_by=record.recorded_by,
        record_time=timestamp(record.recorded_at),
        revoke_time=None if record.revoked_at is None else timestamp(record.revoked_at),
        revoke_reason=record.revoked_for or "",
        revoked_by=record.revoked_by or "",
    )
