"""ProjectService: projects that donors and volunteers support together, and donations as platforms report them."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message

from ledger.batch import CommandResult
from ledger.domain.donation import CorrectDonation, Donation, RefundDonation, ReportDonation
from ledger.domain.project import CloseProject, LinkOpportunity, OpenProject, Project, UpdateProject
from ledger.domain.project import UnlinkOpportunity as Unlink
from ledger.domain.project_events import ProjectPlan
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command
from ledger.grpc.commands import CommandRequest, Commands, new_id, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.status import status_of
from ledger.grpc.stored_donations import StoredDonation, StoredDonations
from ledger.grpc.values import day, id_for, localized, positions_of
from ledger.projections.project_questions import (
    DonationRow,
    ProjectQuestions,
    ProjectRow,
    donation_message,
    project_message,
)
from volunteer_hours.v1 import project_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

_DATES = ("start_date", "end_date")


class ProjectService:
    """All methods raise Refusal."""

    def __init__(self, commands: Commands, questions: ProjectQuestions, stored: StoredDonations) -> None:
        self._commands = commands
        self._questions = questions
        self._stored = stored

    async def OpenProject(self, request: pb.OpenProjectRequest, call: Call) -> pb.Project:
        name = f"projects/{request.project_id or new_id(call, request)}"
        if not request.project.HasField("title"):
            refuse(Reason.INVALID_ARGUMENT, violations="project.title: give a title")
        return await self._done(call, request, OpenProject(name, request.project.organization, _plan(request.project)))

    async def UpdateProject(self, request: pb.UpdateProjectRequest, call: Call) -> pb.Project:
        paths = [path[:60] for path in dict.fromkeys(request.update_mask.paths)]
        if "title" in paths and not request.project.HasField("title"):
            refuse(Reason.INVALID_ARGUMENT, violations="project.title: give a title")
        fields = tuple(name for path in paths for name in (_DATES if path == "period" else (path,)))
        return await self._done(call, request, UpdateProject(request.name, _plan(request.project), fields))

    async def CloseProject(self, request: pb.CloseProjectRequest, call: Call) -> pb.Project:
        return await self._done(call, request, CloseProject(request.name))

    async def LinkOpportunity(self, request: pb.LinkOpportunityRequest, call: Call) -> pb.Project:
        return await self._done(call, request, LinkOpportunity(request.name, request.opportunity))

    async def UnlinkOpportunity(self, request: pb.UnlinkOpportunityRequest, call: Call) -> pb.Project:
        return await self._done(call, request, Unlink(request.name, request.opportunity))

    async def _done(self, call: Call, request: CommandRequest, command: Command) -> pb.Project:
        result = await self._commands.execute(call, request, command)
        state = state_after(result, Project)
        plan = state.plan.model_dump(mode="json")
        message = project_message(ProjectRow(state.name, state.organization, state.state, plan))
        message.positions.extend(positions_of(result))
        return message

    async def GetProject(self, request: pb.GetProjectRequest, call: Call) -> pb.Project:
        return await self._questions.get(request, call.seconds_left)

    async def ListProjects(self, request: pb.ListProjectsRequest, call: Call) -> pb.ListProjectsResponse:
        return await self._questions.page(request, call.seconds_left)

    async def ListDonations(self, request: pb.ListDonationsRequest, call: Call) -> pb.ListDonationsResponse:
        return await self._questions.donations(request, call.seconds_left)

    async def GetProjectProgress(self, request: pb.GetProjectProgressRequest, call: Call) -> pb.ProjectProgress:
        return await self._questions.progress(request, call.seconds_left)

    async def ReportDonation(self, request: pb.ReportDonationRequest, call: Call) -> pb.Donation:
        return await self._told(call, request, _report(request.donation, call.client))

    async def CorrectDonation(self, request: pb.CorrectDonationRequest, call: Call) -> pb.Donation:
        return await self._told(
            call, request, CorrectDonation(request.name, request.amount_minor_units, request.reason)
        )

    async def RefundDonation(self, request: pb.RefundDonationRequest, call: Call) -> pb.Donation:
        command = RefundDonation(request.name, request.refund_reference, request.refunded_minor_units, request.reason)
        return await self._told(call, request, command)

    async def _told(self, call: Call, request: CommandRequest, command: Command) -> pb.Donation:
        """The donation after the command, or as it stands where the command says nothing new."""
        try:
            return _recorded(await self._commands.execute(call, request, command))
        except Refusal as refusal:
            if refusal.reason is not Reason.NOTHING_CHANGES:
                raise
        return _repeated((await self._stored.find([command.stream]))[command.stream])

    async def ReportDonations(self, request: pb.ReportDonationsRequest, call: Call) -> pb.ReportDonationsResponse:
        """One outcome an item; a date that is none refuses the page, or a repetition would move the items' keys."""
        commands: list[tuple[Command, Message]] = [(_report(item, call.client), item) for item in request.donations]
        results = await self._commands.execute_page(call, request, commands)
        names = [command.stream for command, _ in commands]
        known = await self._stored.find(
            [name for name, result in zip(names, results, strict=True) if _says_nothing_new(result)]
        )
        return _page_response(request.request_id, names, results, known)


def _plan(project: pb.Project) -> ProjectPlan:
    return ProjectPlan(
        title=localized(project.title) if project.HasField("title") else LocalizedText(),
        description=localized(project.description) if project.HasField("description") else None,
        goal_seconds=project.goal_seconds or None,
        goal_minor_units=project.goal_minor_units or None,
        currency=project.currency or None,
        start_date=day(project.period.start_date),
        end_date=day(project.period.end_date),
    )


def _report(report: pb.DonationReport, client: str) -> ReportDonation:
    given = day(report.given_date)
    if given is None:
        refuse(Reason.DATE_INVALID, value=report.given_date)
    return ReportDonation(
        donation=f"{report.project}/donations/{id_for(client, report.reference)}",
        platform=client,
        reference=report.reference,
        amount_minor_units=report.amount_minor_units,
        currency=report.currency,
        given_date=given,
    )


def _says_nothing_new(result: CommandResult | Refusal) -> bool:
    return isinstance(result, Refusal) and result.reason is Reason.NOTHING_CHANGES


def _page_response(
    request_id: str,
    names: Sequence[str],
    results: Sequence[CommandResult | Refusal],
    known: dict[str, StoredDonation],
) -> pb.ReportDonationsResponse:
    response = pb.ReportDonationsResponse(request_id=request_id)
    last: dict[int, int] = {}
    for name, result in zip(names, results, strict=True):
        if not isinstance(result, Refusal):
            told = _recorded(result)
        elif _says_nothing_new(result):
            told = _repeated(known[name])
        else:
            response.outcomes.add().refusal.CopyFrom(status_of(result))
            continue
        for one in told.positions:
            last[one.partition] = max(one.position, last.get(one.partition, 0))
        told.ClearField("positions")
        response.outcomes.add().donation.CopyFrom(told)
    response.positions.extend(Position(partition=partition, position=last[partition]) for partition in sorted(last))
    return response


def _recorded(result: CommandResult) -> pb.Donation:
    message = _donation(state_after(result, Donation))
    message.positions.extend(positions_of(result))
    return message


def _repeated(stored: StoredDonation) -> pb.Donation:
    message = _donation(stored.state)
    message.repeated = True
    message.positions.add(partition=stored.partition, position=stored.position)
    return message


def _donation(state: Donation) -> pb.Donation:
    first = state.reported
    return donation_message(
        DonationRow(
            state.name,
            first.platform,
            first.reference,
            first.currency,
            first.given_date,
            first.amount_minor_units,
            state.amount_minor_units,
            state.refunded_minor_units,
            state.reported_by,
            state.reported_at,
        )
    )
