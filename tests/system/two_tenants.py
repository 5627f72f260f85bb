"""Two tenants of one shape, `own` and `other`, and somebody in every role of `own`. Everybody in it is synthetic."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message

from ledger.access.caller import Role
from ledger.access.local_issuer import LOCAL_CLIENT
from ledger.grpc.values import id_for
from tests.system.acting import acting_as
from tests.system.grpc_caller import at, with_id
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import delivery_service_pb2 as deliveries
from volunteer_hours.v1 import live_session_service_pb2 as live
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import project_service_pb2 as projects
from volunteer_hours.v1 import recognition_service_pb2 as recognition
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import reporting_service_pb2 as reporting
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import statement_service_pb2 as statements
from volunteer_hours.v1 import training_service_pb2 as training
from volunteer_hours.v1 import verification_service_pb2 as verification

NAME = values_pb2.LocalizedText(en="synthetic")
SYNTHETIC = "synthetic person"
PURPOSE = "graduation"
GIVEN = "synthetic"
"""The reference of a donation for each project."""
APPS = "apps"
"""The client through which people act."""
OBJECTS = ("own", "other", "absent")


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, and what they show."""

    name: str
    metadata: tuple[tuple[str, str], ...]


def names_of(which: str, first: str = "persons") -> list[str]:
    """Every kind of resource of one tenant, persons' first or what is offered; of `absent` there is none of them."""
    opportunity, volunteer = f"opportunities/{which}", f"volunteers/{which}"
    shift = f"{opportunity}/shifts/s"
    personal = [volunteer, f"{volunteer}/attendances/a"] if first == "persons" else []
    return [
        *personal,
        f"organizations/{which}",
        f"organizations/{which}/appointments/spare",
        f"initiatives/{which}",
        opportunity,
        shift,
        f"{shift}/registrations/{which}",
        f"{opportunity}/shifts/crowd/groupAttendances/g",
        f"{shift}/liveSessions/l",
        f"subscriptions/{which}",
        f"projects/{which}",
        f"projects/{which}/donations/{id_for(LOCAL_CLIENT, GIVEN)}",
        f"courses/{which}",
        f"courses/{which}/sessions/s",
        f"{volunteer}/completions/{which}",
        volunteer,
        f"{volunteer}/attendances/a",
        f"{volunteer}/consents/c",
        f"{volunteer}/preferences",
        f"{volunteer}/statements/s",
        f"{volunteer}/statements/s/shares/1",
        f"staff/coordinator-{which}",
        f"{volunteer}/requirements/r/standings/x",
        f"{volunteer}/nominations/n",
        f"{volunteer}/recognitions/r/milestones/m",
        "recognitions/r" if which != "absent" else "recognitions/absent",
        "recognitions/r/versions/1" if which != "absent" else "recognitions/absent/versions/1",
        f"clients/{which}",
        "periods/p" if which != "absent" else "periods/absent",
        "policies/standard" if which != "absent" else "policies/absent",
        "policies/standard/versions/1" if which != "absent" else "policies/absent/versions/1",
        "charters/c",
    ]


def build(channel: grpc.Channel) -> None:
    """Both tenants, and the clients that people call through."""
    terms = access.ClientTerms(
        system_name="synthetic",
        delegated_roles=[value for name, value in access.Role.items() if value],
        purposes=[PURPOSE],
    )
    _send(channel, "AccessService/RegisterClient", access.RegisterClientRequest(client_id=APPS, terms=terms))
    _send(channel, "AccessService/RegisterClient", access.RegisterClientRequest(client_id="gone", terms=terms))
    _build_recognition(channel)
    for which in ("own", "other"):
        _build_tenant(channel, which)
        _send(channel, "AccessService/RegisterClient", access.RegisterClientRequest(client_id=which, terms=terms))
        _build_subscription(channel, which)
    period = values_pb2.Period(start_date="2025-01-01", end_date="2025-12-31")
    closing = reporting.ClosePeriodRequest(period_id="p", period=period)
    _send(channel, "ReportingService/ClosePeriod", closing)
    revoking = access.RevokeClientRequest(name="clients/gone", revoked_for="key-lost")
    _send(channel, "AccessService/RevokeClient", revoking)


def _build_subscription(channel: grpc.Channel, which: str) -> None:
    """The one is that of the client through which people act."""
    subscribing = deliveries.OpenSubscriptionRequest(
        subscription_id=which,
        client=f"clients/{APPS}" if which == "own" else "clients/other",
        limits=deliveries.DeliveryLimits(stall_after_seconds=86_400),
    )
    _send(channel, "DeliveryService/OpenSubscription", subscribing)


def _build_recognition(channel: grpc.Channel) -> None:
    """A programme whose only level is given by nomination; it has the name that sample requests give it."""
    level = recognition.RecognitionLevel(level="synthetic", display_name=NAME, by_nomination=True)
    proposing = recognition.ProposeRecognitionRequest(
        name="recognitions/r", effective_date="2026-01-01", source="synthetic", display_name=NAME, levels=[level]
    )
    _send(channel, "RecognitionService/ProposeRecognition", proposing)
    approving = recognition.ApproveRecognitionRequest(name="recognitions/r/versions/1")
    _send(channel, "RecognitionService/ApproveRecognition", approving, "staff/approver")


def _build_honour(channel: grpc.Channel, which: str) -> None:
    nominating = recognition.NominateRequest(
        parent=f"volunteers/{which}",
        nomination_id="n",
        recognition="recognitions/r",
        level="synthetic",
        organization=f"organizations/{which}",
    )
    _send(channel, "RecognitionService/Nominate", nominating)
    deciding = recognition.DecideNominationRequest(name=f"volunteers/{which}/nominations/n", approved=True)
    for decider in ("staff/decider-1", "staff/decider-2"):
        _send(channel, "RecognitionService/DecideNomination", deciding, decider)


def _build_tenant(channel: grpc.Channel, which: str) -> None:
    organization, opportunity = f"organizations/{which}", f"opportunities/{which}"
    shift, volunteer = f"{opportunity}/shifts/s", f"volunteers/{which}"
    _send(
        channel,
        "RegistryService/RegisterOrganization",
        registry.RegisterOrganizationRequest(organization_id=which, display_name=NAME),
    )
    _send(channel, "RegistryService/AccreditOrganization", registry.AccreditOrganizationRequest(name=organization))
    _send(
        channel,
        "RegistryService/RegisterInitiative",
        registry.RegisterInitiativeRequest(initiative_id=which, display_name=NAME, responsible=["staff/responsible"]),
    )
    roles = (("coordinator", resources_pb2.MEMBER_ROLE_COORDINATOR), ("verifier", resources_pb2.MEMBER_ROLE_VERIFIER))
    for name, role in (*roles, ("spare", resources_pb2.MEMBER_ROLE_COORDINATOR)):
        appointing = registry.AppointMemberRequest(
            parent=organization, appointment_id=name, member=f"staff/{name}-{which}", role=role, member_name=SYNTHETIC
        )
        _send(channel, "RegistryService/AppointMember", appointing)
    _send(
        channel,
        "RegistryService/RegisterVolunteer",
        registry.RegisterVolunteerRequest(
            volunteer_id=which, details=resources_pb2.PersonalDetails(full_name="synthetic person")
        ),
    )
    publishing = registry.PublishOpportunityRequest(
        opportunity_id=which, opportunity=resources_pb2.Opportunity(organization=organization, title=NAME)
    )
    _send(channel, "RegistryService/PublishOpportunity", publishing)
    supporting = projects.OpenProjectRequest(
        project_id=which, project=projects.Project(organization=organization, title=NAME, goal_seconds=3_600)
    )
    _send(channel, "ProjectService/OpenProject", supporting)
    given = projects.DonationReport(
        project=f"projects/{which}", reference=GIVEN, amount_minor_units=5, currency="SAR", given_date="2026-11-01"
    )
    _send(channel, "ProjectService/ReportDonation", projects.ReportDonationRequest(donation=given))
    place = values_pb2.Place(region="SA-01")
    opened = resources_pb2.Shift(time_zone="Asia/Riyadh", places=5, place=place)
    opened.start_time.CopyFrom(at("2026-11-20 05:00"))
    opened.end_time.CopyFrom(at("2026-11-20 09:00"))
    opening = registry.OpenShiftRequest(parent=opportunity, shift_id="s", shift=opened)
    _send(channel, "RegistryService/OpenShift", opening)
    _send(
        channel,
        "ParticipationService/RegisterForShift",
        participation.RegisterForShiftRequest(shift=shift, volunteer=volunteer),
    )
    lesson = live.OpenLiveSessionRequest(parent=shift, live_session_id="l")
    _send(channel, "LiveSessionService/OpenLiveSession", lesson)
    _build_course(channel, which)
    noted = participation.AttendanceRecord(shift=shift, volunteer=volunteer, attendance_id="a")
    recording = participation.RecordAttendanceRequest(attendance=noted)
    _send(channel, "ParticipationService/RecordAttendance", recording)
    verifying = verification.VerifyHoursRequest(name=f"{volunteer}/attendances/a")
    verified = _send(channel, "VerificationService/VerifyHours", verifying, f"staff/verifier-{which}")
    positions = resources_pb2.Attendance.FromString(verified).positions
    stating = statements.IssueStatementRequest(parent=volunteer, statement_id="s", positions=positions)
    _send_until_signed(channel, "StatementService/IssueStatement", stating)
    sharing = statements.ShareStatementRequest(name=f"{volunteer}/statements/s")
    _send(channel, "StatementService/ShareStatement", sharing)
    _build_honour(channel, which)
    consenting = registry.RecordGuardianConsentRequest(parent=volunteer, consent_id="c")
    _send(channel, "RegistryService/RecordGuardianConsent", consenting)
    preferring = registry.SetVolunteerPreferencesRequest(name=volunteer)
    preferring.preferences.interests.append("environment")
    _send(channel, "RegistryService/SetVolunteerPreferences", preferring)
    crowd = registry.OpenShiftRequest(parent=opportunity, shift_id="crowd", shift=opened)
    _send(channel, "RegistryService/OpenShift", crowd)
    counting = participation.RecordGroupAttendanceRequest(
        shift=f"{opportunity}/shifts/crowd", group_attendance_id="g", head_count=3
    )
    _send(channel, "ParticipationService/RecordGroupAttendance", counting)


def _build_course(channel: grpc.Channel, which: str) -> None:
    taught = training.Course(
        organization=f"organizations/{which}", title=NAME, completion_by=training.COMPLETION_RESULT_PASSED
    )
    publishing = training.PublishCourseRequest(course_id=which, course=taught)
    _send(channel, "TrainingService/PublishCourse", publishing)
    held = training.TrainingSession(time_zone="Asia/Riyadh", places=5, place=values_pb2.Place(region="SA-01"))
    held.start_time.CopyFrom(at("2026-11-20 05:00"))
    held.end_time.CopyFrom(at("2026-11-20 09:00"))
    opening = training.OpenTrainingSessionRequest(
        parent=f"courses/{which}", training_session_id="s", training_session=held
    )
    _send(channel, "TrainingService/OpenTrainingSession", opening)
    passed = training.CompletionRecord(
        volunteer=f"volunteers/{which}",
        course=f"courses/{which}",
        result=training.COMPLETION_RESULT_PASSED,
        completed_date="2026-11-20",
    )
    _send(channel, "TrainingService/RecordCompletion", training.RecordCompletionRequest(completion=passed))


def _send(channel: grpc.Channel, method: str, request: Message, actor: str = "staff/builder") -> bytes:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/volunteer_hours.v1.{method}")
    return call(with_id(request), metadata=acting_as(actor), timeout=20)


def _send_until_signed(channel: grpc.Channel, method: str, request: Message) -> None:
    """The log of a ledger that has just begun is signed in seconds; on a busy machine they are more."""
    until = time.monotonic() + 30
    while True:
        try:
            _send(channel, method, request)
            return
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION or time.monotonic() > until:
                raise


def callers() -> list[Caller]:
    """Somebody in each role, all through one client, and somebody in none."""

    def through(name: str, actor: str, *roles: Role, purpose: str = "") -> Caller:
        return Caller(name, acting_as(actor, client=APPS, roles=roles, purpose=purpose))

    return [
        through("administrator", "staff/authority", Role.ADMINISTRATOR),
        through("coordinator", "staff/coordinator-own"),
        through("verifier", "staff/verifier-own"),
        through("volunteer", "volunteers/own"),
        through("government_reader", "staff/ministry", Role.GOVERNMENT_READER, purpose=PURPOSE),
        through("no_purpose", "staff/ministry", Role.GOVERNMENT_READER),
        through("wrong_purpose", "staff/ministry", Role.GOVERNMENT_READER, purpose="marketing"),
        through("auditor", "staff/auditor", Role.AUDITOR),
        through("employer", "staff/clerk", Role.EMPLOYER),
        through("no_role", "staff/nobody"),
    ]
