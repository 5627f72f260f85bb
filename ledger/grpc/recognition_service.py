"""RecognitionService: programmes of recognition, nominations, and who holds which honour."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.credentials.honour_badge import honour_badge
from ledger.domain.nomination import DecideNomination, Nominate
from ledger.domain.recognition import ApproveRecognition, ProposeRecognition
from ledger.domain.refusals import Reason, refuse
from ledger.domain.values import calendar_date
from ledger.grpc.commands import Commands, new_id
from ledger.grpc.interceptor import Call
from ledger.grpc.recognition_messages import level_asked, nomination_message, recognition_message
from ledger.grpc.values import localized
from ledger.projections.honour_questions import HonourQuestions
from ledger.projections.recognition_questions import RecognitionQuestions
from ledger.statements.parts import StatementParts
from volunteer_hours.v1 import recognition_service_pb2 as pb


class RecognitionService:
    """Writes programmes and nominations; milestones follow by themselves. All methods raise Refusal."""

    def __init__(
        self,
        commands: Commands,
        questions: RecognitionQuestions,
        honours: HonourQuestions,
        statements: StatementParts,
    ) -> None:
        """`statements` knows the issuer, and the key that signs now."""
        self._commands = commands
        self._questions = questions
        self._honours = honours
        self._statements = statements

    async def ProposeRecognition(self, request: pb.ProposeRecognitionRequest, call: Call) -> pb.Recognition:
        command = ProposeRecognition(
            recognition=request.name,
            effective_date=calendar_date(request.effective_date),
            rule_source=request.source,
            display_name=localized(request.display_name),
            levels=tuple(map(level_asked, request.levels)),
        )
        return recognition_message(await self._commands.execute(call, request, command))

    async def ApproveRecognition(self, request: pb.ApproveRecognitionRequest, call: Call) -> pb.Recognition:
        return recognition_message(await self._commands.execute(call, request, ApproveRecognition(request.name)))

    async def GetRecognition(self, request: pb.GetRecognitionRequest, call: Call) -> pb.Recognition:
        return await self._questions.get(request, call.seconds_left)

    async def ListRecognitions(self, request: pb.ListRecognitionsRequest, call: Call) -> pb.ListRecognitionsResponse:
        return await self._questions.page(request, call.seconds_left)

    async def Nominate(self, request: pb.NominateRequest, call: Call) -> pb.Nomination:
        name = f"{request.parent}/nominations/{request.nomination_id or new_id(call, request)}"
        command = Nominate(name, request.recognition, request.level, request.organization)
        return nomination_message(await self._commands.execute(call, request, command))

    async def DecideNomination(self, request: pb.DecideNominationRequest, call: Call) -> pb.Nomination:
        if request.approved == bool(request.reason):
            refuse(Reason.INVALID_ARGUMENT, violations="reason: give one to decline, and none to approve")
        command = DecideNomination(request.name, request.approved, request.reason or None)
        return nomination_message(await self._commands.execute(call, request, command))

    async def GetNomination(self, request: pb.GetNominationRequest, call: Call) -> pb.Nomination:
        return await self._questions.nomination(request, call.seconds_left)

    async def GetMilestone(self, request: pb.GetMilestoneRequest, call: Call) -> pb.Milestone:
        return await self._questions.milestone(request, call.seconds_left)

    async def ListMilestones(self, request: pb.ListMilestonesRequest, call: Call) -> pb.ListMilestonesResponse:
        return await self._questions.milestones(request, call.seconds_left)

    async def ListHonours(self, request: pb.ListHonoursRequest, call: Call) -> pb.ListHonoursResponse:
        return await self._honours.page(request, call.seconds_left)

    async def ExplainHonour(self, request: pb.ExplainHonourRequest, call: Call) -> pb.ExplainHonourResponse:
        return await self._honours.explain(request, call.seconds_left)

    async def GetHonourBadge(self, request: pb.GetHonourBadgeRequest, call: Call) -> pb.HonourBadge:
        key = self._statements.issuing.signing()
        honour = await self._honours.badged(request, call.seconds_left)
        now = int(datetime.now(UTC).timestamp())
        return pb.HonourBadge(credential=honour_badge(self._statements.issuer, honour, now, key))
