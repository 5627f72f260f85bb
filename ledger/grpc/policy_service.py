"""PolicyService: proposing versions of policies, approving them, and reading what they say."""

from __future__ import annotations

from ledger.domain.policy import ApprovePolicy, ProposePolicy
from ledger.domain.values import calendar_date
from ledger.grpc.commands import Commands
from ledger.grpc.interceptor import Call
from ledger.grpc.policy_messages import policy_message, rules_asked
from ledger.projections.policy_questions import PolicyQuestions
from volunteer_hours.v1 import policy_service_pb2 as pb


class PolicyService:
    """Writes versions and reads them from the projections. All methods raise Refusal."""

    def __init__(self, commands: Commands, questions: PolicyQuestions) -> None:
        self._commands = commands
        self._questions = questions

    async def ProposePolicy(self, request: pb.ProposePolicyRequest, call: Call) -> pb.Policy:
        effective_date = calendar_date(request.effective_date)
        command = ProposePolicy(request.name, effective_date, request.source, rules_asked(request))
        return policy_message(await self._commands.execute(call, request, command))

    async def ApprovePolicy(self, request: pb.ApprovePolicyRequest, call: Call) -> pb.Policy:
        return policy_message(await self._commands.execute(call, request, ApprovePolicy(request.name)))

    async def GetPolicy(self, request: pb.GetPolicyRequest, call: Call) -> pb.Policy:
        return await self._questions.get_policy(request, call.seconds_left)

    async def ListPolicies(self, request: pb.ListPoliciesRequest, call: Call) -> pb.ListPoliciesResponse:
        return await self._questions.list_policies(request, call.seconds_left)
