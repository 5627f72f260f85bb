"""Every event by its stored name: its stream and its fields, as the tables of `docs/format.md` have them.

Written from that page and not from the domain, whose classes also take what they can mend: an auditor takes what the
page says. A field has the same kind in every event that has it; `?` marks what may be absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ledger.export_audit import value_forms as forms
from ledger.export_audit.value_forms import ACTOR_ID_FORM, ID_FORM, Fields, Movement

_STREAMS: Final = {
    "partitions": "partitions/(?:0|[1-9][0-9]{0,18})",
    "policies": f"policies/{ID_FORM}",
    "periods": f"periods/{ID_FORM}",
    "anomalies": f"anomalies/{ID_FORM}",
    "organizations": f"organizations/{ID_FORM}",
    "initiatives": f"initiatives/{ID_FORM}",
    "clients": f"clients/{ID_FORM}",
    "staff": f"staff/{ACTOR_ID_FORM}",
    "volunteers": f"volunteers/{ID_FORM}",
    "attendances": f"volunteers/{ID_FORM}/attendances/{ID_FORM}",
    "standings": f"volunteers/{ID_FORM}/requirements/{ID_FORM}/standings/{ID_FORM}",
    "milestones": f"(?:volunteers|initiatives)/{ID_FORM}/recognitions/{ID_FORM}/milestones/{ID_FORM}",
    "nominations": f"volunteers/{ID_FORM}/nominations/{ID_FORM}",
    "recognitions": f"recognitions/{ID_FORM}",
    "statements": f"volunteers/{ID_FORM}/statements/{ID_FORM}",
    "completions": f"volunteers/{ID_FORM}/completions/{ID_FORM}",
    "opportunities": f"opportunities/{ID_FORM}",
    "shifts": f"opportunities/{ID_FORM}/shifts/{ID_FORM}",
    "registrations": f"opportunities/{ID_FORM}/shifts/{ID_FORM}/registrations/{ID_FORM}",
    "groupAttendances": f"opportunities/{ID_FORM}/shifts/{ID_FORM}/groupAttendances/{ID_FORM}",
    "liveSessions": f"opportunities/{ID_FORM}/shifts/{ID_FORM}/liveSessions/{ID_FORM}",
    "projects": f"projects/{ID_FORM}",
    "donations": f"projects/{ID_FORM}/donations/{ID_FORM}",
    "subscriptions": f"subscriptions/{ID_FORM}",
    "courses": f"courses/{ID_FORM}",
    "sessions": f"courses/{ID_FORM}/sessions/{ID_FORM}",
    "accesses": f"accesses/{ID_FORM}",
    "services": f"services/{ID_FORM}",
}


class LedgerOpened(Fields, kw_only=True):
    """What the rest of a partition is read by."""

    ledger_id: str
    partitions: Annotated[int, Meta(ge=1, le=1024)]
    routing_rule: str
    format_version: forms.WholeNumber


class PeriodClosed(Fields, kw_only=True):
    """What was published, and the positions it counted."""

    period: forms.ClosedPeriod
    start_date: forms.Date
    end_date: forms.Date
    positions: list[forms.EventPlace]
    totals: forms.PeriodTotals
    replaces: forms.ClosedPeriod | UnsetType = UNSET


class ShiftOpened(Fields, kw_only=True):
    """It has both times, or else a date."""

    shift: forms.Shift
    opportunity: forms.Opportunity
    start: forms.Moment | UnsetType = UNSET
    end: forms.Moment | UnsetType = UNSET
    service_date: forms.Date | UnsetType = UNSET
    time_zone: forms.Zone
    places: forms.Seconds
    place: forms.Place
    imported_from: forms.ImportedFrom | UnsetType = UNSET


class OfAttendance(Fields, kw_only=True):
    """Of one attendance: `holder` and `attendance` follow from the event's subject."""

    holder: str
    attendance: str
    organization: forms.Organization
    opportunity: forms.Opportunity
    shift: forms.Shift


class OfStanding(Fields, kw_only=True):
    """How a person stands: `holder` and `standing` follow from the event's subject."""

    holder: str
    standing: str


class OfMilestone(Fields, kw_only=True):
    """A level reached or lost: `holder` and `milestone` follow from the event's subject."""

    holder: str
    milestone: str


class OfNomination(Fields, kw_only=True):
    """Of one nomination: `nomination` is the event's subject."""

    nomination: str


class OfAnomaly(Fields, kw_only=True):
    """Of one anomaly: `anomaly` is the event's subject."""

    anomaly: str


class OfStatement(Fields, kw_only=True):
    """Of one statement: `holder` and `statement` follow from the event's subject."""

    holder: str
    statement: str


class OfCompletion(Fields, kw_only=True):
    """Of what somebody has of a course: `holder` and `completion` follow from the event's subject."""

    holder: str
    completion: str


class OfSession(Fields, kw_only=True):
    """Of one live session: `session` is the event's subject."""

    session: forms.LiveSession
    shift: forms.Shift
    opportunity: forms.Opportunity


class OfProject(Fields, kw_only=True):
    """Of one project: `project` follows from the event's subject."""

    project: forms.Project
    organization: forms.Organization


class OfDonation(OfProject, kw_only=True):
    """Of one donation: `donation` is the event's subject."""

    donation: forms.Donation
    platform: str
    currency: forms.Code


class OfSubscription(Fields, kw_only=True):
    """Of one subscription: `subscription` is the event's subject."""

    subscription: str


class MovesHours(OfAttendance, kw_only=True):
    """Every event with entries."""

    entries: list[Movement]


Kind: TypeAlias = tuple[str, type[Fields], str]
"""Collection of the stream, fields with a meaning here, and the other fields."""

_PRESENCE: Final = "start end counted "
_DECIDES: Final = "time_zone crediting served? source imported_from? flags withheld_reason? "
_GROUP: Final = "head_count attended_seconds service_date time_zone source imported_from? flags withheld_reason? "
_OPPORTUNITY: Final = "opportunity organization details:opportunity_details "
_STANDING: Final = "requirement period_start? period_end counted_seconds evaluated_at cause "
_MILESTONE: Final = (
    "recognition_version counted_seconds months skills_count organizations_count persons_count? evaluated_at cause"
)
_RESTATED: Final = "current_seconds evaluated_at cause"
_TRAINING: Final = "training_session course organization "
_REGISTRATION: Final = "registration shift opportunity volunteer "

EVENTS: Final[Mapping[str, Kind]] = {
    "ledger-opened": ("partitions", LedgerOpened, ""),
    "policy-enacted": (
        "policies",
        Fields,
        "policy version day_seconds_max attendance_seconds_max overlap attendance_seconds_accepted_max "
        "future_tolerance_seconds",
    ),
    "policy-proposed": ("policies", Fields, "policy version effective_date rule_source rules"),
    "policy-approved": ("policies", Fields, "policy version"),
    "period-closed": ("periods", PeriodClosed, ""),
    "anomaly-reviewed": (
        "anomalies",
        OfAnomaly,
        "anomaly_kind subjects start_date? end_date? outcome reason evidence_events evidence_seconds",
    ),
    "organization-registered": ("organizations", Fields, "organization display_name"),
    "organization-accredited": ("organizations", Fields, "organization accredited_until?"),
    "organization-suspended": ("organizations", Fields, "organization reason"),
    "organization-reinstated": ("organizations", Fields, "organization state"),
    "member-appointed": (
        "organizations",
        Fields,
        "organization appointment member role from_time until_time? completions?",
    ),
    "role-training-required": ("organizations", Fields, "organization role required_courses"),
    "appointment-ended": ("organizations", Fields, "organization appointment until_time"),
    "initiative-registered": ("initiatives", Fields, "initiative display_name responsible"),
    "member-named": ("staff", Fields, "member member_name"),
    "member-erased": ("staff", Fields, "member key_ids"),
    "client-registered": ("clients", Fields, "client terms"),
    "client-updated": ("clients", Fields, "client terms"),
    "client-revoked": ("clients", Fields, "client revoked_for"),
    "volunteer-registered": ("volunteers", Fields, "volunteer details:person_details"),
    "volunteer-updated": ("volunteers", Fields, "volunteer details:person_details cleared"),
    "volunteer-erased": ("volunteers", Fields, "volunteer key_ids"),
    "volunteer-link-proposed": ("volunteers", Fields, "volunteer linked_volunteer"),
    "volunteer-linked": ("volunteers", Fields, "volunteer linked_volunteer overlaps overlap_seconds"),
    "volunteer-link-ended": ("volunteers", Fields, "volunteer linked_volunteer reason"),
    "charter-accepted": ("volunteers", Fields, "volunteer charter charter_version"),
    "volunteer-preferences-set": ("volunteers", Fields, "volunteer preferences"),
    "guardian-consent-given": ("volunteers", Fields, "volunteer consent guardian? until_date?"),
    "guardian-consent-withdrawn": ("volunteers", Fields, "volunteer consent"),
    "opportunity-published": ("opportunities", Fields, _OPPORTUNITY + "imported_from?"),
    "opportunity-updated": ("opportunities", Fields, _OPPORTUNITY + "changed imported_from?"),
    "opportunity-closed": ("opportunities", Fields, "opportunity organization"),
    "registration-rules-set": ("opportunities", Fields, "opportunity organization approval_required waiting_places"),
    "shift-opened": ("shifts", ShiftOpened, ""),
    "shift-updated": ("shifts", Fields, "shift opportunity places imported_from?"),
    "shift-rescheduled": ("shifts", Fields, "shift opportunity start end imported_from?"),
    "shift-cancelled": ("shifts", Fields, "shift opportunity reason"),
    "registration-accepted": ("registrations", Fields, "registration shift opportunity volunteer minimum_age_met?"),
    "registration-withdrawn": ("registrations", Fields, "registration shift opportunity volunteer"),
    "registration-requested": ("registrations", Fields, _REGISTRATION + "minimum_age_met?"),
    "registration-waitlisted": ("registrations", Fields, _REGISTRATION + "minimum_age_met?"),
    "registration-declined": ("registrations", Fields, _REGISTRATION + "reason"),
    "waiting-ended": ("registrations", Fields, _REGISTRATION + "reason"),
    "absence-recorded": ("registrations", Fields, _REGISTRATION),
    "eligibility-established": (
        "registrations",
        Fields,
        _REGISTRATION + "service_date adult_at_service? consent? charter? charter_version?",
    ),
    "training-established": ("registrations", Fields, _REGISTRATION + "service_date completions"),
    "volunteer-checked-in": ("attendances", OfAttendance, "at method time_zone crediting"),
    "volunteer-checked-out": ("attendances", MovesHours, _PRESENCE + _DECIDES + "method"),
    "attendance-recorded": ("attendances", MovesHours, _PRESENCE + _DECIDES),
    "attendance-corrected": ("attendances", MovesHours, _PRESENCE + _DECIDES + "reason"),
    "attendance-withdrawn": ("attendances", MovesHours, _PRESENCE + "reason source imported_from?"),
    "attendance-transferred": ("attendances", MovesHours, _PRESENCE + "reason was_served to_attendance to_shift"),
    "attendance-received": ("attendances", MovesHours, _PRESENCE + _DECIDES + "transferred_from"),
    "hours-verified": ("attendances", MovesHours, _PRESENCE + "appointment verified_seconds"),
    "hours-declined": ("attendances", MovesHours, _PRESENCE + "appointment reason"),
    "hours-reversed": ("attendances", MovesHours, _PRESENCE + "appointment reason"),
    "hours-released": ("attendances", MovesHours, _PRESENCE + "reason withheld_reason?"),
    "hours-claimed": ("attendances", MovesHours, _PRESENCE + _DECIDES),
    "hours-adjusted": ("attendances", MovesHours, _PRESENCE + "appointment verified_seconds reason"),
    "hours-disputed": ("attendances", MovesHours, _PRESENCE + "appointment? reason"),
    "dispute-resolved": (
        "attendances",
        MovesHours,
        _PRESENCE + "appointment resolution attendance_state reason withheld_reason?",
    ),
    "attendance-confirmed": ("attendances", OfAttendance, ""),
    "verification-begun": ("attendances", OfAttendance, "appointment verified_seconds"),
    "requirement-met": ("standings", OfStanding, _STANDING + "level"),
    "requirement-lost": ("standings", OfStanding, _STANDING),
    "recognition-proposed": (
        "recognitions",
        Fields,
        "recognition version effective_date rule_source display_name levels",
    ),
    "recognition-approved": ("recognitions", Fields, "recognition version"),
    "milestone-reached": ("milestones", OfMilestone, _MILESTONE),
    "milestone-lost": ("milestones", OfMilestone, _MILESTONE),
    "nomination-made": ("nominations", OfNomination, "volunteer recognition_version level organization"),
    "nomination-decided": ("nominations", OfNomination, "volunteer decision reason?"),
    "statement-issued": (
        "statements",
        OfStatement,
        "kind period_start? period_end? organizations shown verified_seconds size root credential_digest issuer_key "
        "status_list status_index expires?",
    ),
    "statement-revoked": ("statements", OfStatement, "revocation"),
    "statement-superseded": ("statements", OfStatement, _RESTATED),
    "statement-restored": ("statements", OfStatement, _RESTATED),
    "statement-shared": ("statements", OfStatement, "share code_digest code expires? views_max?"),
    "statement-share-withdrawn": ("statements", OfStatement, "share"),
    "live-session-opened": ("liveSessions", OfSession, "organization rule at"),
    "live-presences-recorded": ("liveSessions", OfSession, "base first_number joined ended"),
    "live-signs-recorded": ("liveSessions", OfSession, "base through_seconds signs"),
    "live-session-ended": ("liveSessions", OfSession, "at"),
    "external-curve-attached": ("liveSessions", OfSession, "evidence_class platform file_sha256 base points"),
    "peak-certified": (
        "liveSessions",
        OfSession,
        "certificate peak_participants first_second? peak_seconds persons",
    ),
    "peak-confirmed": ("liveSessions", OfSession, "certificate_sha256 verifier_key signature"),
    "project-opened": ("projects", OfProject, "plan"),
    "project-updated": ("projects", OfProject, "plan changed"),
    "project-closed": ("projects", OfProject, ""),
    "donation-reported": ("donations", OfDonation, "reference amount_minor_units given_date"),
    "donation-corrected": ("donations", OfDonation, "amount_minor_units former_minor_units reason"),
    "donation-refunded": ("donations", OfDonation, "refund_reference refunded_minor_units reason"),
    "subscription-opened": ("subscriptions", OfSubscription, "client organizations limits"),
    "subscription-changed": ("subscriptions", OfSubscription, "limits"),
    "subscription-closed": ("subscriptions", OfSubscription, ""),
    "delivery-acknowledged": (
        "subscriptions",
        OfSubscription,
        "limits_version after? upto? piece_count taken_seconds opened retaken",
    ),
    "course-published": ("courses", Fields, "course organization course_details"),
    "course-updated": ("courses", Fields, "course organization course_details changed"),
    "course-closed": ("courses", Fields, "course organization"),
    "training-session-opened": (
        "sessions",
        Fields,
        _TRAINING + "start end time_zone places place live_session? attendance_seconds_min?",
    ),
    "training-session-cancelled": ("sessions", Fields, _TRAINING + "reason"),
    "completion-recorded": (
        "completions",
        OfCompletion,
        "number course organization result completes completed_on valid_until? training_session? live_session?",
    ),
    "completion-revoked": ("completions", OfCompletion, "number course organization reason"),
    "group-attendance-recorded": ("groupAttendances", MovesHours, _GROUP),
    "group-attendance-corrected": ("groupAttendances", MovesHours, _GROUP + "reason"),
    "group-attendance-withdrawn": ("groupAttendances", MovesHours, "reason source imported_from?"),
    "group-head-named": ("groupAttendances", MovesHours, "heads_left seconds_left was_served to_attendance"),
    "group-hours-verified": ("groupAttendances", MovesHours, "appointment verified_seconds"),
    "group-hours-declined": ("groupAttendances", MovesHours, "appointment reason"),
    "group-hours-reversed": ("groupAttendances", MovesHours, "appointment reason"),
    "hours-read": (
        "accesses",
        Fields,
        "access caller_role call purpose? volunteers volunteer_count ranges answered_at",
    ),
    "service-started": ("services", Fields, "service run code_version migrations settings"),
    "key-holders-listed": ("services", Fields, "service key_holders"),
}

FIELDS: Final[Mapping[str, object]] = {
    "access": forms.Access,
    "after": forms.EntryPlace,
    "limits": forms.DeliveryLimits,
    "limits_version": forms.Seconds,
    "opened": list[forms.OpenedPiece],
    "piece_count": forms.WholeNumber,
    "retaken": list[str],
    "taken_seconds": forms.WholeNumber,
    "upto": forms.EntryPlace,
    "accredited_until": forms.Date,
    "adult_at_service": bool,
    "amount_minor_units": forms.Amount,
    "anomaly_kind": forms.AnomalyKind,
    "answered_at": list[forms.EventPlace],
    "appointment": forms.Appointment,
    "approval_required": bool,
    "at": forms.Moment,
    "attendance_seconds_accepted_max": forms.Seconds,
    "attendance_seconds_max": forms.Seconds,
    "attendance_seconds_min": forms.Seconds,
    "attendance_state": Literal["claimed", "recorded", "verified", "declined", "reversed"],
    "attended_seconds": forms.Seconds,
    "base": forms.Moment,
    "call": str,
    "caller_role": str,
    "changed": list[str],
    "cause": forms.EventPlace,
    "charter": forms.Charter,
    "code": forms.Sealed,
    "code_digest": forms.Digest,
    "code_version": str,
    "charter_version": forms.Seconds,
    "certificate": str,
    "certificate_sha256": forms.Digest,
    "cleared": list[str],
    "client": forms.Client,
    "completed_on": forms.Date,
    "completes": bool,
    "completions": list[str],
    "consent": forms.Consent,
    "counted": list[forms.Interval],
    "counted_seconds": forms.WholeNumber,
    "course": forms.Course,
    "course_details": forms.CourseDetails,
    "crediting": forms.Crediting,
    "credential_digest": forms.Digest,
    "current_seconds": forms.WholeNumber,
    "day_seconds_max": forms.Seconds,
    "decision": Literal["approved", "declined"],
    "display_name": forms.LocalizedText,
    "effective_date": forms.Date,
    "evaluated_at": list[forms.EventPlace],
    "end": forms.Moment,
    "end_date": forms.Date,
    "ended": list[forms.Ended],
    "evidence_class": Literal["external"],
    "evidence_events": forms.WholeNumber,
    "evidence_seconds": forms.WholeNumber,
    "expires": forms.Moment,
    "file_sha256": forms.Digest,
    "first_number": forms.Seconds,
    "first_second": forms.Moment,
    "flags": list[forms.Code],
    "former_minor_units": forms.Amount,
    "from_time": forms.Moment,
    "future_tolerance_seconds": forms.WholeNumber,
    "guardian": forms.Sealed,
    "preferences": forms.Sealed,
    "given_date": forms.Date,
    "head_count": forms.Seconds,
    "heads_left": forms.Seconds,
    "imported_from": forms.ImportedFrom,
    "initiative": forms.Initiative,
    "issuer_key": forms.Thumbprint,
    "joined": list[forms.Joined],
    "key_holders": list[forms.KeyHolders],
    "key_ids": list[str],
    "kind": Literal["statement", "transcript"],
    "level": str,
    "levels": list[forms.RecognitionLevel],
    "linked_volunteer": forms.Volunteer,
    "live_session": forms.LiveSession,
    "member": str,
    "member_name": forms.Sealed,
    "method": Literal["qr", "kiosk", "app", "coordinator"],
    "migrations": list[str],
    "minimum_age_met": bool,
    "number": forms.Seconds,
    "months": forms.WholeNumber,
    "opportunity": forms.Opportunity,
    "opportunity_details": forms.OpportunityDetails,
    "organization": forms.Organization,
    "organizations_count": forms.WholeNumber,
    "organizations": list[forms.Organization],
    "outcome": Literal["explained", "confirmed", "follow_up"],
    "overlap": Literal["withhold"],
    "peak_participants": forms.WholeNumber,
    "peak_seconds": forms.WholeNumber,
    "period_end": forms.Date,
    "period_start": forms.Date,
    "person_details": forms.PersonDetails,
    "persons_count": forms.WholeNumber,
    "persons": forms.WholeNumber,
    "place": forms.Place,
    "places": forms.Seconds,
    "plan": forms.ProjectPlan,
    "platform": str,
    "points": list[forms.CurvePoint],
    "policy": forms.Policy,
    "purpose": str,
    "ranges": list[forms.PositionRange],
    "reason": forms.Code,
    "reference": str,
    "refund_reference": str,
    "refunded_minor_units": Annotated[int, Meta(ge=1, le=10**12)],
    "recognition": forms.Recognition,
    "recognition_version": forms.RecognitionVersion,
    "registration": forms.Registration,
    "overlap_seconds": forms.WholeNumber,
    "overlaps": list[forms.LinkOverlap],
    "required_courses": list[forms.Course],
    "requirement": forms.PolicyVersion,
    "resolution": Literal["UPHELD", "REJECTED"],
    "responsible": list[str],
    "result": forms.CompletionResult,
    "revocation": Literal["withdrawn", "issued_in_error", "key_compromised"],
    "revoked_for": str,
    "role": Literal["coordinator", "verifier"],
    "root": forms.Digest,
    "rule": forms.LiveRule,
    "rule_source": str,
    "rules": forms.HoursRules | forms.RequirementRules | forms.Rates,
    "run": str,
    "seconds_left": forms.WholeNumber,
    "served": forms.Interval,
    "service": forms.Service,
    "service_date": forms.Date,
    "settings": list[forms.SettingSaid],
    "share": forms.Share,
    "shift": forms.Shift,
    "shown": list[Literal["name", "organizations", "roles", "sectors", "years", "skills", "entries"]],
    "signature": str,
    "signs": list[forms.Signs],
    "size": forms.Seconds,
    "skills_count": forms.WholeNumber,
    "source": Literal["native", "migrated"],
    "start": forms.Moment,
    "start_date": forms.Date,
    "subjects": list[str],
    "state": Literal["registered", "accredited"],
    "status_index": forms.WholeNumber,
    "status_list": forms.WholeNumber,
    "terms": forms.ClientTerms,
    "time_zone": forms.Zone,
    "through_seconds": forms.WholeNumber,
    "until_date": forms.Date,
    "to_attendance": forms.Attendance,
    "to_shift": forms.Shift,
    "training_session": forms.TrainingSession,
    "transferred_from": forms.AnyAttendance,
    "until_time": forms.Moment,
    "valid_until": forms.Date,
    "verified_seconds": forms.Seconds,
    "verifier_key": str,
    "views_max": forms.Seconds,
    "version": forms.Seconds,
    "volunteer": forms.Volunteer,
    "volunteer_count": forms.WholeNumber,
    "volunteers": list[str],
    "waiting_places": forms.WholeNumber,
    "was_served": forms.Interval,
    "withheld_reason": forms.Code,
}


def _decoder(name: str, base: type[Fields], fields: str) -> msgspec.json.Decoder[Fields]:
    members: list[tuple[str, object] | tuple[str, object, object]] = []
    for word in fields.split():
        field, _, kind = word.rstrip("?").partition(":")
        told = FIELDS[kind or field]
        members.append((field, told | UnsetType, UNSET) if word.endswith("?") else (field, told))
    return msgspec.json.Decoder(msgspec.defstruct(name, members, bases=(base,), kw_only=True, gc=False))


DECODERS: Final = {name: _decoder(name, base, fields) for name, (_, base, fields) in EVENTS.items()}
"""Stored name → what reads its data."""
SUBJECTS: Final = {name: re.compile(_STREAMS[collection]) for name, (collection, _, _) in EVENTS.items()}
"""Stored name → what its subject must match."""
