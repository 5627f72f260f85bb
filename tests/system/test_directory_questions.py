"""The directory on a real PostgreSQL: what is there, what is not, and lists page by page."""

from __future__ import annotations

from typing import Any

from tests.system.answering import (
    ANA,
    a_life,
    answering,
    positions,
    refused,
    seconds,
)
from tests.system.synthetic_events import (
    OPPORTUNITY,
    ORGANIZATION,
    SHIFT,
    Story,
)
from volunteer_hours.v1 import directory_service_pb2 as directory_pb
from volunteer_hours.v1 import resources_pb2


async def test_the_directory_shows_what_is_there(postgres):
    story = a_life()
    member = {"organization": ORGANIZATION, "appointment": f"{ORGANIZATION}/appointments/vera", "member": "staff/vera"}
    story.tell("member-appointed", ORGANIZATION, {**member, "role": "verifier", "from_time": "2026-01-01T00:00:00Z"})
    story.shift(places=3)
    place = f"{SHIFT}/registrations/ana"
    told = {"registration": place, "shift": SHIFT, "opportunity": OPPORTUNITY, "volunteer": ANA}
    story.tell("registration-accepted", place, told)
    story.tell("volunteer-updated", ANA, {"volunteer": ANA, "details": {"email": "p1.x.y.z"}, "cleared": ["full_name"]})
    async with answering(postgres, story) as asked:
        answers = asked.directory
        organization = await answers.get_organization(directory_pb.GetOrganizationRequest(name=ORGANIZATION))
        assert organization.display_name.en == "Green (synthetic)"
        assert organization.state == resources_pb2.ORGANIZATION_STATE_REGISTERED
        assert [(one.member, one.role) for one in organization.appointments] == [
            ("staff/vera", resources_pb2.MEMBER_ROLE_VERIFIER)
        ]
        assert positions(organization) == {0: story.position}
        opportunity = await answers.get_opportunity(directory_pb.GetOpportunityRequest(name=OPPORTUNITY))
        assert (opportunity.sector, opportunity.event_type) == ("environment", "Partner Events")
        assert opportunity.state == resources_pb2.OPPORTUNITY_STATE_PUBLISHED
        shift = await answers.get_shift(directory_pb.GetShiftRequest(name=SHIFT))
        assert (shift.places, shift.places_taken, shift.service_date) == (3, 1, "2026-03-02")
        registration = await answers.get_registration(directory_pb.GetRegistrationRequest(name=place))
        assert registration.state == resources_pb2.REGISTRATION_STATE_ACCEPTED
        volunteer = await answers.get_volunteer(directory_pb.GetVolunteerRequest(name=ANA))
        [(name, sealed)] = volunteer.details.items()
        assert (name, sealed.path, sealed.sealed, sealed.person) == ("email", "details.email", "p1.x.y.z", ANA)
        attendance = await answers.get_attendance(directory_pb.GetAttendanceRequest(name=f"{ANA}/attendances/a2"))
        assert attendance.state == resources_pb2.ATTENDANCE_STATE_VERIFIED
        assert (attendance.volunteer, attendance.head_count, seconds(attendance)) == (
            ANA,
            1,
            {"verified": 1800, "recorded": 1800},
        )


async def test_what_is_not_there_is_not_found(postgres):
    async with answering(postgres, a_life()) as asked:
        answers, nothing = asked.directory, "volunteers/zoe"
        for question in (
            answers.get_organization(directory_pb.GetOrganizationRequest(name=nothing)),
            answers.get_volunteer(directory_pb.GetVolunteerRequest(name=nothing)),
            answers.get_opportunity(directory_pb.GetOpportunityRequest(name=nothing)),
            answers.get_shift(directory_pb.GetShiftRequest(name=nothing)),
            answers.get_registration(directory_pb.GetRegistrationRequest(name=nothing)),
            answers.get_attendance(directory_pb.GetAttendanceRequest(name=nothing)),
        ):
            assert await refused(question) == "NOT_FOUND"


async def test_lists_go_by_name_page_by_page_and_only_beneath_their_parent(postgres):
    story = Story()
    story.organization()
    story.opportunity()
    story.opportunity("opportunities/park-two")
    for name in ("a", "b", "c", "d", "e"):
        story.shift(f"{OPPORTUNITY}/shifts/{name}")
        story.volunteer(f"volunteers/{name}")
        story.recorded(f"volunteers/{name}/attendances/x", shift=f"{OPPORTUNITY}/shifts/a")
        story.recorded(f"{ANA}/attendances/{name}")
    story.shift("opportunities/park-two/shifts/z")
    story.recorded("volunteers/ana-maria/attendances/a")
    story.hours("group-attendance-recorded", f"{OPPORTUNITY}/shifts/a/groupAttendances/g", head_count=3,
                shift=f"{OPPORTUNITY}/shifts/a")  # fmt: skip
    async with answering(postgres, story) as asked:

        async def listed(question: Any, request: Any, field: str) -> list[str]:
            names: list[str] = []
            request.page_size = 2
            while True:
                page = await question(request)
                found = [one.name for one in getattr(page, field)]
                assert len(found) <= 2
                names += found
                if not page.next_page_token:
                    return names
                request.page_token = page.next_page_token

        answers = asked.directory
        shifts = directory_pb.ListShiftsRequest(parent=OPPORTUNITY)
        assert await listed(answers.list_shifts, shifts, "shifts") == [
            f"{OPPORTUNITY}/shifts/{name}" for name in "abcde"
        ]
        volunteers = directory_pb.ListVolunteersRequest()
        assert await listed(answers.list_volunteers, volunteers, "volunteers") == [f"volunteers/{n}" for n in "abcde"]
        opportunities = directory_pb.ListOpportunitiesRequest(organization=ORGANIZATION)
        assert await listed(answers.list_opportunities, opportunities, "opportunities") == [
            OPPORTUNITY,
            "opportunities/park-two",
        ]
        organizations = directory_pb.ListOrganizationsRequest()
        assert await listed(answers.list_organizations, organizations, "organizations") == [ORGANIZATION]
        of_person = directory_pb.ListAttendancesRequest(parent=ANA)
        assert await listed(answers.list_attendances, of_person, "attendances") == [
            f"{ANA}/attendances/{name}" for name in "abcde"
        ]
        of_shift = directory_pb.ListAttendancesRequest(parent=f"{OPPORTUNITY}/shifts/a")
        assert await listed(answers.list_attendances, of_shift, "attendances") == [
            f"{OPPORTUNITY}/shifts/a/groupAttendances/g",
            *(f"volunteers/{name}/attendances/x" for name in "abcde"),
        ]
        none = directory_pb.ListRegistrationsRequest(parent=f"{OPPORTUNITY}/shifts/a")
        assert await listed(answers.list_registrations, none, "registrations") == []
