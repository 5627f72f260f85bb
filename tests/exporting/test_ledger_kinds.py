"""What is exported of a ledger holds the streams of its kind alone."""

from __future__ import annotations

import json

import pytest

from ledger.export_audit.event_form import EventForm, Fault

LOOK = {
    "access": "accesses/a1",
    "caller_role": "auditor",
    "call": "HoursService/GetBalance",
    "volunteers": ["volunteers/amal"],
    "volunteer_count": 1,
    "ranges": [{"partition": 0, "first_position": 1, "last_position": 0}],
    "answered_at": [{"partition": 0, "position": 3}],
}
CLOSED = {"opportunity": "opportunities/garden", "organization": "organizations/green"}


@pytest.mark.parametrize(
    ("ledger_id", "stored_name", "subject", "data", "belongs"),
    [
        ("volunteer-hours/access", "hours-read", "accesses/a1", LOOK, True),
        ("volunteer-hours", "hours-read", "accesses/a1", LOOK, False),
        ("volunteer-hours", "opportunity-closed", "opportunities/garden", CLOSED, True),
        ("volunteer-hours/access", "opportunity-closed", "opportunities/garden", CLOSED, False),
    ],
)
def test_a_stream_of_the_other_kind_is_a_fault(ledger_id, stored_name, subject, data, belongs):
    faults: list[Fault] = []
    event = {
        "specversion": "1.0",
        "id": "0" * 32,
        "source": ledger_id,
        "type": stored_name,
        "subject": subject,
        "time": "2026-11-20T12:00:00Z",
        "partition": 0,
        "position": 2,
        "streamversion": 1,
        "schemaversion": 1,
        "actor": "staff/synthetic",
        "client": "tests",
        "requestid": "",
        "requesthash": "",
        "data": data,
    }
    assert EventForm(ledger_id, 0, 1).read(2, json.dumps(event, separators=(",", ":")).encode(), faults) is not None
    assert [fault.field for fault in faults] == ([] if belongs else ["subject"])
