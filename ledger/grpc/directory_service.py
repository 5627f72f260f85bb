"""DirectoryService: what the ledger knows of organisations, people, opportunities and presences.

Personal details leave the projections sealed and are opened here, for a caller who says who they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.erasures import ErasureRecords
from ledger.access.identities import holders_of
from ledger.access.members import StoredMembers
from ledger.access.person_keys import ERASED, KEY_SECONDS_MAX, Erased, PersonKeys
from ledger.domain.member import COLLECTION
from ledger.domain.refusals import Reason, refuse
from ledger.grpc.interceptor import Call
from ledger.grpc.personal_details import PLAIN_FIELDS, PersonalDetails
from ledger.grpc.preference_messages import preferences_message
from ledger.grpc.values import IDENTITY_NUMBERS, timestamp
from ledger.imported_records import fill_imported
from ledger.projections.directory_questions import DirectoryQuestions, SealedVolunteer
from ledger.search import preferences
from volunteer_hours.v1 import bulk_reading_pb2 as bulk_pb
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import Position


class DirectoryService:
    """Reads the directory. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(
        self,
        questions: DirectoryQuestions,
        person_keys: PersonKeys,
        personal_details: PersonalDetails,
        event_pool: AsyncConnectionPool[AsyncConnection[Any]],
    ) -> None:
        self._questions = questions
        self._person_keys = person_keys
        self._personal_details = personal_details
        self._event_pool = event_pool
        self._erasures = ErasureRecords(event_pool)
        self._members = StoredMembers(event_pool)

    async def GetOrganization(self, request: pb.GetOrganizationRequest, call: Call) -> resources_pb2.Organization:
        return await self._questions.get_organization(request, call.seconds_left)

    async def ListOrganizations(self, request: pb.ListOrganizationsRequest, call: Call) -> pb.ListOrganizationsResponse:
        return await self._questions.list_organizations(request, call.seconds_left)

    async def GetInitiative(self, request: pb.GetInitiativeRequest, call: Call) -> resources_pb2.Initiative:
        return await self._questions.get_initiative(request, call.seconds_left)

    async def ListInitiatives(self, request: pb.ListInitiativesRequest, call: Call) -> pb.ListInitiativesResponse:
        return await self._questions.list_initiatives(request, call.seconds_left)

    async def GetVolunteer(self, request: pb.GetVolunteerRequest, call: Call) -> resources_pb2.Volunteer:
        sealed = await self._questions.get_volunteer(request, call.seconds_left)
        [volunteer] = await self._opened([sealed])
        volunteer.positions.extend(sealed.positions)
        return volunteer

    async def ListVolunteers(self, request: pb.ListVolunteersRequest, call: Call) -> pb.ListVolunteersResponse:
        page = await self._questions.list_volunteers(request, call.seconds_left)
        return pb.ListVolunteersResponse(
            volunteers=await self._opened(page.volunteers),
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def GetVolunteerPreferences(
        self, request: pb.GetVolunteerPreferencesRequest, call: Call
    ) -> resources_pb2.VolunteerPreferences:
        sealed, set_at, positions = await self._questions.get_preferences(request, call.seconds_left)
        text = ERASED if sealed is None else await self._person_keys.open(sealed)
        told = resources_pb2.VolunteerPreferences() if text is ERASED else preferences_message(preferences.read(text))
        if text is not ERASED and set_at is not None:
            told.set_time.CopyFrom(timestamp(set_at))
        told.name = request.name
        told.positions.extend(positions)
        return told

    async def GetMember(self, request: pb.GetMemberRequest, call: Call) -> resources_pb2.Member:
        member, (partition, position) = await self._members.get(request.name)
        at = Position(partition=partition, position=position)
        told = resources_pb2.Member(name=member.name, erased=member.erased, positions=[at])
        name = ERASED if member.member_name is None else await self._person_keys.open(member.member_name)
        if name is ERASED:
            told.erased = True
        else:
            told.member_name = name
        return told

    async def GetErasureReceipt(self, request: pb.GetErasureReceiptRequest, call: Call) -> pb.ErasureReceipt:
        """What is destroyed by now: each of its lines is looked up where the thing itself lies."""
        recorded = await self._erasures.of(request.name)
        destroyed = await self._person_keys.destruction_of(request.name)
        purged = request.name.startswith(COLLECTION) or await self._questions.is_purged(request.name)
        receipt = pb.ErasureReceipt(
            name=request.name,
            erased_time=timestamp(recorded.erased_at),
            position=Position(partition=recorded.partition, position=recorded.position),
            key_ids=recorded.key_ids,
            read_rows_purged=purged,
        )
        if destroyed is not None:
            receipt.keys_destroyed = destroyed.keys
            receipt.keys_destroyed_time.CopyFrom(timestamp(destroyed.at))
            receipt.complete = purged and destroyed.seconds_ago >= KEY_SECONDS_MAX
        return receipt

    async def _opened(self, volunteers: Sequence[SealedVolunteer]) -> list[resources_pb2.Volunteer]:
        """Open all seals of a page with one question for keys."""
        fields = [field for volunteer in volunteers for field in volunteer.details.values()]
        texts = iter(await self._person_keys.open_all(fields))
        return [
            _with_agreements(
                volunteer_message(volunteer.name, {name: next(texts) for name in volunteer.details}), volunteer
            )
            for volunteer in volunteers
        ]

    async def GetOpportunity(self, request: pb.GetOpportunityRequest, call: Call) -> resources_pb2.Opportunity:
        return await self._questions.get_opportunity(request, call.seconds_left)

    async def ListOpportunities(self, request: pb.ListOpportunitiesRequest, call: Call) -> pb.ListOpportunitiesResponse:
        return await self._questions.list_opportunities(request, call.seconds_left)

    async def GetShift(self, request: pb.GetShiftRequest, call: Call) -> resources_pb2.Shift:
        return await self._questions.get_shift(request, call.seconds_left)

    async def ListShifts(self, request: pb.ListShiftsRequest, call: Call) -> pb.ListShiftsResponse:
        return await self._questions.list_shifts(request, call.seconds_left)

    async def GetRegistration(self, request: pb.GetRegistrationRequest, call: Call) -> resources_pb2.Registration:
        return await self._questions.get_registration(request, call.seconds_left)

    async def ListRegistrations(self, request: pb.ListRegistrationsRequest, call: Call) -> pb.ListRegistrationsResponse:
        return await self._questions.list_registrations(request, call.seconds_left)

    async def GetAttendance(self, request: pb.GetAttendanceRequest, call: Call) -> resources_pb2.Attendance:
        return await self._questions.get_attendance(request, call.seconds_left)

    async def ListAttendances(self, request: pb.ListAttendancesRequest, call: Call) -> pb.ListAttendancesResponse:
        return await self._questions.list_attendances(request, call.seconds_left)

    async def StreamAttendances(
        self, request: bulk_pb.StreamAttendancesRequest, call: Call
    ) -> AsyncGenerator[bulk_pb.StreamAttendancesResponse, None]:
        async with aclosing(self._questions.attendance_pages.stream(request, call.seconds_left)) as pages:
            async for found in pages:
                await fill_imported(self._event_pool, found.imported)
                yield found.page

    async def GetRequirementStanding(
        self, request: pb.GetRequirementStandingRequest, call: Call
    ) -> resources_pb2.RequirementStanding:
        return await self._questions.get_requirement_standing(request, call.seconds_left)

    async def ListRequirementStandings(
        self, request: pb.ListRequirementStandingsRequest, call: Call
    ) -> pb.ListRequirementStandingsResponse:
        return await self._questions.list_requirement_standings(request, call.seconds_left)

    async def LookupVolunteer(self, request: pb.LookupVolunteerRequest, call: Call) -> resources_pb2.Volunteer:
        """Only the name: who holds the number may ask for more by it. Nobody learns which numbers exist nearby."""
        identity_key = self._personal_details.identity_key(request.identity)
        [holder] = await holders_of(self._event_pool, [identity_key])
        if holder is None:
            refuse(Reason.NOT_FOUND, name="volunteer with this identity")
        return resources_pb2.Volunteer(name=holder)


def _with_agreements(message: resources_pb2.Volunteer, sealed: SealedVolunteer) -> resources_pb2.Volunteer:
    message.consents.extend(sealed.consents)
    message.charters.extend(sealed.charters)
    message.linked_names.extend(sealed.linked_names)
    if sealed.erased:
        message.erased = True
        message.ClearField("details")
    return message


def volunteer_message(name: str, texts: dict[str, str | Erased]) -> resources_pb2.Volunteer:
    """A volunteer with opened details; erased when a key is gone, and then without any."""
    if any(text is ERASED for text in texts.values()):
        return resources_pb2.Volunteer(name=name, erased=True)
    known = {field: text for field, text in texts.items() if text is not ERASED}
    details = resources_pb2.PersonalDetails(birth_date=known.get("birth_date", ""))
    for field in PLAIN_FIELDS:
        setattr(details, field, known.get(field, ""))
    if "identity_type" in known:
        document, _, country = known["identity_type"].partition("/")
        details.identity.type = IDENTITY_NUMBERS[document]
        details.identity.country = country
        details.identity.number = known.get("identity_number", "")
    return resources_pb2.Volunteer(name=name, details=details)
