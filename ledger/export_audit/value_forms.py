"""The kinds of value that events have (`docs/format.md`, Values), as types that a strict decoder checks."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ledger.transparency.entry_chain import NUMBER_MAX

ID_FORM: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ACTOR_ID_FORM: Final = "[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?"
"""Of staff/{m}."""

_DAY: Final = (
    "(?!0000)(?:"
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
"""A day of the Gregorian calendar, 29 February in leap years only."""
_TIME: Final = "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_FRACTION: Final = r"(?:\.[0-9]{1,6})?"
_ZONED: Final = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_SEALED: Final = r"p1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}"


def _whole(form: str) -> Meta:
    # The decoder searches: without \Z a newline could follow.
    return Meta(pattern=rf"\A(?:{form})\Z")


def _name(form: str) -> Meta:
    return _whole(form.replace("{}", ID_FORM))


NotEmpty: TypeAlias = Annotated[str, Meta(min_length=1)]
EventId: TypeAlias = Annotated[str, _whole("[0-9a-f]{32}")]
RequestHash: TypeAlias = Annotated[str, _whole("(?:[0-9a-f]{64})?")]
RecordTime: TypeAlias = Annotated[str, _whole(f"{_DAY}{_TIME}{_FRACTION}Z")]
SourceTime: TypeAlias = Annotated[str, _whole(f"{_DAY}{_TIME}{_FRACTION}{_ZONED}")]
PolicyVersion: TypeAlias = Annotated[str, _name("policies/{}/versions/[1-9][0-9]*")]
Position: TypeAlias = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
WholeNumber: TypeAlias = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
Seconds: TypeAlias = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
"""From 1."""
Age: TypeAlias = Annotated[int, Meta(ge=0, le=120)]

Code: TypeAlias = Annotated[str, _whole("[A-Z][A-Z0-9_]{1,61}[A-Z0-9]")]
Zone: TypeAlias = Annotated[str, _whole("[A-Za-z0-9+_/-]{1,64}")]
Date: TypeAlias = Annotated[str, _whole(_DAY)]
Moment: TypeAlias = Annotated[str, _whole(f"{_DAY}{_TIME}{_ZONED}")]
Sealed: TypeAlias = Annotated[str, _whole(_SEALED)]
Digest: TypeAlias = Annotated[str, _whole("[0-9a-f]{64}")]
"""SHA-256"""
Thumbprint: TypeAlias = Annotated[str, _whole("[A-Za-z0-9_-]{43}")]
"""RFC 7638"""

Policy: TypeAlias = Annotated[str, _name("policies/{}")]
ClosedPeriod: TypeAlias = Annotated[str, _name("periods/{}")]
AnomalyKind: TypeAlias = Literal[
    "self_verification",
    "mutual_verification",
    "verification_ring",
    "verifier_share",
    "verifier_speed",
    "verifier_approval",
    "organization_figures",
    "identical_times",
    "impossible_travel",
    "night_burst",
    "inflation",
    "ghost_volunteers",
]
Client: TypeAlias = Annotated[str, _name("clients/{}")]
Initiative: TypeAlias = Annotated[str, _name("initiatives/{}")]
Organization: TypeAlias = Annotated[str, _name("(?:organizations|initiatives)/{}")]
"""Who offers an opportunity: either kind."""
Appointment: TypeAlias = Annotated[str, _name("organizations/{}/appointments/{}")]
Volunteer: TypeAlias = Annotated[str, _name("volunteers/{}")]
Consent: TypeAlias = Annotated[str, _name("volunteers/{}/consents/{}")]
Charter: TypeAlias = Annotated[str, _name("charters/{}")]
Opportunity: TypeAlias = Annotated[str, _name("opportunities/{}")]
Shift: TypeAlias = Annotated[str, _name("opportunities/{}/shifts/{}")]
Registration: TypeAlias = Annotated[str, _name("opportunities/{}/shifts/{}/registrations/{}")]

Course: TypeAlias = Annotated[str, _name("courses/{}")]
TrainingSession: TypeAlias = Annotated[str, _name("courses/{}/sessions/{}")]
CompletionResult: TypeAlias = Literal["attended", "passed"]
Recognition: TypeAlias = Annotated[str, _name("recognitions/{}")]
RecognitionVersion: TypeAlias = Annotated[str, _name("recognitions/{}/versions/[1-9][0-9]*")]

LiveSession: TypeAlias = Annotated[str, _name("opportunities/{}/shifts/{}/liveSessions/{}")]

Project: TypeAlias = Annotated[str, _name("projects/{}")]
Donation: TypeAlias = Annotated[str, _name("projects/{}/donations/{}")]
Amount: TypeAlias = Annotated[int, Meta(ge=0, le=10**12)]
"""In minor units."""

Share: TypeAlias = Annotated[str, _name("volunteers/{}/statements/{}/shares/{}")]

Access: TypeAlias = Annotated[str, _name("accesses/{}")]
Service: TypeAlias = Annotated[str, _name("services/{}")]

Attendance: TypeAlias = Annotated[str, _name("volunteers/{}/attendances/{}")]
AnyAttendance: TypeAlias = Annotated[
    str, _name("(?:volunteers/{}/attendances/{}|opportunities/{}/shifts/{}/groupAttendances/{})")
]

EvidenceClass: TypeAlias = Literal["outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed"]
Crediting: TypeAlias = Literal["clock", "schedule"]


class Fields(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An object of the format: no member may be unknown, and none may be null."""


class Movement(Fields, kw_only=True):
    """Entry."""

    service_date: Date
    from_class: EvidenceClass
    to_class: EvidenceClass
    seconds: Seconds
    reason: Code | UnsetType = UNSET


class EventPlace(Fields, kw_only=True):
    """Position."""

    partition: WholeNumber
    position: Position


class PositionRange(Fields, kw_only=True):
    """From the first to the last position of a partition."""

    partition: WholeNumber
    first_position: Position
    last_position: WholeNumber


class LiveRule(Fields, kw_only=True):
    """By which attendance of a live session is counted."""

    version: Literal[1]
    silence_seconds: Annotated[int, Meta(ge=10, le=600)]
    registration_required: bool
    excluded: list[Volunteer]


class Joined(Fields, kw_only=True):
    """A device of a person joined a live session."""

    volunteer: Volunteer
    seconds: WholeNumber


class Ended(Fields, kw_only=True):
    """A connection ended."""

    number: Seconds
    seconds: WholeNumber
    ended_by: Literal["left", "silent"]


class Signs(Fields, kw_only=True):
    """Connections that showed a sign of life in one second."""

    seconds: WholeNumber
    numbers: list[Seconds]


class CurvePoint(Fields, kw_only=True):
    """So many from this second on."""

    seconds: WholeNumber
    participants: WholeNumber


class SettingSaid(Fields, kw_only=True):
    """A setting: its value, or a fingerprint of it, or neither."""

    name: str
    value: str | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET
    key_ids: list[str]


class KeyHolders(Fields, kw_only=True):
    """A key, and who holds it."""

    key: str
    holders: list[str]


class PeriodTotals(Fields, kw_only=True):
    """Seconds served in a period, by class."""

    claimed_seconds: WholeNumber
    attended_seconds: WholeNumber
    verified_seconds: WholeNumber
    disputed_seconds: WholeNumber
    withheld_seconds: WholeNumber
    reversed_seconds: WholeNumber
    entry_count: WholeNumber


class Interval(Fields, kw_only=True):
    """From start included to end not."""

    start: Moment
    end: Moment


class LocalizedText(Fields, kw_only=True):
    """In Arabic, in English or in both."""

    ar: str | UnsetType = UNSET
    en: str | UnsetType = UNSET


class ImportedFrom(Fields, kw_only=True):
    """Which record of which system it was."""

    system: str
    record_id: str


RoleName: TypeAlias = Literal[
    "administrator", "coordinator", "verifier", "volunteer", "government_reader", "auditor", "employer"
]


class ClientTerms(Fields, kw_only=True):
    """What is said of a system that calls."""

    system_name: str
    certificates: list[Annotated[str, _whole("[0-9a-f]{64}")]]
    own_roles: list[RoleName]
    delegated_roles: list[RoleName]
    organizations: list[Organization]
    purposes: list[str]
    until_time: Moment | UnsetType = UNSET


class LinkOverlap(Fields, kw_only=True):
    """Time that an attendance of each of two linked names counts."""

    attendance: Attendance
    linked_attendance: Attendance
    seconds: Seconds


class Place(Fields, kw_only=True):
    """Where a shift is."""

    online: bool
    region: str | UnsetType = UNSET
    city: str | UnsetType = UNSET


class PersonDetails(Fields, kw_only=True):
    """What only a person's key opens."""

    full_name: Sealed | UnsetType = UNSET
    birth_date: Sealed | UnsetType = UNSET
    identity_type: Sealed | UnsetType = UNSET
    identity_number: Sealed | UnsetType = UNSET
    email: Sealed | UnsetType = UNSET
    phone: Sealed | UnsetType = UNSET
    gender: Sealed | UnsetType = UNSET
    residence_region: Sealed | UnsetType = UNSET


class OpportunityDetails(Fields, kw_only=True):
    """What an organisation offers."""

    title: LocalizedText
    description: LocalizedText | UnsetType = UNSET
    sector: str | UnsetType = UNSET
    event_type: str | UnsetType = UNSET
    skills: list[str]
    minimum_age_years: Age
    level: Literal["general", "skilled", "professional"] | UnsetType = UNSET
    partner_type: Literal["government", "non_profit", "private"] | UnsetType = UNSET
    compulsory_service: bool
    crediting: Crediting
    required_courses: list[Course] | UnsetType = UNSET


class CourseDetails(Fields, kw_only=True):
    """What an organisation teaches."""

    title: LocalizedText
    description: LocalizedText | UnsetType = UNSET
    completion_by: CompletionResult
    valid_days: Annotated[int, Meta(ge=0, le=36_500)]
    sector: str | UnsetType = UNSET
    skills: list[str]


class ProjectPlan(Fields, kw_only=True):
    """All that can be said of a project."""

    title: LocalizedText
    description: LocalizedText | UnsetType = UNSET
    goal_seconds: Annotated[int, Meta(ge=1, le=10**12)] | UnsetType = UNSET
    goal_minor_units: Annotated[int, Meta(ge=1, le=10**15)] | UnsetType = UNSET
    currency: Code | UnsetType = UNSET
    start_date: Date | UnsetType = UNSET
    end_date: Date | UnsetType = UNSET
    opportunities: list[str]


class ReceiverPosition(Fields, kw_only=True):
    """What a receiver calls some work."""

    done_for: str | UnsetType = UNSET
    receiver_position: str


class DeliveryLimits(Fields, kw_only=True):
    """What a receiver takes."""

    seconds_max: Annotated[int, Meta(ge=1, le=10**12)] | UnsetType = UNSET
    required_fields: list[Literal["receiver_position", "volunteer", "times"]]
    receiver_positions: list[ReceiverPosition]
    stall_after_seconds: Annotated[int, Meta(ge=1, le=31_536_000)]


class EntryPlace(Fields, kw_only=True):
    """Right behind an entry."""

    partition: WholeNumber
    position: WholeNumber
    entry_index: WholeNumber


class OpenedPiece(Fields, kw_only=True):
    """A piece that was not taken."""

    piece: str
    seconds: Seconds
    reason: Code
    held: bool


class HoursRules(Fields, kw_only=True, tag_field="kind", tag="hours"):
    """What counts as an hour."""

    day_seconds_max: Seconds
    attendance_seconds_max: Seconds
    year_seconds_max: Seconds | UnsetType = UNSET
    early_seconds_credited_max: WholeNumber | UnsetType = UNSET
    late_seconds_forgiven: WholeNumber
    overstay_seconds_credited_max: WholeNumber | UnsetType = UNSET
    open_presence_seconds: WholeNumber | UnsetType = UNSET
    break_after_seconds: Seconds | UnsetType = UNSET
    break_seconds: WholeNumber
    rounding_seconds: Annotated[int, Meta(ge=1, le=86_400)]
    rounding: Literal["down", "nearest", "up"]
    compulsory_service_counts: bool
    guardian_consent_required: bool
    charter_required: bool
    two_verifiers_above_seconds: WholeNumber | UnsetType = UNSET
    confirmation_required: bool
    claim_lapses_after_days: Seconds | UnsetType = UNSET


class RecognitionLevel(Fields, kw_only=True):
    """One level of a programme of recognition."""

    level: str
    display_name: LocalizedText
    verified_seconds_min: Seconds | UnsetType = UNSET
    months_min: Seconds | UnsetType = UNSET
    skills_used_min: Seconds | UnsetType = UNSET
    organizations_min: Seconds | UnsetType = UNSET
    by_nomination: bool
    honoured: Literal["team"] | UnsetType = UNSET
    persons_min: Seconds | UnsetType = UNSET


class Level(Fields, kw_only=True):
    """One step of a requirement."""

    name: str
    seconds_min: Seconds
    age_min_years: Age | UnsetType = UNSET
    age_max_years: Age | UnsetType = UNSET


class RequirementRules(Fields, kw_only=True, tag_field="kind", tag="requirement"):
    """A question with a threshold."""

    measure_classes: list[EvidenceClass]
    levels: list[Level]
    period: Literal["lifetime", "calendar_month", "calendar_year", "twelve_months", "hijri_month", "hijri_year"]
    compulsory_service_counts: bool
    watched: bool


class Rate(Fields, kw_only=True):
    """Money an hour, from a date on."""

    from_date: Date
    until_date: Date | UnsetType = UNSET
    currency: Code
    minor_units_per_hour: Seconds
    source: str


class Rates(Fields, kw_only=True, tag_field="kind", tag="rates"):
    """A table of rates."""

    rates: list[Rate]
