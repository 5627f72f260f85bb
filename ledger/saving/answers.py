"""The service's answers as batches of the saved tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.saving.cells import day_number
from ledger.saving.columns import Basis, Batch, Coded, Numbers, Texts
from ledger.saving.tables import ATTENDANCES, ORGANIZATIONS, STATEMENTS, SUMMARIES, VOLUNTEERS, batch_of
from volunteer_hours.v1.bulk_reading_pb2 import AttendanceSums, StreamEntriesResponse, TextColumn
from volunteer_hours.v1.hours_service_pb2 import HoursGroup
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.resources_pb2 import Initiative, Organization, OrganizationState, Volunteer
from volunteer_hours.v1.statement_service_pb2 import Statement, StatementKind, StatementState
from volunteer_hours.v1.values_pb2 import EvidenceClass, EvidenceSeconds, IdentityType

CLASSES: Final = (
    "outside",
    *(name.removeprefix("EVIDENCE_CLASS_").lower() for name in EvidenceClass.keys()[1:]),
)
"""By the class's number."""
_NO_TIME: Final = -(2**63)


def basis_of(positions: Iterable[Position], recorded_through: Timestamp | None) -> Basis:
    """What an answer says that it rests on."""
    through = None if recorded_through is None else _moment(recorded_through)
    return Basis([(one.partition, one.position) for one in positions], through)


def entries(page: StreamEntriesResponse) -> Batch:
    """Columns stay columns: no object is made of an entry."""
    count = len(page.entry_positions)
    texts: dict[str, Texts] = {
        "holder": _coded(page.holder),
        "event_type": _coded(page.event_type),
        "event_id": list(page.event_ids),
        "from_class": Coded(CLASSES, list(page.from_classes)),
        "to_class": Coded(CLASSES, list(page.to_classes)),
        "reason": _coded(page.reason),
        "attendance": list(page.attendances),
        "shift": _coded(page.shift),
        "opportunity": _coded(page.opportunity),
        "organization": _coded(page.organization),
        "actor": _coded(page.actor),
    }
    learnt = [None if moment == _NO_TIME else moment for moment in page.source_record_times]
    numbers: dict[str, Numbers] = {
        "partition": [page.partition] * count,
        "position": list(page.entry_positions),
        "entry_index": list(page.entry_indexes),
        "seconds": list(page.seconds),
        "service_date": list(page.service_days),
        "record_time": list(page.record_times),
        "source_record_time": learnt or [None] * count,
    }
    return Batch(count, texts, numbers)


def attendances(rows: Iterable[AttendanceSums]) -> Batch:
    """One row an attendance."""
    return batch_of(ATTENDANCES, map(_attendance, rows))


def _attendance(one: AttendanceSums) -> tuple[str | int | None, ...]:
    imported = one.HasField("imported_from")
    return (
        one.name,
        one.volunteer,
        one.organization,
        one.opportunity,
        one.shift,
        one.time_zone,
        _moment(one.start_time) if one.HasField("start_time") else None,
        _moment(one.end_time) if one.HasField("end_time") else None,
        day_number(one.service_date),
        one.head_count,
        *_class_seconds(one.seconds),
        one.reason,
        one.imported_from.system if imported else "",
        one.imported_from.record_id if imported else "",
        _moment(one.imported_from.source_record_time) if imported else None,
    )


def summaries(groups: Iterable[HoursGroup]) -> Batch:
    """One row a group."""
    return batch_of(
        SUMMARIES,
        ((one.key, *_class_seconds(one.seconds), one.seconds.recorded_seconds, one.entry_count) for one in groups),
    )


def volunteers(rows: Iterable[Volunteer]) -> Batch:
    """One row a person, with what the answer tells of them."""
    return batch_of(VOLUNTEERS, map(_volunteer, rows))


def _volunteer(one: Volunteer) -> tuple[str | int | None, ...]:
    details = one.details
    identity = details.identity
    kind = IdentityType.Name(identity.type).removeprefix("IDENTITY_TYPE_").lower() if identity.type else ""
    return (
        one.name,
        details.full_name,
        day_number(details.birth_date),
        details.gender,
        details.residence_region,
        kind,
        identity.country,
        identity.number,
        details.email,
        details.phone,
        int(one.erased),
    )


def organizations(rows: Iterable[Organization]) -> Batch:
    """One row an organisation."""
    return batch_of(
        ORGANIZATIONS,
        (
            (
                one.name,
                "organization",
                one.display_name.ar,
                one.display_name.en,
                OrganizationState.Name(one.state).removeprefix("ORGANIZATION_STATE_").lower(),
                day_number(one.accredited_until_date),
            )
            for one in rows
        ),
    )


def initiatives(rows: Iterable[Initiative]) -> Batch:
    """The same of initiatives, which need no accreditation."""
    return batch_of(
        ORGANIZATIONS,
        ((one.name, "initiative", one.display_name.ar, one.display_name.en, "", None) for one in rows),
    )


def statements(rows: Iterable[Statement]) -> Batch:
    """One row a statement; no text of a credential."""
    return batch_of(STATEMENTS, map(_statement, rows))


def _statement(one: Statement) -> tuple[str | int | None, ...]:
    superseded = one.HasField("superseded_time")
    return (
        one.name,
        StatementKind.Name(one.kind).removeprefix("STATEMENT_KIND_").lower(),
        day_number(one.period.start_date),
        day_number(one.period.end_date),
        one.verified_seconds,
        StatementState.Name(one.state).removeprefix("STATEMENT_STATE_").lower(),
        _moment(one.issued_time) if one.HasField("issued_time") else None,
        _moment(one.expire_time) if one.HasField("expire_time") else None,
        _moment(one.revoked_time) if one.HasField("revoked_time") else None,
        one.now_verified_seconds if superseded else None,
        _moment(one.superseded_time) if superseded else None,
    )


def _class_seconds(seconds: EvidenceSeconds) -> tuple[int, ...]:
    return (
        seconds.claimed_seconds,
        seconds.attended_seconds,
        seconds.verified_seconds,
        seconds.disputed_seconds,
        seconds.withheld_seconds,
        seconds.reversed_seconds,
    )


def _coded(column: TextColumn) -> Coded:
    return Coded(list(column.values), list(column.indexes))


def _moment(timestamp: Timestamp) -> int:
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1_000
