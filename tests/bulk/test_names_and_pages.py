"""What rows are called for ever, and how they travel: never change what these tests pin."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from ledger.bulk.names import attendance_id, holder_of, own_id, volunteer_name
from ledger.bulk.persons import is_identity_number
from ledger.bulk.records import page_of, record
from ledger.bulk.request_ids import personal_request_id, request_id
from ledger.bulk.spool import Spool
from ledger.bulk.steps import Step
from volunteer_hours.v1.participation_service_pb2 import AttendanceRecord, RegisterForShiftRequest

LEARNT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHIFT = "opportunities/o/shifts/s"


def test_names_are_these_for_ever():
    assert own_id("club", "17") == "club--17"
    assert own_id("club", "م/١") == "club--h-fc460c1aba8753647c77bd4a"
    assert own_id("club", "h-fc460c1aba8753647c77bd4a") != own_id("club", "م/١"), "an id that looks like a hash"
    assert volunteer_name("club", "17") == "volunteers/club--17"
    assert volunteer_name("club", "volunteers/ana") == "volunteers/ana"
    assert attendance_id("club", "volunteers/ana/attendances/a1") == "a1"
    assert attendance_id("club", f"{SHIFT}/groupAttendances/g1") == "g1"
    assert holder_of("volunteers/ana/attendances/a1") == "volunteers/ana"
    assert holder_of("a1") == ""


def test_request_ids_are_these_for_ever():
    place = RegisterForShiftRequest(shift=SHIFT, volunteer="volunteers/ana")
    assert request_id("club", "registrations", place) == "f13ae07d-1200-50d8-828c-18622ecb0282"
    assert request_id("club", "registrations", place, "0:1") != request_id("club", "registrations", place, "0:2")
    assert personal_request_id("club", "volunteers", "17") == "0f70a493-002d-5d1a-9910-33e144f3423d"


def test_a_page_holds_its_records_in_their_order_and_the_same_page_has_the_same_id():
    records = [
        record("club", f"r/{number}", f"volunteers/v{number}/attendances/a", SHIFT, (1000, 2000 + number), LEARNT)
        for number in range(500)
    ]
    page = page_of("club", "attendances", records)
    assert [one.SerializeToString() for one in page.attendances] == records
    assert page.attendances[7] == AttendanceRecord.FromString(records[7])
    assert page.attendances[7].imported_from.record_id == "r/7"
    assert page_of("club", "attendances", records).request_id == page.request_id
    assert page_of("club", "attendances", records[1:]).request_id != page.request_id
    assert page_of("other", "attendances", records).request_id != page.request_id


def test_steps_come_back_in_their_order_and_the_file_tells_nothing():
    file = io.BytesIO()
    spool = Spool(file)
    steps = [Step("create", line, f"volunteers/secret-{line}", b"request", ("note",), 1) for line in range(6)]
    pages = [steps[:3], steps[3:]]
    for page in pages:
        spool.add(page)
    assert list(spool.pages()) == pages
    assert spool.steps == 6
    assert b"secret" not in file.getvalue()


def test_identity_numbers_are_known_however_they_are_written():
    assert all(map(is_identity_number, ("1000000008", "1000-0000-08", "١٠٠٠٠٠٠٠٠٨")))
    assert not any(map(is_identity_number, ("1000000009", "3000000008", "100000000", "club-17")))
