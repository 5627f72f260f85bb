"""A served ledger with a project, its partners, hours and donations, for tests. Persons and platforms are synthetic."""

from __future__ import annotations

import grpc
from google.protobuf.message import Message

from tests.system.acting import acting_as
from tests.system.grpc_caller import DEADLINE_SECONDS, refusal_of, request_id, with_id
from tests.system.published_hours import Publisher, as_of
from tests.system.small_programme import GARDEN, GREEN, NAME
from volunteer_hours.v1 import project_service_pb2 as pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.values_pb2 import Period

WELL = "projects/well"
HALALAS = 100


class Supporter(Publisher):
    """Everybody around a project: its organisation, a donation platform, volunteers."""

    def __init__(self, channel: grpc.Channel, address: str, partitions: int) -> None:
        super().__init__(channel, address, partitions)
        self._channel = channel

    def call(self, method: str, body: bytes, metadata: tuple[tuple[str, str], ...]) -> bytes:
        """As somebody else. Raises grpc.RpcError."""
        sending: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(f"/volunteer_hours.v1.{method}")
        return sending(body, metadata=metadata, timeout=DEADLINE_SECONDS)

    def may(self, metadata: tuple[tuple[str, str], ...], method: str, request: Message) -> bool:
        """Whether somebody is let through: what is not theirs is not there."""
        body = with_id(request) if "request_id" in request.DESCRIPTOR.fields_by_name else request.SerializeToString()
        try:
            self.call(method, body, metadata)
        except grpc.RpcError as error:
            return refusal_of(error).reason not in ("NOT_FOUND", "PERMISSION_DENIED")
        return True

    def partner(self, which: str) -> None:
        """Another organisation with an opportunity and a coordinator."""
        organization = f"organizations/{which}"
        offered = resources_pb2.Opportunity(organization=organization, title=NAME)
        for method, message in (
            ("RegisterOrganization", registry.RegisterOrganizationRequest(organization_id=which, display_name=NAME)),
            ("AccreditOrganization", registry.AccreditOrganizationRequest(name=organization)),
            ("PublishOpportunity", registry.PublishOpportunityRequest(opportunity_id=which, opportunity=offered)),
        ):
            self.client.send(f"RegistryService/{method}", with_id(message))
        self.appoint(organization)

    def appoint(self, organization: str) -> None:
        """Somebody who is a coordinator there and nothing else."""
        member = f"staff/of-{organization.removeprefix('organizations/')}"
        wanted = registry.AppointMemberRequest(
            parent=organization, member=member, role=resources_pb2.MEMBER_ROLE_COORDINATOR
        )
        self.client.send("RegistryService/AppointMember", with_id(wanted))

    def open(self, project_id: str = "well", **fields) -> pb.Project:
        """By default 10 hours and 1,000 riyals."""
        goals = {"goal_seconds": 36_000, "goal_minor_units": 1_000 * HALALAS, "currency": "SAR", **fields}
        wanted = pb.Project(organization=GREEN, title=NAME, **goals)
        return self._project("OpenProject", pb.OpenProjectRequest(project_id=project_id, project=wanted))

    def link(self, opportunity: str = GARDEN, project: str = WELL) -> pb.Project:
        return self._project("LinkOpportunity", pb.LinkOpportunityRequest(name=project, opportunity=opportunity))

    def unlink(self, opportunity: str = GARDEN, project: str = WELL) -> pb.Project:
        return self._project("UnlinkOpportunity", pb.UnlinkOpportunityRequest(name=project, opportunity=opportunity))

    def update(self, *paths: str, project: str = WELL, **fields) -> pb.Project:
        request = pb.UpdateProjectRequest(name=project, project=pb.Project(**fields))
        request.update_mask.paths.extend(paths)
        return self._project("UpdateProject", request)

    def close_project(self, project: str = WELL) -> pb.Project:
        return self._project("CloseProject", pb.CloseProjectRequest(name=project))

    def _project(self, method: str, request: Message) -> pb.Project:
        told = pb.Project.FromString(self.client.send(f"ProjectService/{method}", with_id(request)))
        self.seen += told.positions
        return told

    def give(self, reference: str, minor_units: int, **fields) -> pb.Donation:
        request = pb.ReportDonationRequest(donation=donation(reference, minor_units, **fields))
        return self._donation("ReportDonation", request)

    def give_many(self, *donations: pb.DonationReport, key: str = "") -> pb.ReportDonationsResponse:
        request = pb.ReportDonationsRequest(request_id=key or request_id(), donations=donations)
        body = self.client.send("ProjectService/ReportDonations", request)
        told = pb.ReportDonationsResponse.FromString(body)
        self.seen += told.positions
        return told

    def correct_donation(self, name: str, minor_units: int) -> pb.Donation:
        request = pb.CorrectDonationRequest(name=name, amount_minor_units=minor_units, reason="TYPING_ERROR")
        return self._donation("CorrectDonation", request)

    def refund(self, name: str, reference: str, minor_units: int) -> pb.Donation:
        request = pb.RefundDonationRequest(
            name=name, refund_reference=reference, refunded_minor_units=minor_units, reason="DONOR_ASKED"
        )
        return self._donation("RefundDonation", request)

    def _donation(self, method: str, request: Message) -> pb.Donation:
        told = pb.Donation.FromString(self.client.send(f"ProjectService/{method}", with_id(request)))
        self.seen += told.positions
        return told

    def progress(
        self, moment: AsOf | None = None, project: str = WELL, *, count_volunteers: bool = False
    ) -> pb.ProjectProgress:
        request = pb.GetProjectProgressRequest(
            name=project, as_of=moment, positions=self.seen, count_volunteers=count_volunteers
        )
        return pb.ProjectProgress.FromString(self.client.send("ProjectService/GetProjectProgress", request))

    def progress_at(self, positions: list[Position], project: str = WELL) -> pb.ProjectProgress:
        return self.progress(as_of(positions), project)

    def donations(self, page_size: int = 0, token: str = "", project: str = WELL) -> pb.ListDonationsResponse:
        request = pb.ListDonationsRequest(parent=project, page_size=page_size, page_token=token, positions=self.seen)
        return pb.ListDonationsResponse.FromString(self.client.send("ProjectService/ListDonations", request))


def as_coordinator(which: str) -> tuple[tuple[str, str], ...]:
    """What their call carries."""
    return acting_as(f"staff/of-{which}", roles=())


def donation(reference: str, minor_units: int, project: str = WELL, **fields) -> pb.DonationReport:
    """In riyals of 1 March 2023 unless said otherwise."""
    told = {"currency": "SAR", "given_date": "2023-03-01", **fields}
    return pb.DonationReport(project=project, reference=reference, amount_minor_units=minor_units, **told)


def period(start_date: str, end_date: str) -> Period:
    return Period(start_date=start_date, end_date=end_date)


def money(told: pb.ProjectProgress, currency: str = "SAR") -> tuple[int, int, int, int]:
    """How many donations, given, refunded, net."""
    found = [one.sums for one in told.donations if one.currency == currency]
    if not found:
        return 0, 0, 0, 0
    [sums] = found
    return sums.donation_count, sums.given_minor_units, sums.refunded_minor_units, sums.net_minor_units
