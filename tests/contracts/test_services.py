"""Protos, services and the domain speak of the same things: what one of them adds, the others must know."""

import pytest
from google.protobuf.descriptor import EnumDescriptor, ServiceDescriptor

from ledger.domain.opportunity import OpportunityDetails
from ledger.domain.policy import HoursRules, Level, Rate, Rates, RequirementRules
from ledger.domain.values import EVIDENCE_CLASSES
from ledger.domain.volunteer import SealedDetails
from ledger.grpc import resources
from ledger.grpc.access_service import AccessService
from ledger.grpc.audit_service import AuditService
from ledger.grpc.delivery_service import DeliveryService
from ledger.grpc.directory_service import DirectoryService, volunteer_message
from ledger.grpc.event_replay import MESSAGE_BYTES_MAX, parts_of
from ledger.grpc.hours_service import HoursService
from ledger.grpc.impact_service import ImpactService
from ledger.grpc.live_session_service import LiveSessionService
from ledger.grpc.opportunity_search_service import OpportunitySearchService
from ledger.grpc.participation_service import METHODS, ParticipationService
from ledger.grpc.policy_messages import CLASSES as EVIDENCE_CLASS_NUMBERS
from ledger.grpc.policy_messages import KINDS, PERIODS, ROUNDINGS
from ledger.grpc.policy_service import PolicyService
from ledger.grpc.project_service import ProjectService
from ledger.grpc.recognition_service import RecognitionService
from ledger.grpc.registry_service import RegistryService
from ledger.grpc.reporting_service import ReportingService
from ledger.grpc.server import SERVICES
from ledger.grpc.statement_messages import DETAILS, REVOCATIONS, STATES
from ledger.grpc.statement_messages import KINDS as STATEMENT_KINDS
from ledger.grpc.statement_service import StatementService
from ledger.grpc.training_service import TrainingService
from ledger.grpc.values import IDENTITY_TYPES, id_for
from ledger.grpc.verification_service import RESOLUTIONS, VerificationService
from ledger.projections.delivery_messages import FIELDS
from ledger.projections.delivery_messages import STATES as SUBSCRIPTION_STATES
from volunteer_hours.v1 import (
    delivery_service_pb2,
    policy_service_pb2,
    resources_pb2,
    statement_service_pb2,
    values_pb2,
    verification_service_pb2,
)

CLASSES = {
    "AccessService": AccessService,
    "RegistryService": RegistryService,
    "ParticipationService": ParticipationService,
    "VerificationService": VerificationService,
    "OpportunitySearchService": OpportunitySearchService,
    "PolicyService": PolicyService,
    "ReportingService": ReportingService,
    "StatementService": StatementService,
    "LiveSessionService": LiveSessionService,
    "ProjectService": ProjectService,
    "DeliveryService": DeliveryService,
    "TrainingService": TrainingService,
    "RecognitionService": RecognitionService,
    "DirectoryService": DirectoryService,
    "HoursService": HoursService,
    "ImpactService": ImpactService,
    "AuditService": AuditService,
}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_method_of_a_proto_is_answered_and_nothing_else(service: ServiceDescriptor):
    answered = {name for name in vars(CLASSES[service.name]) if name[0].isupper()}
    assert answered == {method.name for method in service.methods}


@pytest.mark.parametrize(
    ("enum", "known"),
    [
        (resources_pb2.OrganizationState.DESCRIPTOR, resources.ORGANIZATION_STATES.values()),
        (resources_pb2.MemberRole.DESCRIPTOR, resources.ROLES.values()),
        (resources_pb2.OpportunityState.DESCRIPTOR, resources.OPPORTUNITY_STATES.values()),
        (resources_pb2.VolunteeringLevel.DESCRIPTOR, resources.LEVELS.values()),
        (resources_pb2.PartnerType.DESCRIPTOR, resources.PARTNER_TYPES.values()),
        (resources_pb2.Crediting.DESCRIPTOR, resources.CREDITINGS.values()),
        (resources_pb2.ShiftState.DESCRIPTOR, resources.SHIFT_STATES.values()),
        (resources_pb2.RegistrationState.DESCRIPTOR, resources.REGISTRATION_STATES.values()),
        (resources_pb2.AttendanceState.DESCRIPTOR, resources.ATTENDANCE_STATES.values()),
        (resources_pb2.AttendanceMethod.DESCRIPTOR, METHODS),
        (verification_service_pb2.DisputeResolution.DESCRIPTOR, RESOLUTIONS),
        (values_pb2.IdentityType.DESCRIPTOR, IDENTITY_TYPES),
        (statement_service_pb2.StatementKind.DESCRIPTOR, [kind for kind in STATEMENT_KINDS if kind]),
        (statement_service_pb2.StatementDetail.DESCRIPTOR, DETAILS.values()),
        (statement_service_pb2.StatementRevocation.DESCRIPTOR, REVOCATIONS),
        (statement_service_pb2.StatementState.DESCRIPTOR, set(STATES.values())),
        (delivery_service_pb2.DeliveryField.DESCRIPTOR, FIELDS.values()),
        (delivery_service_pb2.SubscriptionState.DESCRIPTOR, SUBSCRIPTION_STATES.values()),
        (values_pb2.EvidenceClass.DESCRIPTOR, EVIDENCE_CLASS_NUMBERS.values()),
        (policy_service_pb2.PolicyKind.DESCRIPTOR, KINDS.values()),
        (policy_service_pb2.Rounding.DESCRIPTOR, ROUNDINGS.values()),
        (policy_service_pb2.RequirementPeriod.DESCRIPTOR, PERIODS.values()),
    ],
    ids=lambda value: value.name if isinstance(value, EnumDescriptor) else "",
)
def test_every_value_of_an_enum_is_translated(enum: EnumDescriptor, known):
    assert set(known) == {value.number for value in enum.values if value.number}


def test_evidence_classes_are_the_accounts():
    numbered = {value.name.removeprefix("EVIDENCE_CLASS_") for value in values_pb2.EvidenceClass.DESCRIPTOR.values}
    assert numbered - {"UNSPECIFIED"} == {account.name for account in EVIDENCE_CLASSES}
    fields = {field.name for field in values_pb2.EvidenceSeconds.DESCRIPTOR.fields}
    assert fields == {f"{account.value}_seconds" for account in EVIDENCE_CLASSES} | {"recorded_seconds"}


def test_every_detail_of_an_opportunity_can_be_sent():
    sent = {field.name for field in resources_pb2.Opportunity.DESCRIPTOR.fields}
    assert sent - set(OpportunityDetails.model_fields) == {
        "name",
        "organization",
        "state",
        "imported_from",
        "positions",
        "registration_rules",
    }
    assert set(OpportunityDetails.model_fields) <= sent


def test_every_personal_detail_is_sealed_and_comes_back():
    sent = {field.name for field in resources_pb2.PersonalDetails.DESCRIPTOR.fields}
    assert {name.replace("identity_type", "identity") for name in SealedDetails.model_fields} == (
        sent | {"identity_number"}
    )
    texts = {name: "passport/JO" if name == "identity_type" else name for name in SealedDetails.model_fields}
    details = volunteer_message("volunteers/ana", {**texts}).details
    assert {field.name for field, _ in details.ListFields()} == sent
    assert details.identity.number == "identity_number"


def test_a_made_id_is_the_same_for_the_same_request_only():
    made = {id_for(client, key) for client in ("local", "ministry") for key in ("a", "a/0", "a/1")}
    assert len(made) == 6
    assert id_for("local", "a") == id_for("local", "a")
    assert all(len(name) == 32 and name.isalnum() and name == name.lower() for name in made)


@pytest.mark.parametrize(("lengths", "parts"), [([], 0), ([10] * 500, 1), ([65_535] * 100, 3)])
def test_a_page_leaves_in_messages_that_clients_accept(lengths: list[int], parts: int):
    bodies = [bytes(length) for length in lengths]
    split = list(parts_of(bodies))
    assert len(split) == parts
    assert [body for part in split for body in part] == bodies
    assert all(part and sum(map(len, part)) <= MESSAGE_BYTES_MAX for part in split)


def test_every_rule_of_a_policy_can_be_sent():
    for message, rules in (
        (policy_service_pb2.HoursRules, HoursRules),
        (policy_service_pb2.RequirementRules, RequirementRules),
        (policy_service_pb2.RequirementLevel, Level),
        (policy_service_pb2.Rates, Rates),
        (policy_service_pb2.Rate, Rate),
    ):
        assert {field.name for field in message.DESCRIPTOR.fields} == set(rules.model_fields) - {"kind"}
