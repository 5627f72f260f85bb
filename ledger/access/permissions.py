"""The table: for every method which role may call it, on what, and whose hours its answer tells.

What is not here is refused; a method without a row fails `tests/contracts/test_permissions.py`. Roles are tried in the
order of `ORDER`; the first one whose rule lets the request through is the one that the access is recorded under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.access.caller import Role
from ledger.access.rules import (
    EitherOrganization,
    Everything,
    OwnOrganization,
    OwnPerson,
    OwnSubscription,
    Rule,
    Serves,
    VerifiesFor,
    WithPurpose,
)

ORDER: Final = (
    Role.ADMINISTRATOR,
    Role.VOLUNTEER,
    Role.COORDINATOR,
    Role.VERIFIER,
    Role.AUDITOR,
    Role.GOVERNMENT_READER,
    Role.EMPLOYER,
)


@dataclass(frozen=True, slots=True)
class Looks:
    """Where a call names the persons whose hours or details its answer tells: paths in the request or the answer."""

    request: str = ""
    answer: str = ""
    linked: str = ""
    """In the answer: other names of the same persons, whose hours it tells, too."""
    everybody: bool = False
    """Events are read whole: which positions is recorded, not who."""
    everybody_without: str = ""
    """The same of entries, while this field of the request is empty: what a page holds is recorded before it leaves."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A row of the table."""

    roles: Mapping[Role, Rule]
    looks: Looks | None = None


_ALL: Final = Everything()
_ADMINISTRATOR: Final[Mapping[Role, Rule]] = {Role.ADMINISTRATOR: _ALL}
_ANYBODY: Final[Mapping[Role, Rule]] = {role: _ALL for role in ORDER if role is not Role.EMPLOYER}
_OFFICES: Final[Mapping[Role, Rule]] = {
    **_ADMINISTRATOR,
    Role.AUDITOR: _ALL,
    Role.GOVERNMENT_READER: WithPurpose(),
}
_REPLAYS: Final[Mapping[Role, Rule]] = {**_ADMINISTRATOR, Role.AUDITOR: _ALL}

_DELIVERED: Final[Mapping[Role, Rule]] = {Role.GOVERNMENT_READER: OwnSubscription("name")}
"""Nobody else knows what a receiver took."""


def _command(**rules: Rule) -> Permission:
    return Permission({**_ADMINISTRATOR, **{Role(name): rule for name, rule in rules.items()}})


def _asked_of(path: str, **rules: Rule) -> Mapping[Role, Rule]:
    """Hours of persons who are named: for offices, and for the person."""
    return {**_OFFICES, Role.VOLUNTEER: OwnPerson(path), **{Role(name): rule for name, rule in rules.items()}}


def _own_statements(path: str) -> Mapping[Role, Rule]:
    """What a person does with their own statements, or the authority at a desk for them."""
    return {**_ADMINISTRATOR, Role.VOLUNTEER: OwnPerson(path)}


def _organization(path: str) -> Permission:
    """What a coordinator does for an organisation."""
    return _command(coordinator=OwnOrganization(path))


def _attended(path: str) -> Permission:
    """What a coordinator or the person does with an attendance or a registration."""
    return _command(coordinator=OwnOrganization(path), volunteer=OwnPerson(path))


def _verified() -> Permission:
    return _command(verifier=VerifiesFor("name", "organization"))


_NAME: Final = Looks(request="name")
_NAME_AND_LINKED: Final = Looks(request="name", linked="linked_names")

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "AccessService/RegisterClient": Permission(_ADMINISTRATOR),
    "AccessService/UpdateClient": Permission(_ADMINISTRATOR),
    "AccessService/RevokeClient": Permission(_ADMINISTRATOR),
    "AccessService/GetClient": Permission(_REPLAYS),
    "AccessService/ListClients": Permission(_REPLAYS),
    "AccessService/ListAccesses": Permission({**_REPLAYS, Role.VOLUNTEER: OwnPerson("parent")}),
    "RegistryService/RegisterOrganization": Permission(_ADMINISTRATOR),
    "RegistryService/AccreditOrganization": Permission(_ADMINISTRATOR),
    "RegistryService/SuspendOrganization": Permission(_ADMINISTRATOR),
    "RegistryService/ReinstateOrganization": Permission(_ADMINISTRATOR),
    "RegistryService/RegisterInitiative": Permission(_ADMINISTRATOR),
    "RegistryService/AppointMember": Permission(_ADMINISTRATOR),
    "RegistryService/RequireTraining": Permission(_ADMINISTRATOR),
    "RegistryService/EndAppointment": Permission(_ADMINISTRATOR),
    "RegistryService/EraseMember": Permission(_ADMINISTRATOR),
    "RegistryService/RegisterVolunteer": _command(coordinator=_ALL, volunteer=OwnPerson("volunteer_id", "volunteers/")),
    "RegistryService/UpdateVolunteer": _command(volunteer=OwnPerson("name")),
    "RegistryService/SetVolunteerPreferences": _command(volunteer=OwnPerson("name")),
    "RegistryService/EraseVolunteer": Permission(_ADMINISTRATOR),
    "RegistryService/LinkVolunteers": Permission(_ADMINISTRATOR),
    "RegistryService/ApproveVolunteerLink": Permission(_ADMINISTRATOR),
    "RegistryService/EndVolunteerLink": Permission(_ADMINISTRATOR),
    "RegistryService/PublishOpportunity": _organization("opportunity.organization"),
    "RegistryService/UpdateOpportunity": _organization("name"),
    "RegistryService/CloseOpportunity": _organization("name"),
    "RegistryService/OpenShift": _organization("parent"),
    "RegistryService/UpdateShift": _organization("name"),
    "RegistryService/CancelShift": _organization("name"),
    "RegistryService/SetRegistrationRules": _organization("name"),
    "RegistryService/AcceptCharter": _command(volunteer=OwnPerson("name"), coordinator=Serves("name")),
    "RegistryService/RecordGuardianConsent": _command(coordinator=Serves("parent")),
    "RegistryService/WithdrawGuardianConsent": _command(coordinator=Serves("name")),
    "ParticipationService/RegisterForShift": _command(
        coordinator=OwnOrganization("shift"), volunteer=OwnPerson("volunteer")
    ),
    "ParticipationService/WithdrawRegistration": _attended("name"),
    "ParticipationService/ApproveRegistration": _organization("name"),
    "ParticipationService/DeclineRegistration": _organization("name"),
    "ParticipationService/RecordAbsence": _organization("name"),
    "ParticipationService/CheckIn": _command(coordinator=OwnOrganization("shift"), volunteer=OwnPerson("volunteer")),
    "ParticipationService/CheckOut": _attended("name"),
    "ParticipationService/RecordAttendance": _organization("attendance.shift"),
    "ParticipationService/RecordAttendances": _organization("attendances.shift"),
    "ParticipationService/RecordGroupAttendance": _organization("shift"),
    "ParticipationService/CorrectAttendance": _organization("name"),
    "ParticipationService/WithdrawAttendance": _organization("name"),
    "ParticipationService/ClaimHours": _command(volunteer=OwnPerson("volunteer")),
    "ParticipationService/WithdrawClaim": _command(volunteer=OwnPerson("name")),
    "ParticipationService/ConfirmAttendance": _command(volunteer=OwnPerson("name")),
    "ParticipationService/TransferAttendance": Permission(_ADMINISTRATOR),
    "ParticipationService/NameGroupMember": _organization("name"),
    "VerificationService/VerifyHours": _verified(),
    "VerificationService/BatchVerifyHours": _command(verifier=VerifiesFor("items.name", "items.organization")),
    "VerificationService/DeclineHours": _verified(),
    "VerificationService/ReverseHours": _verified(),
    "VerificationService/ReassessHours": _command(verifier=OwnOrganization("name")),
    "VerificationService/AdjustHours": _verified(),
    "VerificationService/DisputeHours": _command(
        verifier=VerifiesFor("name", "organization"),
        coordinator=OwnOrganization("name"),
        volunteer=OwnPerson("name"),
    ),
    "VerificationService/ResolveDispute": _verified(),
    "PolicyService/ProposePolicy": Permission(_ADMINISTRATOR),
    "PolicyService/ApprovePolicy": Permission(_ADMINISTRATOR),
    "PolicyService/GetPolicy": Permission(_ANYBODY),
    "PolicyService/ListPolicies": Permission(_ANYBODY),
    "ReportingService/ClosePeriod": Permission(_ADMINISTRATOR),
    "StatementService/IssueStatement": Permission(_own_statements("parent"), Looks(request="parent")),
    "StatementService/BatchIssueStatements": Permission(_ADMINISTRATOR, Looks(request="items.parent")),
    "StatementService/GetStatement": Permission({**_own_statements("name"), Role.AUDITOR: _ALL}, _NAME),
    "StatementService/ListStatements": Permission(
        {**_own_statements("parent"), Role.AUDITOR: _ALL}, Looks(request="parent", answer="statements.name")
    ),
    "StatementService/RevokeStatement": Permission(_own_statements("name")),
    "StatementService/ShareStatement": Permission(_own_statements("name")),
    "StatementService/WithdrawShare": Permission(_own_statements("name")),
    "StatementService/ListShares": Permission(_own_statements("parent")),
    "StatementService/GetStatementDocument": Permission(_own_statements("name"), _NAME),
    "StatementService/GetStatementBadge": Permission(_own_statements("name"), _NAME),
    "StatementService/ConfirmStatement": Permission(
        {**_ADMINISTRATOR, Role.GOVERNMENT_READER: WithPurpose(), Role.EMPLOYER: _ALL}, Looks(answer="name")
    ),
    "LiveSessionService/OpenLiveSession": _organization("parent"),
    "LiveSessionService/Attend": _command(
        coordinator=OwnOrganization("signal.session"), volunteer=OwnPerson("signal.volunteer")
    ),
    "LiveSessionService/SignalPresence": _command(
        coordinator=OwnOrganization("signal.session"), volunteer=OwnPerson("signal.volunteer")
    ),
    "LiveSessionService/EndLiveSession": _organization("name"),
    "LiveSessionService/GetLiveSession": Permission(_ANYBODY),
    "LiveSessionService/ListLiveSessions": Permission(_ANYBODY),
    "LiveSessionService/GetLiveCurve": Permission(_ANYBODY),
    "LiveSessionService/AttachExternalCurve": _organization("name"),
    "LiveSessionService/ListExternalCurves": Permission(_ANYBODY),
    "LiveSessionService/CertifyPeak": Permission(_ADMINISTRATOR),
    "LiveSessionService/GetPeakCertificate": Permission(_ANYBODY),
    "LiveSessionService/GetPeakFile": Permission(_REPLAYS),
    "LiveSessionService/ConfirmPeak": Permission(_ADMINISTRATOR),
    "ProjectService/OpenProject": _organization("project.organization"),
    "ProjectService/UpdateProject": _organization("name"),
    "ProjectService/CloseProject": _organization("name"),
    "ProjectService/LinkOpportunity": _organization("opportunity"),
    "ProjectService/UnlinkOpportunity": _command(coordinator=EitherOrganization("name", "opportunity")),
    "ProjectService/GetProject": Permission(_ANYBODY),
    "ProjectService/ListProjects": Permission(_ANYBODY),
    "ProjectService/ReportDonation": _organization("donation.project"),
    "ProjectService/ReportDonations": _organization("donations.project"),
    "ProjectService/CorrectDonation": _organization("name"),
    "ProjectService/RefundDonation": _organization("name"),
    "ProjectService/ListDonations": Permission({**_REPLAYS, Role.COORDINATOR: OwnOrganization("parent")}),
    "ProjectService/GetProjectProgress": Permission(_ANYBODY),
    "DeliveryService/OpenSubscription": Permission(_ADMINISTRATOR),
    "DeliveryService/UpdateSubscription": Permission(_ADMINISTRATOR),
    "DeliveryService/CloseSubscription": Permission(_ADMINISTRATOR),
    "DeliveryService/Subscribe": Permission(_DELIVERED, Looks(answer="pieces.holder")),
    "DeliveryService/Pull": Permission({**_ADMINISTRATOR, **_DELIVERED}, Looks(answer="pieces.holder")),
    "DeliveryService/Acknowledge": Permission(_DELIVERED),
    "DeliveryService/GetLag": Permission({**_REPLAYS, **_DELIVERED}),
    "DeliveryService/ListLags": Permission(_REPLAYS),
    "DeliveryService/ListRefusals": Permission({**_REPLAYS, Role.GOVERNMENT_READER: OwnSubscription("parent")}),
    "TrainingService/PublishCourse": _organization("course.organization"),
    "TrainingService/UpdateCourse": _organization("name"),
    "TrainingService/CloseCourse": _organization("name"),
    "TrainingService/OpenTrainingSession": _organization("parent"),
    "TrainingService/CancelTrainingSession": _organization("name"),
    "TrainingService/RecordCompletion": _organization("completion.course"),
    "TrainingService/RecordCompletions": _organization("completions.course"),
    "TrainingService/RevokeCompletion": _organization("name"),
    "TrainingService/GetCourse": Permission(_ANYBODY),
    "TrainingService/ListCourses": Permission(_ANYBODY),
    "TrainingService/ListTrainingSessions": Permission(_ANYBODY),
    "TrainingService/GetCompletion": Permission(_asked_of("name", coordinator=OwnOrganization("name")), _NAME),
    "TrainingService/ListCompletions": Permission(_asked_of("parent"), Looks(request="parent")),
    "TrainingService/GetCompletionProof": Permission(_asked_of("name", coordinator=OwnOrganization("name")), _NAME),
    "RecognitionService/ProposeRecognition": Permission(_ADMINISTRATOR),
    "RecognitionService/ApproveRecognition": Permission(_ADMINISTRATOR),
    "RecognitionService/GetRecognition": Permission(_ANYBODY),
    "RecognitionService/ListRecognitions": Permission(_ANYBODY),
    "RecognitionService/Nominate": _organization("organization"),
    "RecognitionService/DecideNomination": Permission(_ADMINISTRATOR),
    "RecognitionService/GetNomination": Permission(
        {**_ADMINISTRATOR, Role.VOLUNTEER: OwnPerson("name"), Role.AUDITOR: _ALL}, _NAME
    ),
    "RecognitionService/GetMilestone": Permission(_asked_of("name"), _NAME),
    "RecognitionService/ListMilestones": Permission(_asked_of("parent"), Looks(request="parent")),
    "RecognitionService/ListHonours": Permission(_OFFICES, Looks(answer="honours.holder")),
    "RecognitionService/ExplainHonour": Permission(
        _asked_of("name"), Looks(request="name", answer="entries.attendance")
    ),
    "RecognitionService/GetHonourBadge": Permission(_own_statements("name"), _NAME),
    "OpportunitySearchService/SearchOpportunities": Permission(_ANYBODY),
    "OpportunitySearchService/MatchOpportunities": Permission(
        {**_ADMINISTRATOR, Role.VOLUNTEER: OwnPerson("parent")}, Looks(request="parent")
    ),
    "DirectoryService/GetOrganization": Permission(_ANYBODY),
    "DirectoryService/ListOrganizations": Permission(_ANYBODY),
    "DirectoryService/GetInitiative": Permission(_ANYBODY),
    "DirectoryService/ListInitiatives": Permission(_ANYBODY),
    "DirectoryService/GetVolunteer": Permission(
        {
            **_ADMINISTRATOR,
            Role.GOVERNMENT_READER: WithPurpose(),
            Role.VOLUNTEER: OwnPerson("name"),
            Role.COORDINATOR: Serves("name"),
            Role.VERIFIER: Serves("name"),
        },
        _NAME,
    ),
    "DirectoryService/GetVolunteerPreferences": Permission(
        {**_ADMINISTRATOR, Role.VOLUNTEER: OwnPerson("name")}, _NAME
    ),
    "DirectoryService/ListVolunteers": Permission(_ADMINISTRATOR, Looks(answer="volunteers.name")),
    "DirectoryService/GetMember": _command(coordinator=OwnPerson("name"), verifier=OwnPerson("name")),
    "DirectoryService/GetErasureReceipt": Permission({**_REPLAYS, Role.VOLUNTEER: OwnPerson("name")}),
    "DirectoryService/GetOpportunity": Permission(_ANYBODY),
    "DirectoryService/ListOpportunities": Permission(_ANYBODY),
    "DirectoryService/GetShift": Permission(_ANYBODY),
    "DirectoryService/ListShifts": Permission(_ANYBODY),
    "DirectoryService/GetRegistration": Permission(
        {
            **_ADMINISTRATOR,
            Role.VOLUNTEER: OwnPerson("name"),
            Role.COORDINATOR: OwnOrganization("name"),
            Role.VERIFIER: OwnOrganization("name"),
        },
        Looks(answer="volunteer"),
    ),
    "DirectoryService/ListRegistrations": Permission(
        {
            **_ADMINISTRATOR,
            Role.VOLUNTEER: OwnPerson("parent"),
            Role.COORDINATOR: OwnOrganization("parent"),
            Role.VERIFIER: OwnOrganization("parent"),
        },
        Looks(answer="registrations.volunteer"),
    ),
    "DirectoryService/GetAttendance": Permission(
        _asked_of("name", coordinator=OwnOrganization("name"), verifier=OwnOrganization("name")), _NAME
    ),
    "DirectoryService/ListAttendances": Permission(
        _asked_of("parent", coordinator=OwnOrganization("parent"), verifier=OwnOrganization("parent")),
        Looks(answer="attendances.name"),
    ),
    "DirectoryService/StreamAttendances": Permission(
        _asked_of("parent", coordinator=OwnOrganization("parent")), Looks(request="parent", answer="attendances.name")
    ),
    "DirectoryService/GetRequirementStanding": Permission(_asked_of("name"), _NAME),
    "DirectoryService/ListRequirementStandings": Permission(_asked_of("parent"), Looks(request="parent")),
    "DirectoryService/LookupVolunteer": Permission(
        {**_ADMINISTRATOR, Role.GOVERNMENT_READER: WithPurpose()}, Looks(answer="name")
    ),
    "HoursService/GetBalance": Permission(_asked_of("name", coordinator=OwnOrganization("name")), _NAME_AND_LINKED),
    "HoursService/BatchGetBalances": Permission(
        _asked_of("names"), Looks(answer="balances.name", linked="balances.linked_names")
    ),
    "HoursService/ListEntries": Permission(
        _asked_of("parent", coordinator=OwnOrganization("parent")), Looks(request="parent")
    ),
    "HoursService/SummarizeHours": Permission(
        {
            **_ADMINISTRATOR,
            Role.AUDITOR: _ALL,
            Role.GOVERNMENT_READER: _ALL,
            Role.COORDINATOR: OwnOrganization("organization"),
            Role.VERIFIER: OwnOrganization("organization"),
        }
    ),
    "HoursService/CheckRequirement": Permission(_asked_of("name"), Looks(answer="name", linked="linked_names")),
    "HoursService/BatchCheckRequirements": Permission(
        _asked_of("names"), Looks(answer="results.check.name", linked="results.check.linked_names")
    ),
    "HoursService/ExplainBalance": Permission(_asked_of("name", coordinator=OwnOrganization("name")), _NAME),
    "HoursService/WatchBalance": Permission(_asked_of("name"), _NAME_AND_LINKED),
    "HoursService/WatchRequirement": Permission(_asked_of("name"), _NAME_AND_LINKED),
    "HoursService/GetClosedPeriod": Permission(_ANYBODY),
    "HoursService/ListClosedPeriods": Permission(_ANYBODY),
    "HoursService/ListRestatements": Permission(_OFFICES, Looks(answer="restatements.attendance")),
    "HoursService/StreamEntries": Permission(
        _asked_of("parent", coordinator=OwnOrganization("parent")),
        Looks(request="parent", answer="holder.values", everybody_without="parent"),
    ),
    "ImpactService/GetImpactReport": Permission(_OFFICES),
    "ImpactService/ExportImpactReport": Permission(_OFFICES),
    "AuditService/ReplayEvents": Permission(_REPLAYS, Looks(everybody=True)),
    "AuditService/GetEvent": Permission(_REPLAYS, Looks(everybody=True)),
    "AuditService/GetCheckpoint": Permission(_ANYBODY),
    "AuditService/GetInclusionProof": Permission(_ANYBODY),
    "AuditService/GetConsistencyProof": Permission(_ANYBODY),
    "AuditService/GetBalanceProof": Permission(_asked_of("name"), _NAME),
    "AuditService/ListAnomalies": Permission(_REPLAYS, Looks(answer="anomalies.persons")),
    "AuditService/ReviewAnomaly": Permission(_REPLAYS, Looks(answer="persons")),
}
