"""VerificationService: confirming hours, declining them, and taking a verification back."""

from __future__ import annotations

from ledger.domain.reassessment import ReassessHours
from ledger.domain.verification import DeclineHours, ReverseHours, VerifyHours
from ledger.grpc.commands import Commands
from ledger.grpc.interceptor import Call
from ledger.grpc.resources import attendance_message
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as pb


class VerificationService:
    """Writes what verifiers decide. Each method answers with the attendance as it is then; all raise Refusal."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def VerifyHours(self, request: pb.VerifyHoursRequest, call: Call) -> resources_pb2.Attendance:
        seconds = request.verified_seconds if request.HasField("verified_seconds") else None
        command = VerifyHours(request.name, seconds)
        return attendance_message(await self._commands.execute(call, request, command))

    async def DeclineHours(self, request: pb.DeclineHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = DeclineHours(request.name, request.reason)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ReverseHours(self, request: pb.ReverseHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = ReverseHours(request.name, request.reason)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ReassessHours(self, request: pb.ReassessHoursRequest, call: Call) -> resources_pb2.Attendance:
        return attendance_message(await self._commands.execute(call, request, ReassessHours(request.name)))
