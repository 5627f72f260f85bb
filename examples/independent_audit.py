#!/usr/bin/env python3
"""An independent auditor of an export of the volunteer-hours ledger.

Written from the published pages alone, without sight of the ledger's code, and changed since only where a page came to
decide what it had left open:

    [format]   "Format of what is stored"  (format.md, the entry point)
    [balances] "Provable balances"         (provable-balances.md)
    [log]      "Transparency log"          (transparency.md)

One file, Python 3.11 or newer, nothing but the standard library, no network.

    python independent_audit.py DIR [--key VKEY ...] [--balances] [--json]

DIR is what [format] "An export" describes. Every event is read and checked, and every hash, root and balance is
computed anew from the events and compared with what the export claims. Each partition is read up to its first fault,
for "a reader stops" is meant literally; then the next partition is read. Exit code 0: no finding. 1: findings. 2: wrong
usage.

--key is a vkey of a log, or of a witness, that you have from elsewhere than the export. With at least one, the Ed25519
signature of every log is demanded on both of its notes. ML-DSA-44 (FIPS 204) signatures are looked for when that key is
given, but their mathematics is not checked here. Without --key no signature is checked.

Memory grows with the number of holders and of streams, not with the number of events. So three things are not checked
that would need every id to be remembered: that `id` is not used twice, that `corrects` names an event, and that the
events of one request stand together. Nor is added up again what a closed period tells, nor what a standing with a
requirement does: their form is checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import datetime
import functools
import hashlib
import json
import os
import re
import stat
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

NUMBER_LIMIT = 2**63  # [balances] introduction: "Every number is below 2^63"
EVENT_BYTES_MAX = 65_535  # [format] "An event is its bytes"
NOTE_BYTES_MAX = 1_000_000  # [log] "A checkpoint"
NOTE_SIGNATURES_MAX = 100  # [log] "A checkpoint"
VKEY_BYTES_MAX = 4_096  # [log] "A checkpoint"
ORIGIN = re.compile(r"[!-*,-~]{1,246}")  # [log] "A checkpoint"
LEDGER_ID = "[!-~]{1,255}"  # [format] "An event is its bytes", attribute `source`
PARTITIONS_MAX = 1024  # [format] "Streams and partitions"
MANIFEST_BYTES_MAX = 4_194_304  # [format] "An export"
TILE_WIDTH = 256  # [log] "Tiles"
HASH_BYTES = 32
FORMAT_VERSION = 1  # [format] "`ledger-opened`"
ROUTING_RULE = "sha256(first two segments of the stream name), first 8 bytes big-endian, modulo partitions"


# ------------------------------------------------------------------------------------------------------------- findings


class Stop(Exception):
    """The reader stops: `field` isn't what the pages say. The position is filled in by whoever reads the events."""

    def __init__(self, field_name: str, problem: str, position: int | None = None) -> None:
        super().__init__(problem)
        self.field = field_name
        self.problem = problem
        self.position = position


@dataclass(frozen=True)
class Finding:
    partition: int | None
    position: int | None
    field: str
    problem: str

    def __str__(self) -> str:
        partition = "manifest" if self.partition is None else f"partition {self.partition}"
        position = "" if self.position is None else f", position {self.position}"
        return f"finding: {partition}{position}, field {self.field}: {self.problem}"


@dataclass
class Findings:
    """Counts all and keeps the first, so that a hostile export cannot fill the memory."""

    count: int = 0
    first: Finding | None = None

    def add(self, partition: int | None, stop: Stop) -> None:
        self.count += 1
        if self.first is None:
            self.first = Finding(partition, stop.position, stop.field, stop.problem)


def shown(value: object) -> str:
    """A value of the export for a message: ASCII alone and short, whatever it is."""
    if isinstance(value, (dict, list)):
        return "a JSON object" if isinstance(value, dict) else "an array"
    line = value.hex() if isinstance(value, bytes) else ascii(value)
    return line if len(line) <= 100 else line[:100] + "..."


def demand_equal(found: object, expected: object, field_name: str, source: str) -> None:
    if type(found) is not type(expected) or found != expected:
        raise Stop(field_name, f"is {shown(found)}, but by {source} it is {shown(expected)}")


# -------------------------------------------------------------------------------------------------- files, base64, JSON


def read_file(folder: Path, name: str, bytes_max: int) -> bytes:
    """One plain file of at most `bytes_max` bytes; nothing is read that isn't one."""
    path = folder / name
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise Stop(name, "is not a plain file")
        if status.st_size > bytes_max:
            raise Stop(name, f"has {status.st_size} bytes, more than {bytes_max}")
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except FileNotFoundError:
        raise Stop(name, "the file is missing") from None
    except OSError as error:
        raise Stop(name, f"the file cannot be read: {error.strerror}") from None
    if len(content) > bytes_max:
        raise Stop(name, f"has more than {bytes_max} bytes")
    return content


def decode_base64(text: str, field_name: str, bytes_expected: int | None = None) -> bytes:
    """[log] introduction: RFC 4648 section 4 with padding, and only its canonical spelling."""
    try:
        decoded = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Stop(field_name, f"is not base64: {shown(text)}") from None
    if base64.b64encode(decoded).decode("ascii") != text:
        raise Stop(field_name, f"is not canonical base64: {shown(text)}")
    if bytes_expected is not None and len(decoded) != bytes_expected:
        raise Stop(field_name, f"has {len(decoded)} bytes instead of {bytes_expected}")
    return decoded


def members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """[format] "An event is its bytes": a member name stands once in an object."""
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise Stop(shown(name)[1:-1], "the member is repeated in one JSON object")
        members[name] = value
    return members


def whole_number(text: str) -> int | float:
    """No number of this format is negative or above 2^63 - 1: such a one becomes a float, which no field takes."""
    return int(text) if text.isdigit() and len(text) <= 19 else float(text)


def read_json(content: bytes, field_name: str) -> dict[str, object]:
    """A JSON object in UTF-8 without byte order mark ([format] "An event is its bytes" and "An export")."""
    try:
        text = content.decode("utf-8")
        value: object = json.loads(text, object_pairs_hook=members_once, parse_int=whole_number)
        if b"\\u" in content:  # an escape may spell half a surrogate pair, which no UTF-8 can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Stop(field_name, f"is not JSON in UTF-8: {shown(str(error))}") from None
    return as_object(value, field_name)


def as_object(value: object, field_name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Stop(field_name, f"is not a JSON object: {shown(value)}")
    return value


def as_array(value: object, field_name: str) -> list[object]:
    if not isinstance(value, list):
        raise Stop(field_name, f"is not an array: {shown(value)}")
    return value


def as_text(value: object, field_name: str) -> str:
    if not isinstance(value, str):
        raise Stop(field_name, f"is not a string: {shown(value)}")
    return value


def as_integer(value: object, field_name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value >= NUMBER_LIMIT:
        raise Stop(field_name, f"is not a whole number from 0 to 2^63 - 1: {shown(value)}")
    return value


# ----------------------------------------------------------------------------------------------------- kinds of a value

Check = Callable[[object, str], object]


def text(value: object, field_name: str) -> None:
    as_text(value, field_name)


def not_empty(value: object, field_name: str) -> None:
    if as_text(value, field_name) == "":
        raise Stop(field_name, "is empty")


def integer(value: object, field_name: str) -> None:
    as_integer(value, field_name)


def whole(least: int, most: int = NUMBER_LIMIT - 1) -> Check:
    """[format] "Values": whole, or seconds, "from N", perhaps "to M"."""

    def check(value: object, field_name: str) -> None:
        if not least <= as_integer(value, field_name) <= most:
            raise Stop(field_name, f"is not from {least} to {most}: {shown(value)}")

    return check


def boolean(value: object, field_name: str) -> None:
    if not isinstance(value, bool):
        raise Stop(field_name, f"is neither true nor false: {shown(value)}")


def form(pattern: str, meaning: str) -> Check:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object, field_name: str) -> None:
        if compiled.fullmatch(as_text(value, field_name)) is None:
            raise Stop(field_name, f"is not {meaning}: {shown(value)}")

    return check


def one_of(words: str) -> Check:
    allowed = words.split()

    def check(value: object, field_name: str) -> None:
        if value not in allowed:
            raise Stop(field_name, f"is none of {', '.join(allowed)}: {shown(value)}")

    return check


def array_of(check_item: Check) -> Check:
    def check(value: object, field_name: str) -> None:
        for index, item in enumerate(as_array(value, field_name)):
            check_item(item, f"{field_name}[{index}]")

    return check


@functools.cache
def read_names(names: str) -> dict[str, tuple[Check, bool]]:
    """`end? details:place` as {name: (check, optional)}; a check has the name's own name or that after the colon."""
    members: dict[str, tuple[Check, bool]] = {}
    for word in names.split():
        name, _, kind = word.rstrip("?").partition(":")
        members[name] = (FIELD_CHECKS[kind or name], word.endswith("?"))
    return members


def record(names: str) -> Check:
    """A JSON object with these members and no others; `?` marks what may be absent, as in [format]."""

    def check(value: object, field_name: str) -> None:
        found = as_object(value, field_name)
        known = read_names(names)
        for name in found:
            if name not in known:
                raise Stop(f"{field_name}.{shown(name)[1:-1]}", "the member is unknown")
        for name, (check_member, optional) in known.items():
            if name in found:
                check_member(found[name], f"{field_name}.{name}")
            elif not optional:
                raise Stop(f"{field_name}.{name}", "the member is missing")

    return check


def by_kind(**kinds: Check) -> Check:
    """An object whose member `kind` says which members it has."""

    def check(value: object, field_name: str) -> None:
        kind = as_object(value, field_name).get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise Stop(f"{field_name}.kind", f"is none of {', '.join(kinds)}: {shown(kind)}")
        kinds[kind](value, field_name)

    return check


def check_calendar(words: tuple[str, ...], field_name: str, value: object) -> None:
    year, month, day, hour, minute, second = [*map(int, words), 0, 0, 0][:6]
    try:
        datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise Stop(field_name, f"is no day or time of the calendar: {shown(value)}") from None


DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
RECORD_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z", re.ASCII)


def date(value: object, field_name: str) -> None:
    """[format] "Values": `YYYY-MM-DD`."""
    match = DATE.fullmatch(as_text(value, field_name))
    if match is None:
        raise Stop(field_name, f"is not a date YYYY-MM-DD: {shown(value)}")
    check_calendar(match.groups(), field_name, value)


def moment(value: object, field_name: str) -> str:
    """[format] "Values": RFC 3339 in one spelling, any offset. Returned is the fraction of its second, if any."""
    match = MOMENT.fullmatch(as_text(value, field_name))
    if match is None:
        raise Stop(field_name, f"is not a moment of RFC 3339: {shown(value)}")
    check_calendar(match.groups()[:6], field_name, value)
    return match[7] or ""


def service_time(value: object, field_name: str) -> None:
    """[format] "Values": "In `data` it has no fraction of a second"."""
    if moment(value, field_name):
        raise Stop(field_name, f"has a fraction of a second: {shown(value)}")


def record_time(value: object, field_name: str) -> str:
    """[format] attribute `time`: RFC 3339, UTC, `Z`, up to six digits of a fraction. What is returned sorts by time."""
    match = RECORD_TIME.fullmatch(as_text(value, field_name))
    if match is None:
        raise Stop(field_name, f"is not a record time in UTC: {shown(value)}")
    check_calendar(match.groups()[:6], field_name, value)
    return as_text(value, field_name)[:19] + (match[7] or "").ljust(6, "0")


# ----------------------------------------------------------------------------------------------- streams and the events

ID = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ACTOR_ID = "[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?"
DECIMAL = "(?:0|[1-9][0-9]{0,18})"

# [format] "Streams and partitions", the table.
STREAMS = {
    "partitions": re.compile(f"partitions/{DECIMAL}"),
    "policies": re.compile(f"policies/{ID}"),
    "periods": re.compile(f"periods/{ID}"),
    "anomalies": re.compile(f"anomalies/{ID}"),
    "organizations": re.compile(f"organizations/{ID}"),
    "initiatives": re.compile(f"initiatives/{ID}"),
    "clients": re.compile(f"clients/{ID}"),
    "staff": re.compile(f"staff/{ACTOR_ID}"),
    "volunteers": re.compile(f"volunteers/{ID}"),
    "attendances": re.compile(f"volunteers/{ID}/attendances/{ID}"),
    "standings": re.compile(f"volunteers/{ID}/requirements/{ID}/standings/{ID}"),
    "milestones": re.compile(f"(?:volunteers|initiatives)/{ID}/recognitions/{ID}/milestones/{ID}"),
    "nominations": re.compile(f"volunteers/{ID}/nominations/{ID}"),
    "recognitions": re.compile(f"recognitions/{ID}"),
    "statements": re.compile(f"volunteers/{ID}/statements/{ID}"),
    "completions": re.compile(f"volunteers/{ID}/completions/{ID}"),
    "opportunities": re.compile(f"opportunities/{ID}"),
    "shifts": re.compile(f"opportunities/{ID}/shifts/{ID}"),
    "registrations": re.compile(f"opportunities/{ID}/shifts/{ID}/registrations/{ID}"),
    "groupAttendances": re.compile(f"opportunities/{ID}/shifts/{ID}/groupAttendances/{ID}"),
    "liveSessions": re.compile(f"opportunities/{ID}/shifts/{ID}/liveSessions/{ID}"),
    "projects": re.compile(f"projects/{ID}"),
    "donations": re.compile(f"projects/{ID}/donations/{ID}"),
    "subscriptions": re.compile(f"subscriptions/{ID}"),
    "courses": re.compile(f"courses/{ID}"),
    "sessions": re.compile(f"courses/{ID}/sessions/{ID}"),
    "accesses": re.compile(f"accesses/{ID}"),
    "services": re.compile(f"services/{ID}"),
}

# [format] "Data of each event": the shorthands above the table, then the table: event, stream, fields.
MOVES = "holder attendance organization opportunity shift entries "
PRESENCE = "start end counted "
DECIDES = "time_zone crediting served? source imported_from? flags withheld_reason? "
GROUP = MOVES + ("head_count attended_seconds service_date time_zone source imported_from? flags withheld_reason? ")
OPPORTUNITY = "opportunity organization details:opportunity_details "
STANDING = (
    "holder standing requirement:policy_version period_start:date? period_end:date counted_seconds evaluated_at cause "
)
MILESTONE = (
    "holder milestone recognition_version counted_seconds months:nought_or_more skills_count:nought_or_more "
    "organizations_count:nought_or_more persons_count:nought_or_more? evaluated_at cause"
)
STATEMENT = "holder statement "
SESSION = "session shift opportunity "
DONATION = "project organization donation platform:text currency "
RESTATED = STATEMENT + "current_seconds evaluated_at cause"
TRAINING = "training_session course organization "
COMPLETION = "holder completion number course organization "
REGISTRATION = "registration shift opportunity volunteer "
EVENTS = {
    "ledger-opened": ("partitions", "ledger_id partitions routing_rule format_version"),
    "policy-enacted": (
        "policies",
        "policy version day_seconds_max attendance_seconds_max overlap attendance_seconds_accepted_max "
        "future_tolerance_seconds",
    ),
    "policy-proposed": ("policies", "policy version effective_date:date rule_source:text rules"),
    "policy-approved": ("policies", "policy version"),
    "period-closed": (
        "periods",
        "period:period_name start_date:date end_date:date positions totals replaces:period_name?",
    ),
    "anomaly-reviewed": (
        "anomalies",
        "anomaly anomaly_kind subjects:texts start_date:date? end_date:date? outcome reason "
        "evidence_events:nought_or_more evidence_seconds:nought_or_more",
    ),
    "organization-registered": ("organizations", "organization display_name"),
    "organization-accredited": ("organizations", "organization accredited_until?"),
    "organization-suspended": ("organizations", "organization reason"),
    "organization-reinstated": ("organizations", "organization state"),
    "member-appointed": (
        "organizations",
        "organization appointment member role from_time until_time? completions:texts?",
    ),
    "role-training-required": ("organizations", "organization role required_courses"),
    "appointment-ended": ("organizations", "organization appointment until_time"),
    "initiative-registered": ("initiatives", "initiative display_name responsible"),
    "member-named": ("staff", "member member_name:sealed"),
    "member-erased": ("staff", "member key_ids"),
    "client-registered": ("clients", "client:client_name terms"),
    "client-updated": ("clients", "client:client_name terms"),
    "client-revoked": ("clients", "client:client_name revoked_for:text"),
    "volunteer-registered": ("volunteers", "volunteer details:volunteer_details"),
    "volunteer-updated": ("volunteers", "volunteer details:volunteer_details cleared"),
    "volunteer-erased": ("volunteers", "volunteer key_ids"),
    "volunteer-link-proposed": ("volunteers", "volunteer linked_volunteer"),
    "volunteer-linked": ("volunteers", "volunteer linked_volunteer overlaps overlap_seconds:nought_or_more"),
    "volunteer-link-ended": ("volunteers", "volunteer linked_volunteer reason"),
    "charter-accepted": ("volunteers", "volunteer charter charter_version"),
    "volunteer-preferences-set": ("volunteers", "volunteer preferences"),
    "guardian-consent-given": ("volunteers", "volunteer consent guardian? until_date?"),
    "guardian-consent-withdrawn": ("volunteers", "volunteer consent"),
    "opportunity-published": ("opportunities", OPPORTUNITY + "imported_from?"),
    "opportunity-updated": ("opportunities", OPPORTUNITY + "changed imported_from?"),
    "opportunity-closed": ("opportunities", "opportunity organization"),
    "registration-rules-set": ("opportunities", "opportunity organization approval_required waiting_places"),
    "shift-opened": ("shifts", "shift opportunity start? end? service_date? time_zone places place imported_from?"),
    "shift-updated": ("shifts", "shift opportunity places imported_from?"),
    "shift-rescheduled": ("shifts", "shift opportunity start end imported_from?"),
    "shift-cancelled": ("shifts", "shift opportunity reason"),
    "registration-accepted": ("registrations", "registration shift opportunity volunteer minimum_age_met?"),
    "registration-withdrawn": ("registrations", "registration shift opportunity volunteer"),
    "registration-requested": ("registrations", REGISTRATION + "minimum_age_met?"),
    "registration-waitlisted": ("registrations", REGISTRATION + "minimum_age_met?"),
    "registration-declined": ("registrations", REGISTRATION + "reason"),
    "waiting-ended": ("registrations", REGISTRATION + "reason"),
    "absence-recorded": ("registrations", REGISTRATION),
    "eligibility-established": (
        "registrations",
        REGISTRATION + "service_date adult_at_service? consent? charter? charter_version?",
    ),
    "training-established": ("registrations", REGISTRATION + "service_date completions:texts"),
    "volunteer-checked-in": (
        "attendances",
        "holder attendance organization opportunity shift at method time_zone crediting",
    ),
    "volunteer-checked-out": ("attendances", MOVES + PRESENCE + DECIDES + "method"),
    "attendance-recorded": ("attendances", MOVES + PRESENCE + DECIDES),
    "attendance-corrected": ("attendances", MOVES + PRESENCE + DECIDES + "reason"),
    "attendance-withdrawn": ("attendances", MOVES + PRESENCE + "reason source imported_from?"),
    "attendance-transferred": ("attendances", MOVES + PRESENCE + "reason was_served to_attendance to_shift"),
    "attendance-received": ("attendances", MOVES + PRESENCE + DECIDES + "transferred_from"),
    "hours-verified": ("attendances", MOVES + PRESENCE + "appointment verified_seconds"),
    "hours-declined": ("attendances", MOVES + PRESENCE + "appointment reason"),
    "hours-reversed": ("attendances", MOVES + PRESENCE + "appointment reason"),
    "hours-released": ("attendances", MOVES + PRESENCE + "reason withheld_reason?"),
    "hours-claimed": ("attendances", MOVES + PRESENCE + DECIDES),
    "hours-adjusted": ("attendances", MOVES + PRESENCE + "appointment verified_seconds reason"),
    "hours-disputed": ("attendances", MOVES + PRESENCE + "appointment? reason"),
    "dispute-resolved": (
        "attendances",
        MOVES + PRESENCE + "appointment resolution attendance_state reason withheld_reason?",
    ),
    "attendance-confirmed": ("attendances", "holder attendance organization opportunity shift"),
    "verification-begun": (
        "attendances",
        "holder attendance organization opportunity shift appointment verified_seconds",
    ),
    "requirement-met": ("standings", STANDING + "level:text"),
    "requirement-lost": ("standings", STANDING),
    "group-attendance-recorded": ("groupAttendances", GROUP),
    "group-attendance-corrected": ("groupAttendances", GROUP + "reason"),
    "group-attendance-withdrawn": ("groupAttendances", MOVES + "reason source imported_from?"),
    "group-head-named": ("groupAttendances", MOVES + "heads_left seconds_left was_served to_attendance"),
    "group-hours-verified": ("groupAttendances", MOVES + "appointment verified_seconds"),
    "group-hours-declined": ("groupAttendances", MOVES + "appointment reason"),
    "group-hours-reversed": ("groupAttendances", MOVES + "appointment reason"),
    "recognition-proposed": (
        "recognitions",
        "recognition version effective_date:date rule_source:text display_name levels:recognition_levels",
    ),
    "recognition-approved": ("recognitions", "recognition version"),
    "milestone-reached": ("milestones", MILESTONE),
    "milestone-lost": ("milestones", MILESTONE),
    "nomination-made": ("nominations", "nomination volunteer recognition_version level:text organization"),
    "nomination-decided": ("nominations", "nomination volunteer decision reason?"),
    "statement-issued": (
        "statements",
        STATEMENT + "kind:statement_kind period_start:date? period_end:date? organizations shown verified_seconds "
        "size:seconds root:sha256 credential_digest:sha256 issuer_key status_list:nought_or_more "
        "status_index:nought_or_more expires:until_time?",
    ),
    "statement-revoked": ("statements", STATEMENT + "revocation"),
    "statement-superseded": ("statements", RESTATED),
    "statement-restored": ("statements", RESTATED),
    "statement-shared": (
        "statements",
        STATEMENT + "share code_digest:sha256 code:sealed expires:until_time? views_max:seconds?",
    ),
    "statement-share-withdrawn": ("statements", STATEMENT + "share"),
    "live-session-opened": ("liveSessions", SESSION + "organization rule at"),
    "live-presences-recorded": ("liveSessions", SESSION + "base:at first_number:seconds joined ended"),
    "live-signs-recorded": ("liveSessions", SESSION + "base:at through_seconds:nought_or_more signs"),
    "live-session-ended": ("liveSessions", SESSION + "at"),
    "external-curve-attached": (
        "liveSessions",
        SESSION + "evidence_class platform:text file_sha256:sha256 base:at points",
    ),
    "peak-certified": (
        "liveSessions",
        SESSION + "certificate:text peak_participants:nought_or_more first_second:at? peak_seconds:nought_or_more "
        "persons:nought_or_more",
    ),
    "peak-confirmed": ("liveSessions", SESSION + "certificate_sha256:sha256 verifier_key:text signature:text"),
    "project-opened": ("projects", "project organization plan"),
    "project-updated": ("projects", "project organization plan changed"),
    "project-closed": ("projects", "project organization"),
    "donation-reported": ("donations", DONATION + "reference:text amount_minor_units given_date:date"),
    "donation-corrected": (
        "donations",
        DONATION + "amount_minor_units former_minor_units:amount_minor_units reason",
    ),
    "donation-refunded": ("donations", DONATION + "refund_reference:text refunded_minor_units reason"),
    "subscription-opened": ("subscriptions", "subscription client:client_name organizations limits"),
    "subscription-changed": ("subscriptions", "subscription limits"),
    "subscription-closed": ("subscriptions", "subscription"),
    "delivery-acknowledged": (
        "subscriptions",
        "subscription limits_version:seconds after:entry_place? upto:entry_place? piece_count:nought_or_more "
        "taken_seconds:nought_or_more opened retaken:texts",
    ),
    "course-published": ("courses", "course organization course_details"),
    "course-updated": ("courses", "course organization course_details changed"),
    "course-closed": ("courses", "course organization"),
    "training-session-opened": (
        "sessions",
        TRAINING + "start end time_zone places place live_session:session? attendance_seconds_min:seconds?",
    ),
    "training-session-cancelled": ("sessions", TRAINING + "reason"),
    "completion-recorded": (
        "completions",
        COMPLETION + "result:completion_result completes:boolean completed_on:date valid_until:date? "
        "training_session? live_session:session?",
    ),
    "completion-revoked": ("completions", COMPLETION + "reason"),
    "hours-read": (
        "accesses",
        "access caller_role:text call:text purpose:text? volunteers volunteer_count ranges answered_at",
    ),
    "service-started": ("services", "service run:text code_version:text migrations:texts settings"),
    "key-holders-listed": ("services", "service key_holders"),
}
OF_BOTH, OF_ACCESS = "partitions", ("accesses", "services")  # [format] "Two kinds of ledger"

CLASSES = ("outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed")  # [format] "Entry": 0 to 6
OUTSIDE = 0

CODE = form("[A-Z][A-Z0-9_]{1,61}[A-Z0-9]", "a code of A-Z, 0-9 and _")  # [format] "Values"
SEALED = form(r"p1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}", "a sealed value")  # [format] "Sealed"
FIELD_CHECKS: dict[str, Check] = {
    **dict.fromkeys("text ledger_id routing_rule holder attendance member".split(), text),
    **dict.fromkeys("integer format_version".split(), integer),
    **dict.fromkeys("version day_seconds_max attendance_seconds_max attendance_seconds_accepted_max".split(), whole(1)),
    "charter_version": whole(1),
    **dict.fromkeys("places head_count heads_left attended_seconds verified_seconds seconds".split(), whole(1)),
    **dict.fromkeys("future_tolerance_seconds waiting_places seconds_left counted_seconds".split(), whole(0)),
    "current_seconds": whole(0),
    "partitions": whole(1, PARTITIONS_MAX),
    **dict.fromkeys("boolean minimum_age_met adult_at_service approval_required".split(), boolean),
    "moment": moment,
    **dict.fromkeys("start end at from_time until_time".split(), service_time),
    **dict.fromkeys("service_date accredited_until until_date".split(), date),
    **dict.fromkeys("cleared changed skills responsible key_ids".split(), array_of(text)),
    **dict.fromkeys("reason withheld_reason".split(), CODE),
    "flags": array_of(CODE),
    "time_zone": form("[A-Za-z0-9+_/-]{1,64}", "the form of a time zone's name"),
    **dict.fromkeys("localized_text display_name".split(), record("ar:text? en:text?")),
    "policy": form(STREAMS["policies"].pattern, "the name of a policy"),
    "period_name": form(STREAMS["periods"].pattern, "the name of a period"),
    "anomaly": form(STREAMS["anomalies"].pattern, "the name of an anomaly"),
    "anomaly_kind": one_of(
        "self_verification mutual_verification verification_ring verifier_share verifier_speed verifier_approval "
        "organization_figures identical_times impossible_travel night_burst inflation ghost_volunteers"
    ),
    "outcome": one_of("explained confirmed follow_up"),
    "positions": array_of(record("partition:nought_or_more position:seconds")),
    "totals": record(
        "claimed_seconds:nought_or_more attended_seconds:nought_or_more verified_seconds:nought_or_more "
        "disputed_seconds:nought_or_more withheld_seconds:nought_or_more reversed_seconds:nought_or_more "
        "entry_count:nought_or_more"
    ),
    "organization": form(f"(?:organizations|initiatives)/{ID}", "the name of an organization or initiative"),
    "client_name": form(STREAMS["clients"].pattern, "the name of a client"),
    "initiative": form(STREAMS["initiatives"].pattern, "the name of an initiative"),
    "linked_volunteer": form(STREAMS["volunteers"].pattern, "the name of a volunteer"),
    "overlaps": array_of(record("attendance:to_attendance linked_attendance:to_attendance seconds")),
    "to_attendance": form(STREAMS["attendances"].pattern, "the name of an attendance"),
    "to_shift": form(STREAMS["shifts"].pattern, "the name of a shift"),
    "transferred_from": form(
        f"(?:{STREAMS['attendances'].pattern}|{STREAMS['groupAttendances'].pattern})",
        "the name of an attendance or a group attendance",
    ),
    "appointment": form(f"organizations/{ID}/appointments/{ID}", "the name of an appointment"),
    "volunteer": form(STREAMS["volunteers"].pattern, "the name of a volunteer"),
    "consent": form(f"volunteers/{ID}/consents/{ID}", "the name of a consent"),
    "charter": form(f"charters/{ID}", "the name of a charter"),
    "standing": form(STREAMS["standings"].pattern, "the name of a standing"),
    "recognition": form(STREAMS["recognitions"].pattern, "the name of a programme of recognition"),
    "recognition_version": form(f"recognitions/{ID}/versions/[1-9][0-9]*", "the name of a version of one"),
    "recognition_levels": array_of(
        record(
            "level:text display_name verified_seconds_min:seconds? months_min:seconds? skills_used_min:seconds? "
            "organizations_min:seconds? by_nomination:boolean honoured:honoured? persons_min:seconds?"
        )
    ),
    "honoured": one_of("team"),
    "milestone": form(STREAMS["milestones"].pattern, "the name of a milestone"),
    "nomination": form(STREAMS["nominations"].pattern, "the name of a nomination"),
    "decision": one_of("approved declined"),
    "statement": form(STREAMS["statements"].pattern, "the name of a statement"),
    "session": form(STREAMS["liveSessions"].pattern, "the name of a live session"),
    "completion": form(STREAMS["completions"].pattern, "the name of a completion"),
    "course": form(STREAMS["courses"].pattern, "the name of a course"),
    "training_session": form(STREAMS["sessions"].pattern, "the name of a training session"),
    "number": whole(1),
    "completion_result": one_of("attended passed"),
    "valid_days": whole(0, 36_500),
    "course_details": record(
        "title:localized_text description:localized_text? completion_by:completion_result valid_days sector:text? "
        "skills"
    ),
    "required_courses": array_of(form(STREAMS["courses"].pattern, "the name of a course")),
    "silence_seconds": whole(10, 600),
    "live_version": whole(1, 1),
    "excluded": array_of(form(STREAMS["volunteers"].pattern, "the name of a volunteer")),
    "rule": record("version:live_version silence_seconds registration_required:boolean excluded"),
    "joined": array_of(record("volunteer seconds:nought_or_more")),
    "ended_by": one_of("left silent"),
    "ended": array_of(record("number:seconds seconds:nought_or_more ended_by")),
    "numbers": array_of(whole(1)),
    "signs": array_of(record("seconds:nought_or_more numbers")),
    "points": array_of(record("seconds:nought_or_more participants:nought_or_more")),
    "evidence_class": one_of("external"),
    "project": form(STREAMS["projects"].pattern, "the name of a project"),
    "donation": form(STREAMS["donations"].pattern, "the name of a donation"),
    "amount_minor_units": whole(0, 10**12),
    "refunded_minor_units": whole(1, 10**12),
    "goal_seconds": whole(1, 10**12),
    "goal_minor_units": whole(1, 10**15),
    "currency": CODE,
    "plan": record(
        "title:localized_text description:localized_text? goal_seconds? goal_minor_units? currency? start_date:date? "
        "end_date:date? opportunities:texts"
    ),
    "subscription": form(STREAMS["subscriptions"].pattern, "the name of a subscription"),
    "seconds_max": whole(1, 10**12),
    "required_fields": array_of(one_of("receiver_position volunteer times")),
    "receiver_positions": array_of(record("done_for:text? receiver_position:text")),
    "stall_after_seconds": whole(1, 31_536_000),
    "limits": record("seconds_max? required_fields receiver_positions stall_after_seconds"),
    "entry_place": record("partition:nought_or_more position:nought_or_more entry_index:nought_or_more"),
    "opened": array_of(record("piece:text seconds reason held:boolean")),
    "share": form(STREAMS["statements"].pattern + f"/shares/{ID}", "the name of a share"),
    "revocation": one_of("withdrawn issued_in_error key_compromised"),
    "statement_kind": one_of("statement transcript"),
    "shown": array_of(one_of("name organizations roles sectors years skills entries")),
    "sha256": form("[0-9a-f]{64}", "64 lower-case hexadecimal digits"),
    "issuer_key": form("[A-Za-z0-9_-]{43}", "the thumbprint of a key"),
    "opportunity": form(STREAMS["opportunities"].pattern, "the name of an opportunity"),
    "shift": form(STREAMS["shifts"].pattern, "the name of a shift"),
    "registration": form(STREAMS["registrations"].pattern, "the name of a registration"),
    "overlap": one_of("withhold"),
    "state": one_of("registered accredited"),
    "attendance_state": one_of("claimed recorded verified declined reversed"),
    "resolution": one_of("UPHELD REJECTED"),
    "role": one_of("coordinator verifier"),
    "minimum_age_years": whole(0, 120),
    "level": one_of("general skilled professional"),
    "partner_type": one_of("government non_profit private"),
    "crediting": one_of("clock schedule"),
    "method": one_of("qr kiosk app coordinator"),
    "source": one_of("native migrated"),
    "class": one_of(" ".join(CLASSES)),
    **dict.fromkeys("sealed guardian preferences".split(), SEALED),
    "volunteer_details": record(
        "full_name:sealed? birth_date:sealed? identity_type:sealed? identity_number:sealed? email:sealed? "
        "phone:sealed? gender:sealed? residence_region:sealed?"
    ),
    "opportunity_details": record(
        "title:localized_text description:localized_text? sector:text? event_type:text? skills minimum_age_years "
        "level? partner_type? compulsory_service:boolean crediting required_courses?"
    ),
    "imported_from": record("system:text record_id:text"),
    "date": date,
    "nought_or_more": whole(0),
    "rounding_seconds": whole(1, 86_400),
    "rounding": one_of("down nearest up"),
    "period": one_of("lifetime calendar_month calendar_year twelve_months hijri_month hijri_year"),
    "age": whole(0, 120),
    "measure_classes": array_of(one_of(" ".join(CLASSES))),
    "levels": array_of(record("name:text seconds_min:seconds age_min_years:age? age_max_years:age?")),
    "rates": array_of(
        record("from_date:date until_date:date? currency:reason minor_units_per_hour:seconds source:text")
    ),
    "certificates": array_of(form("[0-9a-f]{64}", "64 lower-case hexadecimal digits")),
    "roles": array_of(one_of("administrator coordinator verifier volunteer government_reader auditor employer")),
    "organizations": array_of(form(f"(?:organizations|initiatives)/{ID}", "the name of an organization or initiative")),
    "terms": record(
        "system_name:text certificates own_roles:roles delegated_roles:roles organizations purposes:skills until_time?"
    ),
    "rules": by_kind(
        hours=record(
            "kind:text day_seconds_max attendance_seconds_max year_seconds_max:seconds? "
            "early_seconds_credited_max:nought_or_more? late_seconds_forgiven:nought_or_more "
            "overstay_seconds_credited_max:nought_or_more? open_presence_seconds:nought_or_more? "
            "break_after_seconds:seconds? break_seconds:nought_or_more rounding_seconds rounding "
            "compulsory_service_counts:boolean guardian_consent_required:boolean charter_required:boolean "
            "two_verifiers_above_seconds:nought_or_more? confirmation_required:boolean "
            "claim_lapses_after_days:seconds?"
        ),
        requirement=record("kind:text measure_classes levels period compulsory_service_counts:boolean watched:boolean"),
        rates=record("kind:text rates"),
    ),
    "place": record("region:text? online:boolean city:text?"),
    "counted": array_of(record("start end")),
    "position": whole(1),
    "cause": record("partition:nought_or_more position"),
    **dict.fromkeys("evaluated_at answered_at".split(), array_of(record("partition:nought_or_more position"))),
    "ranges": array_of(record("partition:nought_or_more first_position:position last_position:nought_or_more")),
    "access": form(STREAMS["accesses"].pattern, "the name of an access"),
    "volunteers": array_of(text),
    "texts": array_of(text),
    "service": form(STREAMS["services"].pattern, "the name of a service"),
    "settings": array_of(record("name:text value:text? fingerprint:text? key_ids:texts")),
    "key_holders": array_of(record("key:text holders:texts")),
    "volunteer_count": whole(0),
    **dict.fromkeys("served was_served".split(), record("start end")),
    "entries": array_of(record("service_date from_class:class to_class:class seconds reason?")),
    # For the attributes of [format] "An event is its bytes".
    "id": form("[0-9a-f]{32}", "an id of 32 lower-case hexadecimal digits"),
    "requesthash": form("(?:[0-9a-f]{64})?", "64 lower-case hexadecimal digits or empty"),
    "source_id": form(LEDGER_ID, "1 to 255 ASCII characters without spaces"),
    "not_empty": not_empty,
    "policy_version": form(f"policies/{ID}/versions/[1-9][0-9]*", "the name of a policy's version"),
    "anything": lambda value, field_name: None,  # what is checked elsewhere
}

check_attribute_forms = record(
    "specversion:anything id source:source_id type:text subject:text time:text partition:integer position:integer "
    "streamversion:integer schemaversion:integer actor:not_empty client:not_empty requestid:text requesthash "
    "data:anything sourcetime:moment? policy:policy_version? corrects:id?"
)


def route(stream: str, partition_count: int) -> int:
    """[format] "Routing"."""
    segments = stream.split("/")
    if partition_count == 1:
        return 0
    if segments[0] == "partitions":
        return int(segments[1])
    digest = hashlib.sha256("/".join(segments[:2]).encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") % partition_count


@dataclass(frozen=True)
class Event:
    type: str
    subject: str
    position: int
    data: dict[str, object]


@dataclass
class EventReader:
    """Reads the events of one partition in order and stops where [format] says so."""

    ledger_id: str
    partition: int
    partition_count: int
    stream_versions: dict[str, int] = field(default_factory=dict)
    last_record_time: str = ""

    def read(self, body: bytes, position: int) -> Event:
        """One event: its bytes, its attributes, its place in log and stream, its data."""
        if b"\n" in body or b"\r" in body:
            raise Stop("event", "a line break stands between its members")
        event = read_json(body, "event")
        try:
            check_attribute_forms(event, "event")
            self.check_attributes(event, position)
            return self.read_data(event, position)
        except Stop as stop:
            stop.field = stop.field.removeprefix("event.")
            raise

    def check_attributes(self, event: dict[str, object], position: int) -> None:
        """[format] "An event is its bytes", the table and the text below it."""
        demand_equal(event["specversion"], "1.0", "specversion", "the format")
        demand_equal(event["source"], self.ledger_id, "source", "the manifest")
        demand_equal(event["partition"], self.partition, "partition", "the folder")
        demand_equal(event["position"], position, "position", "the place in the log")
        demand_equal(event["schemaversion"], 1, "schemaversion", "the format")
        if (event["requestid"] == "") != (event["requesthash"] == ""):
            raise Stop("requesthash", "is empty without an empty `requestid`, or the other way round")
        time = record_time(event["time"], "time")
        if time < self.last_record_time:
            raise Stop("time", f"falls: {shown(event['time'])} after {self.last_record_time}")
        self.last_record_time = time

    def read_data(self, event: dict[str, object], position: int) -> Event:
        """[format] "Streams and partitions" and "Data of each event"."""
        event_type, subject = as_text(event["type"], "type"), as_text(event["subject"], "subject")
        if event_type not in EVENTS:
            raise Stop("type", f"is unknown: {shown(event_type)}")
        stream, fields = EVENTS[event_type]
        if STREAMS[stream].fullmatch(subject) is None:
            raise Stop("subject", f"{shown(subject)} is no stream of {event_type}")
        if stream != OF_BOTH and (stream in OF_ACCESS) != self.ledger_id.endswith("/access"):
            raise Stop("subject", f"{shown(subject)} is no stream of this kind of ledger")
        demand_equal(self.partition, route(subject, self.partition_count), "subject", "routing")
        self.check_stream_version(subject, event["streamversion"])
        record(fields)(event["data"], "data")
        read = Event(event_type, subject, position, as_object(event["data"], "data"))
        self.check_opening(read)
        check_shift_time(read)
        check_holder(read)
        return read

    def check_stream_version(self, subject: str, version: object) -> None:
        """[format] attribute `streamversion`: 1..k within the stream, without holes."""
        self.stream_versions[subject] = self.stream_versions.get(subject, 0) + 1
        demand_equal(version, self.stream_versions[subject], "streamversion", "the events before")

    def check_opening(self, event: Event) -> None:
        """[format] "Streams and partitions": `ledger-opened` is position 1 of every partition, and nowhere else."""
        if (event.type == "ledger-opened") != (event.position == 1):
            raise Stop("type", f"{event.type} cannot stand at position {event.position}")
        if event.type != "ledger-opened":
            return
        demand_equal(event.subject, f"partitions/{self.partition}", "subject", "the folder")
        demand_equal(event.data["ledger_id"], self.ledger_id, "data.ledger_id", "the manifest")
        demand_equal(event.data["partitions"], self.partition_count, "data.partitions", "the manifest")
        demand_equal(event.data["routing_rule"], ROUTING_RULE, "data.routing_rule", "the format")
        demand_equal(event.data["format_version"], FORMAT_VERSION, "data.format_version", "the format")


def check_shift_time(event: Event) -> None:
    """[format] `shift-opened`: "`start`? and `end`?, or `service_date`? alone"."""
    given = [name for name in ("start", "end", "service_date") if name in event.data]
    if event.type == "shift-opened" and given not in (["start", "end"], ["service_date"]):
        raise Stop("data.start", "a shift has `start` and `end`, or `service_date` alone")


def check_holder(event: Event) -> None:
    """[format] "Where a reader stops": what names the event's own stream is its subject, or begins it."""
    if "holder" in event.data:
        holder = "/".join(event.subject.split("/")[:2])
        demand_equal(event.data["holder"], holder, "data.holder", "the subject")
    if "project" in event.data:
        project = "/".join(event.subject.split("/")[:2])
        demand_equal(event.data["project"], project, "data.project", "the subject")
    named = "attendance standing statement session donation completion milestone nomination anomaly subscription"
    for name in named.split():
        if name in event.data:
            demand_equal(event.data[name], event.subject, f"data.{name}", "the subject")


# ------------------------------------------------------------------------------------------------------- the log's tree


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def log_leaf(event_bytes: bytes) -> bytes:
    return sha256(b"\x00", event_bytes)


def log_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


def tile_name(level: str, index: int, width: int) -> str:
    """[log] "Tiles": the index in groups of three digits, `.p/<W>` for a partial tile."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    name = f"tile/{level}/{'/'.join(reversed(groups))}"
    return name if width == TILE_WIDTH else f"{name}.p/{width}"


class LogRoot:
    """[log] "The tree": the root, leaf by leaf. Kept are the roots of the full subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.subtrees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.subtrees.append(leaf)
        size = self.size
        while size % 2 == 1:
            right = self.subtrees.pop()
            self.subtrees[-1] = log_node(self.subtrees[-1], right)
            size //= 2
        self.size += 1

    def root(self) -> bytes:
        if self.size == 0:
            return sha256()
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = log_node(left, root)
        return root


class HashTiles:
    """[log] "Tiles": computes the hash tiles from the leaves and compares each with its file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.levels: list[list[bytes]] = []  # the hashes of the tile in hand, level by level
        self.tile_counts: list[int] = []

    def add(self, content: bytes, level: int = 0) -> None:
        if level == len(self.levels):
            self.levels.append([])
            self.tile_counts.append(0)
        self.levels[level].append(content)
        if len(self.levels[level]) == TILE_WIDTH:
            full_tile = self.levels[level]
            self.compare(level)
            self.tile_counts[level] += 1
            self.levels[level] = []
            self.add(full_tile_root(full_tile), level + 1)

    def compare(self, level: int) -> None:
        hashes = self.levels[level]
        name = tile_name(str(level), self.tile_counts[level], len(hashes))
        content = read_file(self.folder, name, TILE_WIDTH * HASH_BYTES)
        if len(content) != len(hashes) * HASH_BYTES:
            raise Stop(name, f"has {len(content)} bytes instead of {len(hashes) * HASH_BYTES}")
        for index, expected in enumerate(hashes):
            if content[index * HASH_BYTES : (index + 1) * HASH_BYTES] != expected:
                first_leaf = (self.tile_counts[level] * TILE_WIDTH + index) * TILE_WIDTH**level
                raise Stop(name, f"hash {index} does not follow from the events", first_leaf + 1)

    def finish(self) -> None:
        """The partial tiles at the end of each level."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                self.compare(level)


def full_tile_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [log_node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


# ------------------------------------------------------------------------------------------------- balances and the map


@dataclass(slots=True)
class Account:
    """The seven classes of one holder, `outside` first, and the chain of its entries ([balances] 2 and 3)."""

    key: bytes
    head: bytes
    class_seconds: list[int]
    entry_count: int = 0

    def balance(self) -> bytes:
        return b"".join(number.to_bytes(8, "big") for number in [*self.class_seconds[1:], self.entry_count]) + self.head

    def leaf(self) -> bytes:
        return sha256(b"\x10", self.key, sha256(b"\x13", self.balance()))


def open_account(holder: str) -> Account:
    key = sha256(holder.encode("utf-8"))
    return Account(key, sha256(b"\x12", key), [0] * len(CLASSES))


def length_and_text(content: str) -> bytes:
    encoded = content.encode("utf-8")
    return len(encoded).to_bytes(2, "big") + encoded


class Accounts:
    """[balances] 1 to 4: every holder of one partition."""

    def __init__(self) -> None:
        self.by_holder: dict[str, Account] = {}

    def apply(self, event: Event, leaf: bytes) -> None:
        for index, entry in enumerate(as_array(event.data.get("entries", []), "data.entries")):
            try:
                self.apply_entry(event, leaf, index, as_object(entry, ""))
            except Stop as stop:
                stop.field = f"data.entries[{index}].{stop.field}"
                raise

    def apply_entry(self, event: Event, leaf: bytes, index: int, entry: dict[str, object]) -> None:
        """[format] "Where a reader stops", then [balances] 2, the bytes of an entry and the head after it."""
        holder = as_text(event.data["holder"], "holder")
        if holder not in self.by_holder:
            self.by_holder[holder] = open_account(holder)
        account = self.by_holder[holder]
        from_class, to_class = (CLASSES.index(as_text(entry[name], name)) for name in ("from_class", "to_class"))
        seconds = as_integer(entry["seconds"], "seconds")
        move_seconds(account.class_seconds, from_class, to_class, seconds)
        entry_bytes = b"".join(
            (
                event.position.to_bytes(8, "big"),
                index.to_bytes(4, "big"),
                bytes((from_class, to_class)),
                seconds.to_bytes(8, "big"),
                as_text(entry["service_date"], "service_date").encode("ascii"),
                leaf,
                length_and_text(as_text(entry.get("reason", ""), "reason")),
                length_and_text(event.subject),
            )
        )
        account.head = sha256(b"\x12", account.head, entry_bytes)
        account.entry_count += 1

    def check_sum(self) -> None:
        """[format] "Entry": with `outside` all accounts sum to zero."""
        total_seconds = sum(sum(account.class_seconds) for account in self.by_holder.values())
        demand_equal(total_seconds, 0, "sum of all accounts in seconds", "the format")

    def map_root(self) -> bytes:
        leaves = sorted((account.key, account.leaf()) for account in self.by_holder.values())
        return subtree(leaves, 0, len(leaves), 0)


def move_seconds(class_seconds: list[int], from_class: int, to_class: int, seconds: int) -> None:
    """[format] "Where a reader stops": the rules for one entry."""
    if seconds < 1:
        raise Stop("seconds", "is below 1")
    if to_class == OUTSIDE:
        raise Stop("to_class", "nothing returns to `outside`")
    if from_class == to_class:
        raise Stop("to_class", f"the entry goes from `{CLASSES[to_class]}` into itself")
    if from_class != OUTSIDE and class_seconds[from_class] < seconds:
        left_seconds = class_seconds[from_class]
        raise Stop("from_class", f"`{CLASSES[from_class]}` has {left_seconds} seconds and would fall below zero")
    if class_seconds[to_class] + seconds >= NUMBER_LIMIT:
        raise Stop("seconds", f"`{CLASSES[to_class]}` would reach 2^63")
    class_seconds[from_class] -= seconds
    class_seconds[to_class] += seconds


def subtree(leaves: list[tuple[bytes, bytes]], first: int, end: int, depth: int) -> bytes:
    """[balances] 4: the subtree over leaves[first:end], which are (key, leaf) in order of key."""
    if first == end:
        return bytes(HASH_BYTES)
    if end - first == 1:
        return leaves[first][1]
    byte, shift = depth // 8, 7 - depth % 8
    middle = bisect_left(leaves, 1, first, end, key=lambda leaf: leaf[0][byte] >> shift & 1)
    return sha256(b"\x11", subtree(leaves, first, middle, depth + 1), subtree(leaves, middle, end, depth + 1))


# --------------------------------------------------------------------------------------------------- Ed25519 (RFC 8032)

PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, -1, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T of RFC 8032 section 5.1.4


def decode_point(encoded: bytes) -> Point | None:
    """RFC 8032 section 5.1.3; None unless these 32 bytes are the one spelling of a point."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= PRIME:
        return None
    x_squared = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, PRIME) % PRIME
    x = pow(x_squared, (PRIME + 3) // 8, PRIME)
    if (x * x - x_squared) % PRIME != 0:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - x_squared) % PRIME != 0 or (x == 0 and sign == 1):
        return None
    if x % 2 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def add_points(p: Point, q: Point) -> Point:
    """RFC 8032 section 5.1.4."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE_D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply_point(factor: int, point: Point) -> Point:
    product: Point = (0, 1, 1, 0)
    while factor > 0:
        if factor & 1:
            product = add_points(product, point)
        point = add_points(point, point)
        factor >>= 1
    return product


BASE_POINT = decode_point((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little")) or (0, 1, 1, 0)


def ed25519_verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 section 5.1.7, strict: S below the group order, canonical points, and the equation without cofactor."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key_point, nonce_point = decode_point(public_key), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key_point is None or nonce_point is None or scalar >= GROUP_ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % GROUP_ORDER
    left = multiply_point(scalar, BASE_POINT)
    right = add_points(nonce_point, multiply_point(challenge, key_point))
    same_x = (left[0] * right[2] - right[0] * left[2]) % PRIME == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % PRIME == 0


# ------------------------------------------------------------------------------------------------ keys and signed notes

ED25519, COSIGNATURE, ML_DSA_44 = 1, 4, 6  # [log] "A checkpoint", the table of types
PUBLIC_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64, ML_DSA_44: 8 + 2420}


@dataclass(frozen=True)
class Key:
    """[log] "A checkpoint": a vkey. The key id covers the name, so a key under another name has another id."""

    name: str
    kind: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode("utf-8"), b"\n", bytes([self.kind]), self.public_key)[:4]


def is_name(name: str) -> bool:
    """[log] "A checkpoint": a key name is not empty, holds no space of any kind and no plus sign."""
    return name != "" and not any(character.isspace() or character == "+" or character < " " for character in name)


def read_vkey(vkey: str) -> Key:
    """`<name>+<key id, 8 hexadecimal digits>+<base64 of type and public key>`; ValueError if it isn't that."""
    if len(vkey.encode("utf-8", "replace")) > VKEY_BYTES_MAX:
        raise ValueError(f"it has more than {VKEY_BYTES_MAX} bytes")
    name, key_id, encoded = [*vkey.split("+", 2), "", ""][:3]
    try:
        content = decode_base64(encoded, "vkey")
    except Stop as stop:
        raise ValueError(f"the key {stop.problem}") from None
    if not is_name(name) or not content or PUBLIC_KEY_BYTES.get(content[0]) != len(content) - 1:
        raise ValueError("the name, the type or the length of the public key is wrong")
    key = Key(name, content[0], content[1:])
    if key.key_id.hex() != key_id:
        raise ValueError(f"the key id is {shown(key_id)} instead of {key.key_id.hex()}")
    if key.kind != ML_DSA_44 and decode_point(key.public_key) is None:
        raise ValueError("the public key is no point of the curve")
    return key


@dataclass(frozen=True)
class Note:
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]  # key name, key id, signature


def read_note(content: bytes, file_name: str) -> Note:
    """[log] "A checkpoint": text, blank line, signature lines."""
    try:
        decoded = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Stop(file_name, "is not UTF-8") from None
    if any(character < " " and character != "\n" for character in decoded):
        raise Stop(file_name, "has a control character")
    body, blank_line, signature_part = decoded.rpartition("\n\n")
    if not blank_line or not signature_part.endswith("\n"):
        raise Stop(file_name, "is not a text, a blank line and signature lines, each ended by a newline")
    lines = signature_part[:-1].split("\n")
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise Stop(file_name, f"has more than {NOTE_SIGNATURES_MAX} signatures")
    return Note((body + "\n").encode("utf-8"), [read_signature_line(line, file_name) for line in lines])


def read_signature_line(line: str, file_name: str) -> tuple[str, bytes, bytes]:
    words = line.split(" ")
    if len(words) != 3 or words[0] != "\u2014" or not is_name(words[1]):
        raise Stop(f"{file_name} signature line", f"has another form: {shown(line)}")
    content = decode_base64(words[2], f"{file_name} signature line")
    if len(content) < 5:
        raise Stop(f"{file_name} signature line", "has no signature after the key id")
    return words[1], content[:4], content[4:]


def signature_holds(key: Key, note_text: bytes, signature: bytes) -> bool:
    """[log] "A checkpoint", the table of types. Of ML-DSA-44 only the length and the range of the time are checked."""
    if len(signature) != SIGNATURE_BYTES[key.kind]:
        return False
    if key.kind == ED25519:
        return ed25519_verifies(key.public_key, note_text, signature)
    time_seconds = int.from_bytes(signature[:8], "big")
    if time_seconds >= NUMBER_LIMIT:
        return False
    message = b"cosignature/v1\ntime %d\n" % time_seconds + note_text
    return key.kind == ML_DSA_44 or ed25519_verifies(key.public_key, message, signature[8:])


def check_signatures(note: Note, note_name: str, keys: list[Key], file_name: str) -> None:
    """[log] "A checkpoint": unknown keys are passed over, one wrong signature of a known key spoils the note, and the
    log's keys have signed. `note_name` is the name under which they sign."""
    seen: set[Key] = set()
    for name, key_id, signature in note.signatures:
        for key in keys:
            if (key.name, key.key_id) == (name, key_id):
                if not signature_holds(key, note.text, signature):
                    raise Stop(f"{file_name} signature line", f"the signature of {shown(name)} {key_id.hex()} is wrong")
                seen.add(key)
    if not any(key.name == note_name and key.kind == ED25519 for key in keys):
        raise Stop(file_name, f"no Ed25519 key of {shown(note_name)} was given to check it by")
    for key in keys:
        if key.name == note_name and key.kind != COSIGNATURE and key not in seen:
            raise Stop(file_name, f"the signature of {shown(key.name)} {key.key_id.hex()} is missing")


# ----------------------------------------------------------------------------------------------------------- the export


@dataclass(frozen=True)
class Claim:
    """What the manifest says of one partition ([format] "An export")."""

    origin: str
    size: int
    root: bytes
    map_root: bytes | None


@dataclass(frozen=True)
class Manifest:
    ledger_id: str
    claims: list[Claim]


def check_member_names(members: dict[str, object], names: set[str], field_name: str) -> None:
    """[format] "An export": "No member may be missing, repeated or unknown"."""
    for name in sorted(names ^ members.keys()):
        raise Stop(f"{field_name}.{shown(name)[1:-1]}", "is missing" if name in names else "is unknown")


def read_manifest(folder: Path) -> Manifest:
    members = read_json(read_file(folder, "manifest.json", MANIFEST_BYTES_MAX), "manifest.json")
    check_member_names(members, {"format", "version", "ledger_id", "partitions"}, "manifest.json")
    demand_equal(members["format"], "volunteer-hours-export", "manifest.json.format", "the format")
    demand_equal(members["version"], 1, "manifest.json.version", "the format")
    ledger_id = as_text(members["ledger_id"], "manifest.json.ledger_id")
    if re.fullmatch(LEDGER_ID, ledger_id) is None:
        raise Stop("manifest.json.ledger_id", f"is not 1 to 255 ASCII characters without spaces: {shown(ledger_id)}")
    rows = as_array(members["partitions"], "manifest.json.partitions")
    claims = [read_claim(row, index) for index, row in enumerate(rows)]
    if not 1 <= len(claims) <= PARTITIONS_MAX:
        raise Stop("manifest.json.partitions", f"has not 1 to {PARTITIONS_MAX} members")
    if len({claim.origin for claim in claims}) != len(claims):  # [log] "A checkpoint": "one name for each partition"
        raise Stop("manifest.json.partitions", "two partitions have the same origin")
    return Manifest(ledger_id, claims)


def read_claim(value: object, partition: int) -> Claim:
    field_name = f"manifest.json.partitions[{partition}]"
    row = as_object(value, field_name)
    size = as_integer(row.get("size"), f"{field_name}.size")
    map_root_names = {"map_root"} if size > 0 else set()
    check_member_names(row, {"partition", "origin", "size", "root"} | map_root_names, field_name)
    demand_equal(row["partition"], partition, f"{field_name}.partition", "the order")
    origin = as_text(row["origin"], f"{field_name}.origin")
    if ORIGIN.fullmatch(origin) is None:
        raise Stop(f"{field_name}.origin", f"is not the name of a log: {shown(origin)}")
    hashes = {
        name: decode_base64(as_text(row[name], f"{field_name}.{name}"), f"{field_name}.{name}", HASH_BYTES)
        for name in ("root", "map_root")
        if name in row
    }
    return Claim(origin, size, hashes["root"], hashes.get("map_root"))


@dataclass
class PartitionReader:
    """Checks one partition's folder; what it has computed stays readable after a Stop."""

    folder: Path
    manifest: Manifest
    partition: int
    keys: list[Key]
    log: LogRoot = field(default_factory=LogRoot)
    accounts: Accounts = field(default_factory=Accounts)
    map_root: bytes | None = None
    complete: bool = False  # all events were read and their tiles agree
    signatures_checked: bool = False

    @property
    def claim(self) -> Claim:
        return self.manifest.claims[self.partition]

    def check(self) -> None:
        self.check_events()
        self.accounts.check_sum()
        if self.claim.size > 0:
            self.map_root = self.accounts.map_root()
        self.complete = True
        demand_equal(self.claim.root, self.log.root(), "manifest.json root", "the events")
        demand_equal(self.claim.map_root, self.map_root, "manifest.json map_root", "the events")
        self.check_notes()

    def check_events(self) -> None:
        reader = EventReader(self.manifest.ledger_id, self.partition, len(self.manifest.claims))
        tiles = HashTiles(self.folder)
        for position, body in self.bodies():
            try:
                leaf = log_leaf(body)
                self.accounts.apply(reader.read(body, position), leaf)
            except Stop as stop:
                stop.position = position
                raise
            self.log.add(leaf)
            tiles.add(leaf)
        tiles.finish()

    def bodies(self) -> Iterator[tuple[int, bytes]]:
        """[format] "Entry bundles": position and stored bytes of every event, one bundle in memory."""
        for first in range(0, self.claim.size, TILE_WIDTH):
            width = min(TILE_WIDTH, self.claim.size - first)
            name = tile_name("entries", first // TILE_WIDTH, width)
            bundle = read_file(self.folder, name, width * (2 + EVENT_BYTES_MAX))
            offset = 0
            for position in range(first + 1, first + width + 1):
                end = offset + 2 + int.from_bytes(bundle[offset : offset + 2], "big")
                if len(bundle) < offset + 2 or len(bundle) < end or end == offset + 2:
                    raise Stop(name, "the bundle ends within this event, or the event is empty", position)
                yield position, bundle[offset + 2 : end]
                offset = end
            if offset != len(bundle):
                raise Stop(name, f"{len(bundle) - offset} bytes follow the last event", first + width)

    def check_notes(self) -> None:
        """[log] "A checkpoint" and [balances] 5, compared with what the events gave."""
        lines = [self.claim.origin, str(self.log.size), base64_text(self.log.root())]
        self.check_note("checkpoint", lines, self.keys)
        if self.map_root is not None:
            name = f"{self.claim.origin}/balances"
            lines = [name, str(self.log.size), base64_text(self.map_root), f"log {base64_text(self.log.root())}"]
            lines.append(f"partition {self.partition} of {len(self.manifest.claims)}")
            keys = [replace(key, name=name) if key.name == self.claim.origin else key for key in self.keys]
            self.check_note("balances", lines, keys)
        self.signatures_checked = bool(self.keys)

    def check_note(self, file_name: str, expected_lines: list[str], keys: list[Key]) -> None:
        note = read_note(read_file(self.folder, file_name, NOTE_BYTES_MAX), file_name)
        lines = note.text.decode("utf-8").split("\n")[:-1]
        demand_equal(len(lines), len(expected_lines), f"{file_name} number of lines", "the format")
        for number, (line, expected) in enumerate(zip(lines, expected_lines, strict=True), start=1):
            demand_equal(line, expected, f"{file_name} line {number}", "the events and the manifest")
        if keys:
            check_signatures(note, expected_lines[0], keys, file_name)


def base64_text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


TILE_NAME = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


def belongs(name: str, size: int) -> bool:
    """[format] "An export": is this one of the files of a partition's folder at this size?"""
    match = TILE_NAME.fullmatch(name)
    if match is None:
        return name == "checkpoint" or (name == "balances" and size > 0)
    level = 0 if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("x", "").replace("/", ""))
    full_tiles, last_width = divmod(size // TILE_WIDTH**level, TILE_WIDTH)
    if index > full_tiles or (index == full_tiles and last_width == 0):
        return False
    return name == tile_name(match[1], index, TILE_WIDTH if index < full_tiles else last_width)


def check_files(folder: Path, manifest: Manifest, findings: Findings) -> None:
    """[format] "An export": "Files that this page does not name do not belong to an export". Links are not followed."""
    waiting = [""]
    while waiting:
        parent = waiting.pop()
        try:
            with os.scandir(folder / parent) as entries:
                for entry in entries:
                    name = f"{parent}/{entry.name}" if parent else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(name)
                    else:
                        check_file(name, manifest, findings)
        except OSError as error:
            findings.add(None, Stop(shown(parent)[1:-1], f"the folder cannot be read: {error.strerror}"))


def check_file(name: str, manifest: Manifest, findings: Findings) -> None:
    first_segment, _, rest = name.partition("/")
    partition = int(first_segment) if re.fullmatch("0|[1-9][0-9]{0,8}", first_segment) else None
    if partition is not None and partition >= len(manifest.claims):
        partition = None
    if partition is None and name == "manifest.json":
        return
    if partition is None or not belongs(rest, manifest.claims[partition].size):
        findings.add(partition, Stop(shown(name)[1:-1], "the file does not belong to an export"))


# ----------------------------------------------------------------------------------------------------------- the report


@dataclass
class Report:
    findings: Findings = field(default_factory=Findings)
    readers: list[PartitionReader] = field(default_factory=list)

    def accounts(self) -> Iterator[tuple[str, int, Account]]:
        """Holder, partition and account, of every partition that could be read to its end, in order of name."""
        rows = [
            (holder, reader.partition, account)
            for reader in self.readers
            if reader.complete
            for holder, account in reader.accounts.by_holder.items()
        ]
        return iter(sorted(rows, key=lambda row: row[0]))

    def signatures(self) -> str:
        checked = bool(self.readers) and all(reader.signatures_checked for reader in self.readers)
        return "checked" if checked else "not checked"


def audit(folder: Path, keys: list[Key]) -> Report:
    """[format] "To check an export"."""
    report = Report()
    try:
        manifest = read_manifest(folder)
    except Stop as stop:
        report.findings.add(None, stop)
        return report
    for partition in range(len(manifest.claims)):
        reader = PartitionReader(folder / str(partition), manifest, partition, keys)
        report.readers.append(reader)
        try:
            reader.check()
        except Stop as stop:
            report.findings.add(partition, stop)
    check_files(folder, manifest, report.findings)
    return report


def print_balances(report: Report) -> None:
    for holder, partition, account in report.accounts():
        line: dict[str, object] = {"holder": holder, "partition": partition}
        line |= {f"{name}_seconds": account.class_seconds[number] for number, name in enumerate(CLASSES) if number > 0}
        line |= {"entry_count": account.entry_count, "head": account.head.hex()}
        print(json.dumps(line))


def print_json(report: Report) -> None:
    first = report.findings.first
    partitions = [
        {
            "partition": reader.partition,
            "size": reader.log.size,
            "root": reader.log.root().hex(),
            "map_root": None if reader.map_root is None else reader.map_root.hex(),
        }
        for reader in report.readers
        if reader.complete
    ]
    summary = {
        "findings": report.findings.count,
        "first": None if first is None else vars(first),
        "partitions": partitions,
        "holders": sum(1 for _ in report.accounts()),
        "signatures": report.signatures(),
    }
    print(json.dumps(summary))


def print_lines(report: Report) -> None:
    for reader in report.readers:
        map_root = "none" if reader.map_root is None else reader.map_root.hex()
        roots = f"root {reader.log.root().hex()}, map root {map_root}" if reader.complete else "stopped"
        print(f"partition {reader.partition}: {reader.log.size} events read, {roots}")
    print(f"holders: {sum(1 for _ in report.accounts())}")
    print(f"signatures: Ed25519 {report.signatures()}, ML-DSA-44 not checked")
    print(f"findings: {report.findings.count}")
    if report.findings.first is not None:
        print(report.findings.first)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an export of the volunteer-hours ledger, from its pages alone.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="the export")
    parser.add_argument("--key", metavar="VKEY", action="append", default=[], help="a vkey of a log or of a witness")
    parser.add_argument("--balances", action="store_true", help="print a line of JSON for each holder")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"not a folder: {shown(str(options.folder))}")
    try:
        keys = [read_vkey(vkey) for vkey in options.key]
    except ValueError as error:
        parser.error(f"--key: {error}")
    report = audit(options.folder, keys)
    if options.balances:
        print_balances(report)
    if options.json:
        print_json(report)
    else:
        print_lines(report)
    return 0 if report.findings.count == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
