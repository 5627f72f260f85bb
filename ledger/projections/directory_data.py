"""`data` of the events about policies, organisations, volunteers, opportunities, shifts and registrations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, TypeAlias

import msgspec

from ledger.projections.live_session_data import LIVE_SESSION_DATA, LiveSessionData
from ledger.projections.project_data import PROJECT_DATA, ProjectData
from ledger.projections.recognition_data import RECOGNITION_DATA, RecognitionData
from ledger.projections.statement_data import STATEMENT_DATA, StatementData
from ledger.projections.subscription_data import SUBSCRIPTION_DATA, SubscriptionData
from ledger.projections.training_data import TRAINING_DATA, TrainingData


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    """What no projection reads stays raw."""


class Text(_Data):
    """A text in Arabic, English or both."""

    ar: str | None = None
    en: str | None = None


class Imported(_Data):
    """Which system a migrated record comes from."""

    system: str
    record_id: str


class PolicyEnacted(_Data):
    """policy-enacted"""

    policy: str
    version: int
    day_seconds_max: int
    attendance_seconds_max: int
    overlap: msgspec.Raw
    attendance_seconds_accepted_max: msgspec.Raw
    future_tolerance_seconds: msgspec.Raw


class PolicyProposed(_Data):
    """policy-proposed: its rules as they are stored."""

    policy: str
    version: int
    effective_date: date
    rule_source: str
    rules: dict[str, object]


class PolicyApproved(_Data):
    """policy-approved"""

    policy: str
    version: int


class EventPlace(_Data):
    """Where an event stands."""

    partition: int
    position: int


class PeriodTotals(_Data):
    """Seconds served in a period, by class."""

    claimed_seconds: int
    attended_seconds: int
    verified_seconds: int
    disputed_seconds: int
    withheld_seconds: int
    reversed_seconds: int
    entry_count: int


class PeriodClosed(_Data):
    """period-closed"""

    period: str
    start_date: date
    end_date: date
    positions: tuple[EventPlace, ...]
    totals: PeriodTotals
    replaces: str | None = None


class AnomalyReviewed(_Data):
    """anomaly-reviewed"""

    anomaly: str
    anomaly_kind: str
    subjects: list[str]
    outcome: str
    reason: str
    evidence_events: int
    evidence_seconds: int
    start_date: date | None = None
    end_date: date | None = None


class OrganizationRegistered(_Data):
    """organization-registered"""

    organization: str
    display_name: Text


class OrganizationAccredited(_Data):
    """organization-accredited"""

    organization: str
    accredited_until: str | None = None


class OrganizationSuspended(_Data):
    """organization-suspended"""

    organization: str
    reason: str


class OrganizationReinstated(_Data):
    """organization-reinstated"""

    organization: str
    state: Literal["registered", "accredited"]


class MemberAppointed(_Data):
    """member-appointed"""

    organization: str
    appointment: str
    member: str
    role: Literal["coordinator", "verifier"]
    from_time: datetime
    until_time: datetime | None = None
    completions: tuple[str, ...] = ()


class RoleTrainingRequired(_Data):
    """role-training-required"""

    organization: str
    role: Literal["coordinator", "verifier"]
    required_courses: tuple[str, ...]


class AppointmentEnded(_Data):
    """appointment-ended"""

    organization: str
    appointment: str
    until_time: datetime


class InitiativeRegistered(_Data):
    """initiative-registered"""

    initiative: str
    display_name: Text
    responsible: tuple[str, ...]


class VolunteerRegistered(_Data):
    """volunteer-registered: every detail is a seal, opened by nobody here."""

    volunteer: str
    details: dict[str, str]


class VolunteerUpdated(_Data):
    """volunteer-updated: the details that changed, and the names of those no longer known."""

    volunteer: str
    details: dict[str, str]
    cleared: tuple[str, ...] = ()


class VolunteerErased(_Data):
    """volunteer-erased"""

    volunteer: str
    key_ids: tuple[str, ...]


class VolunteerLinked(_Data):
    """volunteer-linked"""

    volunteer: str
    linked_volunteer: str
    overlaps: msgspec.Raw
    overlap_seconds: int


class VolunteerLinkEnded(_Data):
    """volunteer-link-ended"""

    volunteer: str
    linked_volunteer: str
    reason: str


class VolunteerPreferencesSet(_Data):
    """volunteer-preferences-set: a seal, opened by nobody here."""

    volunteer: str
    preferences: str


class CharterAccepted(_Data):
    """charter-accepted"""

    volunteer: str
    charter: str
    charter_version: int


class GuardianConsentGiven(_Data):
    """guardian-consent-given: who the guardian is stays sealed and is not looked at."""

    volunteer: str
    consent: str
    guardian: str | None = None
    until_date: str | None = None


class GuardianConsentWithdrawn(_Data):
    """guardian-consent-withdrawn"""

    volunteer: str
    consent: str


class OpportunityDetails(_Data):
    """All that is said of an opportunity."""

    title: Text
    description: Text | None = None
    sector: str | None = None
    event_type: str | None = None
    skills: tuple[str, ...] = ()
    minimum_age_years: int = 0
    level: Literal["general", "skilled", "professional"] | None = None
    partner_type: Literal["government", "non_profit", "private"] | None = None
    compulsory_service: bool = False
    crediting: Literal["clock", "schedule"] = "clock"
    required_courses: tuple[str, ...] | None = None


class OpportunityPublished(_Data):
    """opportunity-published"""

    opportunity: str
    organization: str
    details: OpportunityDetails
    imported_from: Imported | None = None


class OpportunityUpdated(_Data):
    """opportunity-updated: the details, whole."""

    opportunity: str
    organization: str
    details: OpportunityDetails
    changed: tuple[str, ...]
    imported_from: Imported | None = None


class RegistrationRulesSet(_Data):
    """registration-rules-set"""

    opportunity: str
    organization: str
    approval_required: bool
    waiting_places: int


class OpportunityClosed(_Data):
    """opportunity-closed"""

    opportunity: str
    organization: str


class Place(_Data):
    """Where service happens."""

    region: str | None = None
    online: bool = False
    city: str | None = None


class ShiftOpened(_Data):
    """shift-opened"""

    shift: str
    opportunity: str
    time_zone: str
    places: int
    place: Place
    start: datetime | None = None
    end: datetime | None = None
    service_date: str | None = None
    imported_from: Imported | None = None


class ShiftUpdated(_Data):
    """shift-updated"""

    shift: str
    opportunity: str
    places: int
    imported_from: Imported | None = None


class ShiftRescheduled(_Data):
    """shift-rescheduled"""

    shift: str
    opportunity: str
    start: datetime
    end: datetime
    imported_from: Imported | None = None


class ShiftCancelled(_Data):
    """shift-cancelled"""

    shift: str
    opportunity: str
    reason: str


class _OfRegistration(_Data):
    """What every event of a registration says."""

    registration: str
    shift: str
    opportunity: str
    volunteer: str


class RegistrationAccepted(_OfRegistration):
    """registration-accepted"""

    minimum_age_met: bool | None = None


class RegistrationRequested(_OfRegistration):
    """registration-requested"""

    minimum_age_met: bool | None = None


class RegistrationWaitlisted(_OfRegistration):
    """registration-waitlisted: the event's position is its place in the order."""

    minimum_age_met: bool | None = None


class RegistrationDeclined(_OfRegistration):
    """registration-declined"""

    reason: str


class RegistrationWithdrawn(_OfRegistration):
    """registration-withdrawn"""


class WaitingEnded(_OfRegistration):
    """waiting-ended"""

    reason: str


class AbsenceRecorded(_OfRegistration):
    """absence-recorded"""


class EligibilityEstablished(_OfRegistration):
    """eligibility-established: facts a later check-in rests on."""

    service_date: str
    adult_at_service: bool | None = None
    consent: str | None = None
    charter: str | None = None
    charter_version: int | None = None


class RequirementLost(_Data, kw_only=True):
    """requirement-lost"""

    holder: str
    standing: str
    requirement: str
    period_start: date | None = None
    period_end: date
    counted_seconds: int
    evaluated_at: tuple[EventPlace, ...]
    cause: EventPlace


class RequirementMet(RequirementLost, kw_only=True):
    """requirement-met"""

    level: str


DirectoryData: TypeAlias = (
    PolicyEnacted
    | PolicyProposed
    | PolicyApproved
    | PeriodClosed
    | AnomalyReviewed
    | OrganizationRegistered
    | OrganizationAccredited
    | OrganizationSuspended
    | OrganizationReinstated
    | MemberAppointed
    | AppointmentEnded
    | RoleTrainingRequired
    | InitiativeRegistered
    | RequirementMet
    | RequirementLost
    | VolunteerRegistered
    | VolunteerUpdated
    | VolunteerErased
    | VolunteerLinked
    | VolunteerLinkEnded
    | CharterAccepted
    | GuardianConsentGiven
    | VolunteerPreferencesSet
    | GuardianConsentWithdrawn
    | OpportunityPublished
    | OpportunityUpdated
    | OpportunityClosed
    | RegistrationRulesSet
    | ShiftOpened
    | ShiftUpdated
    | ShiftRescheduled
    | ShiftCancelled
    | RegistrationAccepted
    | RegistrationRequested
    | RegistrationWaitlisted
    | RegistrationDeclined
    | RegistrationWithdrawn
    | WaitingEnded
    | AbsenceRecorded
    | EligibilityEstablished
    | StatementData
    | LiveSessionData
    | ProjectData
    | SubscriptionData
    | TrainingData
    | RecognitionData
)

DIRECTORY_DATA: Final[dict[str, type[DirectoryData]]] = {
    "policy-enacted": PolicyEnacted,
    "policy-proposed": PolicyProposed,
    "policy-approved": PolicyApproved,
    "period-closed": PeriodClosed,
    "anomaly-reviewed": AnomalyReviewed,
    "organization-registered": OrganizationRegistered,
    "organization-accredited": OrganizationAccredited,
    "organization-suspended": OrganizationSuspended,
    "organization-reinstated": OrganizationReinstated,
    "member-appointed": MemberAppointed,
    "appointment-ended": AppointmentEnded,
    "role-training-required": RoleTrainingRequired,
    "initiative-registered": InitiativeRegistered,
    "requirement-met": RequirementMet,
    "requirement-lost": RequirementLost,
    "volunteer-registered": VolunteerRegistered,
    "volunteer-updated": VolunteerUpdated,
    "volunteer-erased": VolunteerErased,
    "volunteer-linked": VolunteerLinked,
    "volunteer-link-ended": VolunteerLinkEnded,
    "charter-accepted": CharterAccepted,
    "guardian-consent-given": GuardianConsentGiven,
    "volunteer-preferences-set": VolunteerPreferencesSet,
    "guardian-consent-withdrawn": GuardianConsentWithdrawn,
    "opportunity-published": OpportunityPublished,
    "opportunity-updated": OpportunityUpdated,
    "opportunity-closed": OpportunityClosed,
    "registration-rules-set": RegistrationRulesSet,
    "shift-opened": ShiftOpened,
    "shift-updated": ShiftUpdated,
    "shift-rescheduled": ShiftRescheduled,
    "shift-cancelled": ShiftCancelled,
    "registration-accepted": RegistrationAccepted,
    "registration-requested": RegistrationRequested,
    "registration-waitlisted": RegistrationWaitlisted,
    "registration-declined": RegistrationDeclined,
    "registration-withdrawn": RegistrationWithdrawn,
    "waiting-ended": WaitingEnded,
    "absence-recorded": AbsenceRecorded,
    "eligibility-established": EligibilityEstablished,
    **STATEMENT_DATA,
    **LIVE_SESSION_DATA,
    **PROJECT_DATA,
    **SUBSCRIPTION_DATA,
    **TRAINING_DATA,
    **RECOGNITION_DATA,
}
