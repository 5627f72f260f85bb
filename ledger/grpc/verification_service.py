"""VerificationService: confirming hours, contesting them, and taking back or lowering a verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message

from ledger.batch import CommandResult
from ledger.domain.attendance_events import HoursVerified, Resolution, VerificationBegun
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.group_attendance_state import GroupHoursVerified
from ledger.domain.reassessment import ReassessHours
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.values import Account
from ledger.domain.verification import AdjustHours, DeclineHours, ReverseHours, VerifyHours
from ledger.domain.world import Command
from ledger.grpc.commands import Commands
from ledger.grpc.interceptor import Call
from ledger.grpc.resources import attendance_message
from ledger.grpc.status import status_of
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as pb

RESOLUTIONS: Final[Mapping[pb.DisputeResolution.ValueType, Resolution]] = {
    pb.DISPUTE_RESOLUTION_UPHELD: "UPHELD",
    pb.DISPUTE_RESOLUTION_REJECTED: "REJECTED",
}


class VerificationService:
    """Writes what verifiers decide and what is contested. Each method answers with the attendance as it is then."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def VerifyHours(self, request: pb.VerifyHoursRequest, call: Call) -> resources_pb2.Attendance:
        return attendance_message(await self._commands.execute(call, request, _verify(request)))

    async def BatchVerifyHours(self, request: pb.BatchVerifyHoursRequest, call: Call) -> pb.BatchVerifyHoursResponse:
        commands: list[tuple[Command, Message]] = [(_verify(item), item) for item in request.items]
        results = await self._commands.execute_page(call, request, commands)
        return _page_response(request.request_id, results)

    async def DeclineHours(self, request: pb.DeclineHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = DeclineHours(request.name, request.reason, request.organization or None)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ReverseHours(self, request: pb.ReverseHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = ReverseHours(request.name, request.reason, request.organization or None)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ReassessHours(self, request: pb.ReassessHoursRequest, call: Call) -> resources_pb2.Attendance:
        return attendance_message(await self._commands.execute(call, request, ReassessHours(request.name)))

    async def AdjustHours(self, request: pb.AdjustHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = AdjustHours(request.name, request.verified_seconds, request.reason, request.organization or None)
        return attendance_message(await self._commands.execute(call, request, command))

    async def DisputeHours(self, request: pb.DisputeHoursRequest, call: Call) -> resources_pb2.Attendance:
        command = DisputeHours(request.name, request.reason, request.organization or None)
        return attendance_message(await self._commands.execute(call, request, command))

    async def ResolveDispute(self, request: pb.ResolveDisputeRequest, call: Call) -> resources_pb2.Attendance:
        command = ResolveDispute(
            request.name,
            RESOLUTIONS[request.resolution],
            request.reason,
            release_withheld=request.release_withheld,
            organization=request.organization or None,
        )
        return attendance_message(await self._commands.execute(call, request, command))


def _verify(wanted: pb.VerifyHoursRequest | pb.VerificationItem) -> VerifyHours:
    seconds = wanted.verified_seconds if wanted.HasField("verified_seconds") else None
    return VerifyHours(wanted.name, seconds, wanted.organization or None)


def _page_response(request_id: str, results: list[CommandResult | Refusal]) -> pb.BatchVerifyHoursResponse:
    response = pb.BatchVerifyHoursResponse(request_id=request_id)
    last: dict[int, int] = {}
    for result in results:
        if isinstance(result, Refusal):
            response.outcomes.add().refusal.CopyFrom(status_of(result))
            continue
        partition, position = result.position
        verified = response.outcomes.add().verified
        verified.partition, verified.position = partition, position
        _tell(verified, result)
        last[partition] = max(position, last.get(partition, 0))
    for partition in sorted(last):
        response.positions.add(partition=partition, position=last[partition])
    return response


def _tell(verified: pb.VerifiedItem, result: CommandResult) -> None:
    """From the event itself: no aggregate of 500 is folded for a short answer."""
    match result.events[0].data:
        case VerificationBegun(attendance=name):
            verified.name = name
            verified.second_verifier_needed = True
        case HoursVerified() | GroupHoursVerified() as event:
            verified.name = event.attendance
            verified.verified_seconds = event.verified_seconds
            reversed_entries = (entry for entry in event.entries if entry.to_class is Account.REVERSED)
            verified.reversed_seconds = sum(entry.seconds for entry in reversed_entries)
        case event:
            raise InvariantBroken(f"hours were to be verified, {type(event).__name__} was recorded")
