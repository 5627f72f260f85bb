"""What DirectoryService asks: organisations, people, opportunities, shifts, registrations and presences as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.domain.preference_events import PREFERENCES_PATH
from ledger.domain.refusals import Reason, Refusal
from ledger.domain.sealed import SealedField
from ledger.projections import directory_messages as messages
from ledger.projections.attendance_pages import AttendancePages
from ledger.projections.basis import Ground, KnownHorizon, ReadPool
from ledger.projections.bulk_pages import BulkPages
from ledger.projections.directory_messages import SealedVolunteer
from ledger.projections.directory_rows import EVERYTHING, DirectoryRows, Listing, Narrowed, beneath
from volunteer_hours.v1 import directory_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import Position

__all__ = ["DirectoryQuestions", "SealedVolunteer", "VolunteerPage"]

_ORGANIZATIONS: Final = Listing(messages.ORGANIZATIONS, "organization")
_INITIATIVES: Final = Listing(messages.INITIATIVES, "initiative")
_VOLUNTEERS: Final = Listing(messages.VOLUNTEERS, "volunteer")
_PREFERENCES: Final = Listing("select volunteer, preferences, preferences_set_at from volunteers", "volunteer")
_OPPORTUNITIES: Final = Listing(messages.OPPORTUNITIES, "opportunity")
_SHIFTS: Final = Listing(messages.SHIFTS, "shift")
_REGISTRATIONS: Final = Listing(messages.REGISTRATIONS, "registration")
_STANDINGS: Final = Listing(messages.STANDINGS, "standing")
_ATTENDANCES: Final = Listing(messages.ATTENDANCES, "attendance", "holder = %(holder)b")
_ATTENDANCE_NAMES: Final = Listing("select attendance from attendance_versions", "attendance")


@dataclass(frozen=True, slots=True)
class VolunteerPage:
    """A page of volunteers whose details are still sealed."""

    volunteers: Sequence[SealedVolunteer]
    next_page_token: str
    positions: Sequence[Position]


class DirectoryQuestions:
    """Answers from the read database. Safe to share between calls.

    Every question may name `positions` it must not be older than: it raises NotYetApplied when they are not reached in
    `seconds_left` (None: no deadline), and refuses POSITION_UNKNOWN for a partition that is not there. What is not
    there is refused NOT_FOUND; a list refuses a foreign token with PAGE_TOKEN_INVALID. Lists go by name.
    """

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        ground = Ground(partitions, horizon)
        self._rows = DirectoryRows(pool, ground)
        self.attendance_pages: Final = AttendancePages(BulkPages(pool, ground))

    async def get_organization(
        self, request: pb.GetOrganizationRequest, seconds_left: float | None = None
    ) -> resources_pb2.Organization:
        """An organisation with its appointments."""
        row, appointments, positions = await self._rows.one(
            _ORGANIZATIONS, request.name, request.positions, seconds_left, messages.APPOINTMENTS
        )
        message = messages.organization(row, appointments)
        message.positions.extend(positions)
        return message

    async def list_organizations(
        self, request: pb.ListOrganizationsRequest, seconds_left: float | None = None
    ) -> pb.ListOrganizationsResponse:
        """Organisations with their appointments."""
        page, appointments = await self._rows.page(_ORGANIZATIONS, request, seconds_left, also=messages.APPOINTMENTS)
        by_organization: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        for appointment in appointments:
            by_organization[appointment[0]].append(appointment)
        return pb.ListOrganizationsResponse(
            organizations=[messages.organization(row, by_organization[row[0]]) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_initiative(
        self, request: pb.GetInitiativeRequest, seconds_left: float | None = None
    ) -> resources_pb2.Initiative:
        """An initiative."""
        row, _, positions = await self._rows.one(_INITIATIVES, request.name, request.positions, seconds_left)
        message = messages.initiative(row)
        message.positions.extend(positions)
        return message

    async def list_initiatives(
        self, request: pb.ListInitiativesRequest, seconds_left: float | None = None
    ) -> pb.ListInitiativesResponse:
        """All initiatives."""
        page, _ = await self._rows.page(_INITIATIVES, request, seconds_left)
        return pb.ListInitiativesResponse(
            initiatives=[messages.initiative(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_volunteer(
        self, request: pb.GetVolunteerRequest, seconds_left: float | None = None
    ) -> SealedVolunteer:
        """A volunteer; the details are sealed."""
        row, _, positions = await self._rows.one(_VOLUNTEERS, request.name, request.positions, seconds_left)
        return messages.volunteer(row, positions)

    async def get_preferences(
        self, request: pb.GetVolunteerPreferencesRequest, seconds_left: float | None = None
    ) -> tuple[SealedField | None, datetime | None, Sequence[Position]]:
        """What a person looks for, sealed, and when it was set; None where nothing is known."""
        row, _, positions = await self._rows.one(
            _PREFERENCES, request.name.removesuffix("/preferences"), request.positions, seconds_left
        )
        name, told, set_at = row
        sealed = None if told is None else SealedField(name, told["event_id"], PREFERENCES_PATH, told["sealed"])
        return sealed, set_at, positions

    async def is_purged(self, volunteer: str, seconds_left: float | None = None) -> bool:
        """Whether the read database holds nothing sealed of a person who was erased."""
        try:
            known = await self.get_volunteer(pb.GetVolunteerRequest(name=volunteer), seconds_left)
        except Refusal as refusal:
            if refusal.reason is Reason.NOT_FOUND:  # the projections have not seen the person at all, yet
                return False
            raise
        return known.erased and not known.details

    async def list_volunteers(
        self, request: pb.ListVolunteersRequest, seconds_left: float | None = None
    ) -> VolunteerPage:
        """Volunteers; the details are sealed."""
        page, _ = await self._rows.page(_VOLUNTEERS, request, seconds_left)
        return VolunteerPage([messages.volunteer(row) for row in page.rows], page.next_page_token, page.positions)

    async def get_opportunity(
        self, request: pb.GetOpportunityRequest, seconds_left: float | None = None
    ) -> resources_pb2.Opportunity:
        """An opportunity as it is now."""
        row, _, positions = await self._rows.one(_OPPORTUNITIES, request.name, request.positions, seconds_left)
        message = messages.opportunity(row)
        message.positions.extend(positions)
        return message

    async def list_opportunities(
        self, request: pb.ListOpportunitiesRequest, seconds_left: float | None = None
    ) -> pb.ListOpportunitiesResponse:
        """Opportunities, of one organisation if it is named."""
        narrowed = EVERYTHING
        if request.organization:
            narrowed = ("organization = %(organization)b", {"organization": request.organization})
        page, _ = await self._rows.page(_OPPORTUNITIES, request, seconds_left, narrowed)
        return pb.ListOpportunitiesResponse(
            opportunities=[messages.opportunity(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_shift(self, request: pb.GetShiftRequest, seconds_left: float | None = None) -> resources_pb2.Shift:
        """A shift with its places taken."""
        row, _, positions = await self._rows.one(_SHIFTS, request.name, request.positions, seconds_left)
        message = messages.shift(row)
        message.positions.extend(positions)
        return message

    async def list_shifts(
        self, request: pb.ListShiftsRequest, seconds_left: float | None = None
    ) -> pb.ListShiftsResponse:
        """The shifts of an opportunity."""
        narrowed = beneath(request.parent, "shifts", "shift")
        page, _ = await self._rows.page(_SHIFTS, request, seconds_left, narrowed)
        return pb.ListShiftsResponse(
            shifts=[messages.shift(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_registration(
        self, request: pb.GetRegistrationRequest, seconds_left: float | None = None
    ) -> resources_pb2.Registration:
        """A registration."""
        row, _, positions = await self._rows.one(_REGISTRATIONS, request.name, request.positions, seconds_left)
        message = messages.registration(row)
        message.positions.extend(positions)
        return message

    async def list_registrations(
        self, request: pb.ListRegistrationsRequest, seconds_left: float | None = None
    ) -> pb.ListRegistrationsResponse:
        """The registrations for a shift or of a volunteer, those withdrawn too."""
        if request.parent.startswith("volunteers/"):
            narrowed: Narrowed = ("volunteer = %(parent)b", {"parent": request.parent})
        else:
            narrowed = beneath(request.parent, "registrations", "registration")
        page, _ = await self._rows.page(_REGISTRATIONS, request, seconds_left, narrowed)
        return pb.ListRegistrationsResponse(
            registrations=[messages.registration(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_requirement_standing(
        self, request: pb.GetRequirementStandingRequest, seconds_left: float | None = None
    ) -> resources_pb2.RequirementStanding:
        """How somebody was last told to stand with a watched requirement in a period."""
        row, _, positions = await self._rows.one(_STANDINGS, request.name, request.positions, seconds_left)
        message = messages.standing(row)
        message.positions.extend(positions)
        return message

    async def list_requirement_standings(
        self, request: pb.ListRequirementStandingsRequest, seconds_left: float | None = None
    ) -> pb.ListRequirementStandingsResponse:
        """The standings of a volunteer, those lost too."""
        narrowed = beneath(request.parent, "requirements", "standing")
        page, _ = await self._rows.page(_STANDINGS, request, seconds_left, narrowed)
        return pb.ListRequirementStandingsResponse(
            standings=[messages.standing(row) for row in page.rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )

    async def get_attendance(
        self, request: pb.GetAttendanceRequest, seconds_left: float | None = None
    ) -> resources_pb2.Attendance:
        """One presence, of a person or of a group."""
        row, _, positions = await self._rows.one(_ATTENDANCES, request.name, request.positions, seconds_left)
        message = messages.attendance(row)
        message.positions.extend(positions)
        return message

    async def list_attendances(
        self, request: pb.ListAttendancesRequest, seconds_left: float | None = None
    ) -> pb.ListAttendancesResponse:
        """The presences of a volunteer, or of a shift: of persons and of groups."""
        if request.parent.startswith("volunteers/"):
            narrowed = ("version = 1 and holder = %(parent)b", {"parent": request.parent})
        else:
            of_shift = "version = 1 and hashtext(shift) = hashtext(%(parent)b) and shift = %(parent)b"
            narrowed = (of_shift, {"parent": request.parent})
        page, rows = await self._rows.page(
            _ATTENDANCE_NAMES, request, seconds_left, narrowed, messages.ATTENDANCES_NAMED
        )
        return pb.ListAttendancesResponse(
            attendances=[messages.attendance(row) for row in rows],
            next_page_token=page.next_page_token,
            positions=page.positions,
        )
