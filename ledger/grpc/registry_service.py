"""RegistryService: organisations and their members, volunteers, opportunities and shifts."""

from __future__ import annotations

from ledger.domain.appointing import AppointMember, EndAppointment, RequireTraining
from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.linking import ApproveVolunteerLink, EndVolunteerLink, LinkVolunteers, in_order
from ledger.domain.member import NAME_PATH, EraseMember, NameMember
from ledger.domain.opportunity import (
    CloseOpportunity,
    OpportunityDetails,
    PublishOpportunity,
    SetRegistrationRules,
    UpdateOpportunity,
)
from ledger.domain.organization import (
    AccreditOrganization,
    RegisterOrganization,
    ReinstateOrganization,
    Role,
    SuspendOrganization,
)
from ledger.domain.preference_events import PREFERENCES_PATH
from ledger.domain.preferences import SetVolunteerPreferences
from ledger.domain.shift import OpenShift, Place
from ledger.domain.shift_changes import CancelShift, UpdateShift
from ledger.domain.volunteer import RegisterVolunteer, UpdateVolunteer
from ledger.grpc import resources
from ledger.grpc.commands import Commands, new_id
from ledger.grpc.interceptor import Call
from ledger.grpc.personal_details import PersonalDetails, checked_member_name, checked_paths, refuse_number_as_id
from ledger.grpc.preference_messages import preferences_of
from ledger.grpc.values import day, imported, localized, moment
from ledger.search import preferences
from volunteer_hours.v1 import registry_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2


class RegistryService:
    """Writes who takes part. Each method answers with the resource as its command left it; all raise Refusal."""

    def __init__(self, commands: Commands, personal_details: PersonalDetails) -> None:
        self._commands = commands
        self._personal_details = personal_details

    async def RegisterOrganization(
        self, request: pb.RegisterOrganizationRequest, call: Call
    ) -> resources_pb2.Organization:
        name = f"organizations/{request.organization_id or new_id(call, request)}"
        command = RegisterOrganization(name, localized(request.display_name))
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def AccreditOrganization(
        self, request: pb.AccreditOrganizationRequest, call: Call
    ) -> resources_pb2.Organization:
        command = AccreditOrganization(request.name, day(request.accredited_until_date))
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def SuspendOrganization(
        self, request: pb.SuspendOrganizationRequest, call: Call
    ) -> resources_pb2.Organization:
        command = SuspendOrganization(request.name, request.reason)
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def ReinstateOrganization(
        self, request: pb.ReinstateOrganizationRequest, call: Call
    ) -> resources_pb2.Organization:
        command = ReinstateOrganization(request.name)
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def RegisterInitiative(self, request: pb.RegisterInitiativeRequest, call: Call) -> resources_pb2.Initiative:
        name = f"initiatives/{request.initiative_id or new_id(call, request)}"
        command = RegisterInitiative(name, localized(request.display_name), tuple(request.responsible))
        return resources.initiative_message(await self._commands.execute(call, request, command))

    async def AppointMember(self, request: pb.AppointMemberRequest, call: Call) -> resources_pb2.Organization:
        appointment_id = request.appointment_id or new_id(call, request)
        command = AppointMember(
            appointment=f"{request.parent}/appointments/{appointment_id}",
            member=request.member,
            role=_role(request.role),
            from_time=moment("from_time", request.from_time) if request.HasField("from_time") else None,
            until_time=moment("until_time", request.until_time) if request.HasField("until_time") else None,
        )
        member_name = checked_member_name(request.member, request.member_name)
        appointed = await self._commands.execute(call, request, command)
        if member_name:
            # Behind the appointment: who is not appointed leaves no name and no key behind.
            sealed, event_id = await self._personal_details.seal_one(request.member, NAME_PATH, member_name)
            naming = NameMember(request.member, sealed, event_id)
            await self._commands.execute_beside(call, request, naming, "name")
        return resources.organization_message(appointed)

    async def EndAppointment(self, request: pb.EndAppointmentRequest, call: Call) -> resources_pb2.Organization:
        command = EndAppointment(request.name)
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def RequireTraining(self, request: pb.RequireTrainingRequest, call: Call) -> resources_pb2.Organization:
        command = RequireTraining(request.name, _role(request.role), tuple(request.required_courses))
        return resources.organization_message(await self._commands.execute(call, request, command))

    async def EraseMember(self, request: pb.EraseMemberRequest, call: Call) -> resources_pb2.Member:
        return resources.member_message(await self._commands.execute(call, request, EraseMember(request.name)))

    async def RegisterVolunteer(self, request: pb.RegisterVolunteerRequest, call: Call) -> resources_pb2.Volunteer:
        details = request.details
        name = f"volunteers/{request.volunteer_id or new_id(call, request)}"
        texts = self._personal_details.given(details)
        refuse_number_as_id(request.volunteer_id, texts)
        identity_key = self._personal_details.identity_key(details.identity) if details.HasField("identity") else None
        sealed = await self._personal_details.seal(name, texts)
        command = RegisterVolunteer(name, sealed.details, identity_key, sealed.event_id)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def UpdateVolunteer(self, request: pb.UpdateVolunteerRequest, call: Call) -> resources_pb2.Volunteer:
        paths = checked_paths(list(request.update_mask.paths))
        given = self._personal_details.given(request.details)
        changed = {path: given[path] for path in paths if path in given}
        cleared = tuple(path for path in paths if path not in given)
        sealed = await self._personal_details.seal(request.name, changed)
        command = UpdateVolunteer(request.name, sealed.details, cleared, sealed.event_id)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def EraseVolunteer(self, request: pb.EraseVolunteerRequest, call: Call) -> resources_pb2.Volunteer:
        command = EraseVolunteer(request.name)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def LinkVolunteers(self, request: pb.LinkVolunteersRequest, call: Call) -> resources_pb2.VolunteerLink:
        command = LinkVolunteers(*in_order(request.name, request.linked_name))
        return resources.link_message(await self._commands.execute(call, request, command))

    async def ApproveVolunteerLink(
        self, request: pb.ApproveVolunteerLinkRequest, call: Call
    ) -> resources_pb2.VolunteerLink:
        command = ApproveVolunteerLink(*in_order(request.name, request.linked_name))
        return resources.link_message(await self._commands.execute(call, request, command))

    async def EndVolunteerLink(self, request: pb.EndVolunteerLinkRequest, call: Call) -> resources_pb2.VolunteerLink:
        command = EndVolunteerLink(*in_order(request.name, request.linked_name), request.reason)
        return resources.link_message(await self._commands.execute(call, request, command))

    async def PublishOpportunity(self, request: pb.PublishOpportunityRequest, call: Call) -> resources_pb2.Opportunity:
        offered = request.opportunity
        imported_from, source_time = imported(offered.imported_from, offered.HasField("imported_from"))
        command = PublishOpportunity(
            opportunity=f"opportunities/{request.opportunity_id or new_id(call, request)}",
            organization=offered.organization,
            details=_details(offered),
            imported_from=imported_from,
            source_time=source_time,
        )
        return resources.opportunity_message(await self._commands.execute(call, request, command))

    async def UpdateOpportunity(self, request: pb.UpdateOpportunityRequest, call: Call) -> resources_pb2.Opportunity:
        offered = request.opportunity
        imported_from, source_time = imported(offered.imported_from, offered.HasField("imported_from"))
        command = UpdateOpportunity(
            opportunity=request.name,
            details=_details(offered),
            paths=tuple(path[:60] for path in dict.fromkeys(request.update_mask.paths)),
            imported_from=imported_from,
            source_time=source_time,
        )
        return resources.opportunity_message(await self._commands.execute(call, request, command))

    async def CloseOpportunity(self, request: pb.CloseOpportunityRequest, call: Call) -> resources_pb2.Opportunity:
        command = CloseOpportunity(request.name)
        return resources.opportunity_message(await self._commands.execute(call, request, command))

    async def SetRegistrationRules(
        self, request: pb.SetRegistrationRulesRequest, call: Call
    ) -> resources_pb2.Opportunity:
        command = SetRegistrationRules(request.name, request.rules.approval_required, request.rules.waiting_places)
        return resources.opportunity_message(await self._commands.execute(call, request, command))

    async def OpenShift(self, request: pb.OpenShiftRequest, call: Call) -> resources_pb2.Shift:
        opened = request.shift
        imported_from, source_time = imported(opened.imported_from, opened.HasField("imported_from"))
        place = opened.place
        command = OpenShift(
            shift=f"{request.parent}/shifts/{request.shift_id or new_id(call, request)}",
            start=moment("shift.start_time", opened.start_time) if opened.HasField("start_time") else None,
            end=moment("shift.end_time", opened.end_time) if opened.HasField("end_time") else None,
            time_zone=opened.time_zone,
            service_date=day(opened.service_date),
            places=opened.places,
            place=Place(region=place.region or None, online=place.online, city=place.city or None),
            imported_from=imported_from,
            source_time=source_time,
        )
        return resources.shift_message(await self._commands.execute(call, request, command))

    async def UpdateShift(self, request: pb.UpdateShiftRequest, call: Call) -> resources_pb2.Shift:
        imported_from, source_time = imported(request.imported_from, request.HasField("imported_from"))
        command = UpdateShift(
            request.name,
            request.places or None,
            imported_from,
            source_time,
            moment("start_time", request.start_time) if request.HasField("start_time") else None,
            moment("end_time", request.end_time) if request.HasField("end_time") else None,
        )
        return resources.shift_message(await self._commands.execute(call, request, command))

    async def CancelShift(self, request: pb.CancelShiftRequest, call: Call) -> resources_pb2.Shift:
        command = CancelShift(request.name, request.reason)
        return resources.shift_message(await self._commands.execute(call, request, command))

    async def AcceptCharter(self, request: pb.AcceptCharterRequest, call: Call) -> resources_pb2.Volunteer:
        command = AcceptCharter(request.name, request.charter, request.charter_version)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def RecordGuardianConsent(
        self, request: pb.RecordGuardianConsentRequest, call: Call
    ) -> resources_pb2.Volunteer:
        consent = f"{request.parent}/consents/{request.consent_id or new_id(call, request)}"
        guardian, event_id = await self._personal_details.seal_guardian(request.parent, request.guardian_name)
        command = RecordGuardianConsent(consent, guardian, day(request.until_date), event_id)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def WithdrawGuardianConsent(
        self, request: pb.WithdrawGuardianConsentRequest, call: Call
    ) -> resources_pb2.Volunteer:
        command = WithdrawGuardianConsent(request.name)
        return resources.volunteer_message(await self._commands.execute(call, request, command))

    async def SetVolunteerPreferences(
        self, request: pb.SetVolunteerPreferencesRequest, call: Call
    ) -> resources_pb2.Volunteer:
        text = preferences.written(preferences_of(request.preferences))
        sealed, event_id = await self._personal_details.seal_one(request.name, PREFERENCES_PATH, text)
        command = SetVolunteerPreferences(request.name, sealed, event_id)
        return resources.volunteer_message(await self._commands.execute(call, request, command))


def _role(role: resources_pb2.MemberRole.ValueType) -> Role:
    return "verifier" if role == resources_pb2.MEMBER_ROLE_VERIFIER else "coordinator"


def _details(offered: resources_pb2.Opportunity) -> OpportunityDetails:
    return OpportunityDetails(
        title=localized(offered.title),
        description=localized(offered.description) if offered.HasField("description") else None,
        sector=offered.sector or None,
        event_type=offered.event_type or None,
        skills=tuple(offered.skills),
        minimum_age_years=offered.minimum_age_years,
        level=resources.LEVEL_NAMES.get(offered.level),
        partner_type=resources.PARTNER_TYPE_NAMES.get(offered.partner_type),
        compulsory_service=offered.compulsory_service,
        crediting=resources.CREDITING_NAMES.get(offered.crediting, "clock"),
        required_courses=tuple(offered.required_courses) or None,
    )
