"""Attendances as a page of RecordAttendances takes them, made for hundreds of thousands of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ledger.bulk.names import printable_record_id
from ledger.bulk.request_ids import page_request_id
from volunteer_hours.v1 import participation_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import ImportedFrom

PAGE_RECORDS_MAX: Final = 500
_ATTENDANCES_TAG: Final = bytes([pb.RecordAttendancesRequest.ATTENDANCES_FIELD_NUMBER << 3 | 2])


def record(
    system: str, record_id: str, attendance: str, shift: str, span: tuple[int, int], source_time: datetime
) -> bytes:
    """One attendance. `span`: whole seconds since 1970 UTC."""
    volunteer, _, attendance_id = attendance.partition("/attendances/")
    return pb.AttendanceRecord(
        shift=shift,
        volunteer=volunteer,
        attendance_id=attendance_id,
        start_time=Timestamp(seconds=span[0]),
        end_time=Timestamp(seconds=span[1]),
        imported_from=provenance(system, record_id, source_time),
    ).SerializeToString()


def provenance(system: str, record_id: str, source_time: datetime) -> ImportedFrom:
    """Where a record comes from."""
    learnt = Timestamp(seconds=int(source_time.timestamp()))
    return ImportedFrom(system=system, record_id=printable_record_id(record_id), source_record_time=learnt)


def page_of(system: str, kind: str, records: Iterable[bytes]) -> pb.RecordAttendancesRequest:
    """The records as one page, in their order; the same records are the same page."""
    joined = b"".join(_ATTENDANCES_TAG + _varint(len(one)) + one for one in records)
    page = pb.RecordAttendancesRequest.FromString(joined)
    page.request_id = page_request_id(system, kind, joined)
    return page


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
