"""ParticipationService: registering for shifts, checking in and out, and the records an organisation keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final

from google.protobuf.message import Message

from ledger.batch import CommandResult
from ledger.domain.amendment import CorrectAttendance, WithdrawAttendance
from ledger.domain.approval import ApproveRegistration, DeclineRegistration, RecordAbsence
from ledger.domain.attendance import CheckIn, CheckOut, RecordAttendance
from ledger.domain.attendance_events import AttendanceRecorded, Method
from ledger.domain.claims import ClaimHours, ConfirmAttendance, WithdrawClaim
from ledger.domain.group_attendance import CorrectGroupAttendance, RecordGroupAttendance, WithdrawGroupAttendance
from ledger.domain.group_naming import NameGroupMember
from ledger.domain.refusals import InvariantBroken, Reason, Refusal, refuse
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.streams import is_group
from ledger.domain.transfer import TransferAttendance
from ledger.domain.values import Account
from ledger.domain.world import Command
from ledger.grpc.commands import Commands, key_of, new_id
from ledger.grpc.interceptor import Call
from ledger.grpc.pages_in_flight import answered_in_order
from ledger.grpc.resources import attendance_message, registration_message
from ledger.grpc.status import FieldViolation, InvalidRequest, status_of
from ledger.grpc.values import id_for, imported, moment
from volunteer_hours.v1 import participation_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2

METHODS: Final[Mapping[resources_pb2.AttendanceMethod.ValueType, Method]] = {
    resources_pb2.ATTENDANCE_METHOD_QR: "qr",
    resources_pb2.ATTENDANCE_METHOD_KIOSK: "kiosk",
    resources_pb2.ATTENDANCE_METHOD_APP: "app",
    resources_pb2.ATTENDANCE_METHOD_COORDINATOR: "coordinator",
}


class ParticipationService:
    """Writes who came. Each method answers with the resource as its command left it; all raise Refusal."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def RegisterForShift(self, request: pb.RegisterForShiftRequest, call: Call) -> resources_pb2.Registration:
        command = RegisterForShift(request.shift, request.volunteer)
        return registration_message(await self._commands.execute(call, request, command))

    async def WithdrawRegistration(
        self, request: pb.WithdrawRegistrationRequest, call: Call
    ) -> resources_pb2.Registration:
        command = WithdrawRegistration(request.name)
        return registration_message(await self._commands.execute(call, request, command))

    async def ApproveRegistration(
        self, request: pb.ApproveRegistrationRequest, call: Call
    ) -> resources_pb2.Registration:
        command = ApproveRegistration(request.name)
        return registration_message(await self._commands.execute(call, request, command))

    async def DeclineRegistration(
        self, request: pb.DeclineRegistrationRequest, call: Call
    ) -> resources_pb2.Registration:
        command = DeclineRegistration(request.name, request.reason)
        return registration_message(await self._commands.execute(call, request, command))

    async def RecordAbsence(self, request: pb.RecordAbsenceRequest, call: Call) -> resources_pb2.Registration:
        command = RecordAbsence(request.name)
        return registration_message(await self._commands.execute(call, request, command))

    async def CheckIn(self, request: pb.CheckInRequest, call: Call) -> resources_pb2.Attendance:
        attendance_id = request.attendance_id or new_id(call, request)
        command = CheckIn(
            attendance=f"{request.volunteer}/attendances/{attendance_id}",
            shift=request.shift,
            volunteer=request.volunteer,
            at=moment("check_in_time", request.check_in_time) if request.HasField("check_in_time") else _now(),
            method=METHODS[request.method],
        )
        return attendance_message(await self._commands.execute(call, request, command))

    async def CheckOut(self, request: pb.CheckOutRequest, call: Call) -> resources_pb2.Attendance:
        at = moment("check_out_time", request.check_out_time) if request.HasField("check_out_time") else _now()
        command = CheckOut(attendance=request.name, at=at, method=METHODS[request.method])
        return attendance_message(await self._commands.execute(call, request, command))

    async def RecordAttendance(self, request: pb.RecordAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        command = _record(request.attendance, call.client, key_of(request))
        return attendance_message(await self._commands.execute(call, request, command))

    async def RecordAttendances(
        self, requests: AsyncIterator[pb.RecordAttendancesRequest], call: Call
    ) -> AsyncIterator[pb.RecordAttendancesResponse]:
        async for response in answered_in_order(requests, lambda request: self._record_page(request, call)):
            yield response

    async def _record_page(self, request: pb.RecordAttendancesRequest, call: Call) -> pb.RecordAttendancesResponse:
        """One outcome an item, in the order of the page; a refused item does not disturb its neighbours."""
        page_key = key_of(request)
        commands: list[tuple[Command, Message]] = []
        unreadable: dict[int, Refusal] = {}
        for item, record in enumerate(request.attendances):
            try:
                commands.append((_record(record, call.client, f"{page_key}/{item}"), record))
            except Refusal as refusal:
                unreadable[item] = refusal
        if unreadable:
            # An item's key is its place in the page: with a place left out, a repetition would move the others' keys.
            first = min(unreadable)
            raise InvalidRequest([_in_page(first, unreadable[first])])
        results = await self._commands.execute_page(call, request, commands)
        return _page_response(request.request_id, results)

    async def RecordGroupAttendance(
        self, request: pb.RecordGroupAttendanceRequest, call: Call
    ) -> resources_pb2.Attendance:
        imported_from, source_time = imported(request.imported_from, request.HasField("imported_from"))
        command = RecordGroupAttendance(
            attendance=f"{request.shift}/groupAttendances/{request.group_attendance_id or new_id(call, request)}",
            shift=request.shift,
            head_count=request.head_count,
            attended_seconds=request.attended_seconds if request.HasField("attended_seconds") else None,
            imported_from=imported_from,
            source_time=source_time,
        )
        return attendance_message(await self._commands.execute(call, request, command))

    async def CorrectAttendance(self, request: pb.CorrectAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        command = _correct_group(request) if is_group(request.name) else _correct_person(request)
        return attendance_message(await self._commands.execute(call, request, command))

    async def WithdrawAttendance(self, request: pb.WithdrawAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        imported_from, source_time = imported(request.imported_from, request.HasField("imported_from"))
        kind = WithdrawGroupAttendance if is_group(request.name) else WithdrawAttendance
        command = kind(request.name, request.reason, imported_from=imported_from, source_time=source_time)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ClaimHours(self, request: pb.ClaimHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = ClaimHours(
            attendance=f"{request.volunteer}/attendances/{request.attendance_id or new_id(call, request)}",
            shift=request.shift,
            volunteer=request.volunteer,
            start=moment("start_time", request.start_time),
            end=moment("end_time", request.end_time),
        )
        return attendance_message(await self._commands.execute(call, request, command))

    async def WithdrawClaim(self, request: pb.WithdrawClaimRequest, call: Call) -> resources_pb2.Attendance:
        command = WithdrawClaim(request.name)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ConfirmAttendance(self, request: pb.ConfirmAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        command = ConfirmAttendance(request.name)
        return attendance_message(await self._commands.execute(call, request, command))

    async def TransferAttendance(self, request: pb.TransferAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        to_attendance = f"{request.to_volunteer}/attendances/{request.to_attendance_id or new_id(call, request)}"
        command = TransferAttendance(request.name, to_attendance, request.to_shift)
        return attendance_message(await self._commands.execute(call, request, command))

    async def NameGroupMember(self, request: pb.NameGroupMemberRequest, call: Call) -> resources_pb2.Attendance:
        start, end = _times(request)
        command = NameGroupMember(
            group_attendance=request.name,
            to_attendance=f"{request.volunteer}/attendances/{request.attendance_id or new_id(call, request)}",
            start=start,
            end=end,
        )
        return attendance_message(await self._commands.execute(call, request, command))


def _now() -> datetime:
    # With a time in the command the store knows beforehand which of the person's presences to look up.
    return datetime.now(UTC).replace(microsecond=0)


def _record(record: pb.AttendanceRecord, client: str, key: str) -> RecordAttendance:
    start, end = _times(record)
    imported_from, source_time = None, None
    if record.HasField("imported_from"):  # of 500 items rarely one: not even looked at where it is absent
        imported_from, source_time = imported(record.imported_from, given=True)
    return RecordAttendance(
        attendance=f"{record.volunteer}/attendances/{record.attendance_id or id_for(client, key)}",
        shift=record.shift,
        volunteer=record.volunteer,
        start=start,
        end=end,
        imported_from=imported_from,
        source_time=source_time,
    )


def _times(record: pb.AttendanceRecord | pb.NameGroupMemberRequest) -> tuple[datetime, datetime] | tuple[None, None]:
    if record.HasField("start_time") and record.HasField("end_time"):
        return moment("start_time", record.start_time), moment("end_time", record.end_time)
    if record.HasField("start_time") or record.HasField("end_time"):
        field = "end_time" if record.HasField("start_time") else "start_time"
        text = "give both start_time and end_time, or neither"
        raise InvalidRequest([FieldViolation(field, text, "attendance_record.times")])
    return None, None


def _correct_person(request: pb.CorrectAttendanceRequest) -> CorrectAttendance:
    if request.head_count or request.HasField("attended_seconds"):
        refuse(Reason.NOT_A_GROUP, attendance=request.name)
    if not (request.HasField("start_time") and request.HasField("end_time")):
        text = "give both start_time and end_time"
        raise InvalidRequest([FieldViolation("start_time", text, "correct_attendance.times")])
    imported_from, source_time = imported(request.imported_from, request.HasField("imported_from"))
    return CorrectAttendance(
        attendance=request.name,
        start=moment("start_time", request.start_time),
        end=moment("end_time", request.end_time),
        reason=request.reason,
        imported_from=imported_from,
        source_time=source_time,
    )


def _correct_group(request: pb.CorrectAttendanceRequest) -> CorrectGroupAttendance:
    if request.HasField("start_time") or request.HasField("end_time"):
        refuse(Reason.NOT_A_PERSON, attendance=request.name)
    if not request.head_count:
        text = "give how many came, at least 1"
        raise InvalidRequest([FieldViolation("head_count", text, "correct_attendance.head_count")])
    imported_from, source_time = imported(request.imported_from, request.HasField("imported_from"))
    return CorrectGroupAttendance(
        attendance=request.name,
        head_count=request.head_count,
        attended_seconds=request.attended_seconds if request.HasField("attended_seconds") else None,
        reason=request.reason,
        imported_from=imported_from,
        source_time=source_time,
    )


def _in_page(item: int, refusal: Refusal) -> FieldViolation:
    if isinstance(refusal, InvalidRequest):
        violation = refusal.violations[0]
        return FieldViolation(f"attendances[{item}].{violation.field}", violation.description, violation.rule)
    return FieldViolation(f"attendances[{item}]", refusal.english, refusal.reason.name)


def _page_response(request_id: str, results: list[CommandResult | Refusal]) -> pb.RecordAttendancesResponse:
    response = pb.RecordAttendancesResponse(request_id=request_id)
    last: dict[int, int] = {}
    for result in results:
        if isinstance(result, Refusal):
            response.outcomes.add().refusal.CopyFrom(status_of(result))
            continue
        partition, position = result.position
        _add_recorded(response.outcomes.add().recorded, result, partition, position)
        last[partition] = max(position, last.get(partition, 0))
    for partition in sorted(last):
        response.positions.add(partition=partition, position=last[partition])
    return response


def _add_recorded(recorded: pb.RecordedAttendance, result: CommandResult, partition: int, position: int) -> None:
    """From the event itself: folding an aggregate for each of 500 items would cost more than recording them."""
    event = result.events[0].data
    if not isinstance(event, AttendanceRecorded):
        raise InvariantBroken(f"an attendance was to be recorded, {type(event).__name__} was")
    recorded.name = event.attendance
    attended = withheld = 0
    for entry in event.entries:
        if entry.to_class is Account.ATTENDED:
            attended += entry.seconds
        else:
            withheld += entry.seconds
    recorded.attended_seconds, recorded.withheld_seconds = attended, withheld
    recorded.partition = partition
    recorded.position = position
