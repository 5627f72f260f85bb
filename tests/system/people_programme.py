"""A small programme behind pages for people, with shifts to come. Organisations and persons are synthetic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.access.caller import Role
from ledger.access.local_issuer import LOCAL_CLIENT
from ledger.documents.dates import ZONE
from tests.system.acting import acting_as, token_for
from tests.system.grpc_caller import request_id, with_id
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2

TOLD_SECONDS_MAX = 10.0
GREEN, OTHER = "organizations/green", "organizations/other"
COORDINATOR, VERIFIER, STRANGER = "staff/huda", "staff/verifier", "staff/stranger"
ANA, BEN, CAI = "volunteers/ana", "volunteers/ben", "volunteers/cai"
NAMES = {ANA: "متطوعة اصطناعية أولى", BEN: "Synthetic Person Two", CAI: "متطوع اصطناعي ثالث"}
TREES, TEACHING, KITCHEN = "opportunities/trees", "opportunities/teaching", "opportunities/kitchen"
MORNING, NOW, EVENING = f"{TREES}/shifts/morning", f"{TREES}/shifts/now", f"{TREES}/shifts/evening"
YESTERDAY = f"{TREES}/shifts/yesterday"
LESSON = f"{TEACHING}/shifts/lesson"


@dataclass(frozen=True)
class Offer:
    """An opportunity to be published."""

    opportunity_id: str
    ar: str
    en: str
    described_ar: str
    described_en: str
    sector: str
    skills: Sequence[str] = ()
    minimum_age_years: int = 0


OFFERS = (
    Offer(
        "trees",
        "تشجير حي الياسمين",
        "Planting trees in a neighbourhood",
        "نغرس معًا 200 شجرة. الأدوات والماء متوفرة، ونبدأ بشرح قصير.",
        "Together we plant 200 trees. Tools and water are there; we begin with a short introduction.",
        "environment",
        ("gardening", "البستنة"),
        16,
    ),
    Offer(
        "teaching",
        "درس مباشر في الرياضيات عن بُعد",
        "A live mathematics lesson, online",
        "ساعد طلابًا في المرحلة المتوسطة على فهم الكسور.",
        "Help pupils of middle school understand fractions.",
        "education",
        ("teaching",),
    ),
    Offer(
        "kitchen",
        "تجهيز وجبات الإفطار",
        "Preparing meals for iftar",
        "نجهز 500 وجبة قبل المغرب.",
        "We prepare 500 meals before sunset.",
        "social",
    ),
)


class Programme:
    """Sends what there is to be found. The authority's staff does it, over gRPC."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self.now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.midnight = self.now.astimezone(ZONE).replace(hour=0).astimezone(UTC)

    def begin(self) -> None:
        """Everything."""
        registry_service = "RegistryService"
        for name, ar, en in (
            ("green", "جمعية الأفق الأخضر (اصطناعية)", "Green Horizon (synthetic)"),
            ("other", "جهة أخرى", "Another one"),
        ):
            names = values_pb2.LocalizedText(ar=ar, en=en)
            self.send(
                registry_service,
                "RegisterOrganization",
                registry.RegisterOrganizationRequest(organization_id=name, display_name=names),
            )
            self.send(
                registry_service,
                "AccreditOrganization",
                registry.AccreditOrganizationRequest(name=f"organizations/{name}"),
            )
        self.appoint(GREEN, "huda", COORDINATOR, resources_pb2.MEMBER_ROLE_COORDINATOR)
        self.appoint(GREEN, "verifier", VERIFIER, resources_pb2.MEMBER_ROLE_VERIFIER)
        self.appoint(OTHER, "stranger", STRANGER, resources_pb2.MEMBER_ROLE_COORDINATOR)
        for person, name in NAMES.items():
            details = resources_pb2.PersonalDetails(full_name=name, birth_date="1999-05-17")
            self.send(
                registry_service,
                "RegisterVolunteer",
                registry.RegisterVolunteerRequest(volunteer_id=person.partition("/")[2], details=details),
            )
        for offer in OFFERS:
            self.publish(offer)
        self.open(TREES, "morning", self.midnight + timedelta(days=3, hours=8), 4, places=12)
        self.open(TREES, "evening", self.midnight + timedelta(days=5, hours=16, minutes=30), 3, places=1)
        self.open(TREES, "now", self.now, 4, places=20)
        self.open(TREES, "yesterday", self.midnight - timedelta(hours=15), 3, places=20)
        self.open(TEACHING, "lesson", self.midnight + timedelta(days=9, hours=19), 2, places=30, online=True)
        self.open(
            KITCHEN, "first", self.midnight + timedelta(days=14, hours=15), 5, places=3, city="جدة", region="SA-02"
        )
        rules = resources_pb2.RegistrationRules(approval_required=True, waiting_places=5)
        self.send(
            registry_service, "SetRegistrationRules", registry.SetRegistrationRulesRequest(name=TEACHING, rules=rules)
        )
        waiting = resources_pb2.RegistrationRules(waiting_places=5)
        self.send(
            registry_service, "SetRegistrationRules", registry.SetRegistrationRulesRequest(name=TREES, rules=waiting)
        )

    def served(self, person: str, attendance: str, *, start_minutes: int = 0, minutes: int = 120) -> None:
        """The organisation noted that somebody served yesterday."""
        start = self.midnight - timedelta(hours=15) + timedelta(minutes=start_minutes)
        record = participation.AttendanceRecord(
            shift=YESTERDAY,
            volunteer=person,
            attendance_id=attendance,
            start_time=_stamp(start),
            end_time=_stamp(start + timedelta(minutes=minutes)),
        )
        request = participation.RecordAttendanceRequest(attendance=record)
        self.send("ParticipationService", "RecordAttendance", request, COORDINATOR)

    def publish(self, offer: Offer) -> None:
        opportunity = resources_pb2.Opportunity(
            organization=GREEN,
            title=values_pb2.LocalizedText(ar=offer.ar, en=offer.en),
            description=values_pb2.LocalizedText(ar=offer.described_ar, en=offer.described_en),
            sector=offer.sector,
            skills=offer.skills,
            minimum_age_years=offer.minimum_age_years,
            level=resources_pb2.VOLUNTEERING_LEVEL_GENERAL,
        )
        request = registry.PublishOpportunityRequest(opportunity_id=offer.opportunity_id, opportunity=opportunity)
        self.send("RegistryService", "PublishOpportunity", request)

    def open(
        self,
        parent: str,
        shift_id: str,
        start: datetime,
        hours: int,
        *,
        places: int,
        online: bool = False,
        region: str = "SA-01",
        city: str = "الرياض",
    ) -> None:
        place = values_pb2.Place(online=True) if online else values_pb2.Place(region=region, city=city)
        shift = resources_pb2.Shift(
            start_time=_stamp(start),
            end_time=_stamp(start + timedelta(hours=hours)),
            time_zone="Asia/Riyadh",
            places=places,
            place=place,
        )
        self.send(
            "RegistryService", "OpenShift", registry.OpenShiftRequest(parent=parent, shift_id=shift_id, shift=shift)
        )

    def appoint(self, parent: str, appointment: str, member: str, role: resources_pb2.MemberRole.ValueType) -> None:
        request = registry.AppointMemberRequest(parent=parent, appointment_id=appointment, member=member, role=role)
        self.send("RegistryService", "AppointMember", request)

    def register(self, shift: str, person: str) -> None:
        """By the person."""
        self.send(
            "ParticipationService",
            "RegisterForShift",
            participation.RegisterForShiftRequest(shift=shift, volunteer=person),
            person,
        )

    def send(self, service: str, method: str, request: Message, actor: str = "") -> bytes:
        """A command under a new key; by the authority where nobody is named. Raises grpc.RpcError."""
        call: Callable[..., bytes] = self._channel.unary_unary(f"/volunteer_hours.v1.{service}/{method}")
        carried = acting_as(actor, roles=()) if actor else acting_as(roles=(Role.ADMINISTRATOR,))
        body, until = with_id(request), time.monotonic() + TOLD_SECONDS_MAX
        while True:
            try:
                return call(body, metadata=carried, timeout=20)
            except grpc.RpcError as error:
                # An appointment is known to the gate within a second.
                if error.code() is not grpc.StatusCode.PERMISSION_DENIED or time.monotonic() > until:
                    raise
                time.sleep(0.1)


def token(actor: str, client: str = LOCAL_CLIENT) -> str:
    """What somebody signs in with: of no role but those they are appointed to."""
    return token_for(actor, client, ())


def key() -> str:
    """A new request key."""
    return request_id()


def _stamp(at: datetime) -> Timestamp:
    return Timestamp(seconds=int(at.timestamp()))
