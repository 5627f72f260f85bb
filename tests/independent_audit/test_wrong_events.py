"""Events made wrong, with every hash and signature right: only reading them finds it."""

from __future__ import annotations

import json

import pytest

from tests.independent_audit.export_builder import ORIGIN, compact, vkey, write_export
from tests.independent_audit.page_examples import example_events
from tests.independent_audit.running import first_finding, run


def changed(**members):
    def change(event_members):
        for name, value in members.items():
            if value is None:
                event_members.pop(name, None)
            else:
                event_members[name] = value

    return change


def data_changed(**members):
    return lambda event_members: changed(**members)(event_members["data"])


def entry_changed(index, **members):
    return lambda event_members: changed(**members)(event_members["data"]["entries"][index])


LOOK = {
    "access": "accesses/a1",
    "caller_role": "auditor",
    "call": "HoursService/GetBalance",
    "volunteers": ["volunteers/amal"],
    "volunteer_count": 1,
    "ranges": [],
    "answered_at": [{"partition": 0, "position": 3}],
}
WRONG_EVENTS = [
    (1, changed(type="policy-enacted"), "subject"),
    (1, data_changed(ledger_id="other"), "data.ledger_id"),
    (1, data_changed(partitions=2), "data.partitions"),
    (1, data_changed(routing_rule="other"), "data.routing_rule"),
    (1, data_changed(format_version=2), "data.format_version"),
    (1, data_changed(format_version=True), "data.format_version"),
    (2, changed(specversion="1.1"), "specversion"),
    (2, changed(id="A" * 32), "id"),
    (2, changed(id=None), "id"),
    (2, changed(source="other"), "source"),
    (2, changed(type="hours-stolen"), "type"),
    (2, changed(subject="volunteers/Amal/attendances/a1"), "subject"),
    (2, changed(subject="volunteers/amal"), "subject"),
    (2, changed(subject="volunteers/amal/attendances/a1\n"), "subject"),
    (2, changed(type="hours-read", subject="accesses/a1", data=LOOK), "subject"),
    (2, changed(time="2026-11-20T12:00:00+00:00"), "time"),
    (2, changed(time="2026-02-30T12:00:00Z"), "time"),
    (2, changed(time="2026-11-20T11:59:59.999999Z"), "time"),
    (2, changed(time="2026-11-20T12:00:00.1234567Z"), "time"),
    (3, changed(time="2026-11-20T11:59:59Z"), "time"),
    (2, changed(partition=1), "partition"),
    (2, changed(position=3), "position"),
    (2, changed(position="2"), "position"),
    (2, changed(position=2.0), "position"),
    (2, changed(position=True), "position"),
    (2, changed(position=-2), "position"),
    (2, changed(position=2**63), "position"),
    (2, changed(streamversion=2), "streamversion"),
    (5, changed(streamversion=3), "streamversion"),
    (5, changed(streamversion=1), "streamversion"),
    (2, changed(schemaversion=2), "schemaversion"),
    (2, changed(actor=None), "actor"),
    (2, changed(actor=7), "actor"),
    (2, changed(actor=""), "actor"),
    (2, changed(client=""), "client"),
    (2, changed(source="tiny ledger"), "source"),
    (2, changed(requesthash="A" * 64), "requesthash"),
    (2, changed(sourcetime="2026-11-20T05:00:00.1234567Z"), "sourcetime"),
    (2, changed(policy="policies/standard/versions/01"), "policy"),
    (2, changed(client=None), "client"),
    (2, changed(requestid=""), "requesthash"),
    (2, changed(requesthash="12"), "requesthash"),
    (2, changed(data=[]), "data"),
    (2, changed(data="x"), "data"),
    (2, changed(unknown="x"), "unknown"),
    (2, changed(sourcetime="yesterday"), "sourcetime"),
    (2, changed(policy="policies/standard"), "policy"),
    (2, changed(corrects="1"), "corrects"),
    (2, data_changed(unknown=1), "data.unknown"),
    (2, data_changed(holder="volunteers/badr"), "data.holder"),
    (2, data_changed(attendance="volunteers/amal/attendances/a2"), "data.attendance"),
    (2, data_changed(organization="green"), "data.organization"),
    (2, data_changed(start=None), "data.start"),
    (2, data_changed(start="2026-11-20"), "data.start"),
    (2, data_changed(start="2026-11-20T05:00:00.5Z"), "data.start"),
    (2, data_changed(start="2026-11-20T05:00:00.000Z"), "data.start"),
    (2, data_changed(start="2026-11-20t05:00:00z"), "data.start"),
    (2, data_changed(start="2026-11-20T05:00Z"), "data.start"),
    (2, data_changed(start="2026-11-20T05:00:00+0300"), "data.start"),
    (2, data_changed(start="2026-06-30T23:59:60Z"), "data.start"),
    (2, data_changed(time_zone="Asia Riyadh"), "data.time_zone"),
    (2, data_changed(counted=[{"start": "2026-11-20T05:00:00Z"}]), "data.counted[0].end"),
    (2, data_changed(flags=[1]), "data.flags[0]"),
    (2, data_changed(source="guessed"), "data.source"),
    (2, data_changed(imported_from={"system": "x", "record_id": "1", "more": ""}), "data.imported_from.more"),
    (2, data_changed(entries=None), "data.entries"),
    (4, data_changed(flags=["unknown"]), "data.flags[0]"),
    (3, data_changed(withheld_reason=""), "data.withheld_reason"),
    (4, data_changed(head_count=None), "data.head_count"),
    (4, data_changed(head_count=0), "data.head_count"),
    (3, entry_changed(1, seconds=0), "data.entries[1].seconds"),
    (3, entry_changed(1, seconds="1"), "data.entries[1].seconds"),
    (3, entry_changed(1, seconds=True), "data.entries[1].seconds"),
    (3, entry_changed(1, seconds=2**63), "data.entries[1].seconds"),
    (3, entry_changed(1, to_class="outside"), "data.entries[1].to_class"),
    (3, entry_changed(1, from_class="withheld"), "data.entries[1].to_class"),
    (3, entry_changed(1, from_class="claimed"), "data.entries[1].from_class"),
    (3, entry_changed(1, from_class="nowhere"), "data.entries[1].from_class"),
    (3, entry_changed(1, from_class=[[[]]]), "data.entries[1].from_class"),
    (3, entry_changed(1, service_date="2026-11-31"), "data.entries[1].service_date"),
    (3, entry_changed(1, service_date="20261120"), "data.entries[1].service_date"),
    (3, entry_changed(1, note="x"), "data.entries[1].note"),
    (3, entry_changed(1, reason=7), "data.entries[1].reason"),
    (3, entry_changed(1, reason=""), "data.entries[1].reason"),
    (5, entry_changed(0, seconds=7201), "data.entries[1].from_class"),
    (5, data_changed(verified_seconds=None), "data.verified_seconds"),
]


@pytest.mark.parametrize(("position", "change", "field"), WRONG_EVENTS)
def test_an_event_made_wrong_is_found(tmp_path, position, change, field):
    events = example_events()
    members = json.loads(events[position - 1])
    change(members)
    events[position - 1] = compact(members)
    finding = first_finding(write_export(tmp_path / "export", [events]), "--key", vkey(ORIGIN))
    assert (finding["partition"], finding["position"], finding["field"]) == (0, position, field)


WRONG_BYTES = [
    (b'"actor":"staff/amal"', b'"actor":"staff/amal","actor":"staff/amal"', "actor"),
    (b'"actor":"staff/amal"', b'"actor":"staff/amal","act\\u006fr":"x"', "actor"),
    (b'"seconds":10800', b'"seconds":1,"seconds":10800', "seconds"),
    (b'"start":', b'"start":"2026-11-20T05:00:00Z","start":', "start"),
    (b',"type"', b',\n"type"', "event"),
    (b',"type"', b',\r"type"', "event"),
    (b"staff/amal", b"staff/\xff", "event"),
    (b"staff/amal", b"staff/\\ud800", "event"),
    (b"staff/amal", b"staff/\x01", "event"),
    (b'{"specversion"', b'\xef\xbb\xbf{"specversion"', "event"),
    (b'"flags":[]', b'"flags":[],"served":null', "data.served"),
    (b'"position":2', b'"position":02', "event"),
    (b'"position":2', b'"position":2e0', "position"),
    (b'"position":2', b'"position":-0', "position"),
    (b'"position":2', b'"position":NaN', "position"),
    (b'"position":2', b'"position":' + b"9" * 5000, "position"),
    (b'"flags":[]', b'"flags":' + b"[" * 900 + b"]" * 900, "data.flags[0]"),
    (b'"flags":[]', b'"flags":' + b"[" * 30000 + b"]" * 30000, "event"),
    (b'"flags":[]}}', b'"flags":[]}} x', "event"),
    (b'"flags":[]}}', b'"flags":[]}', "event"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field"), WRONG_BYTES)
def test_bytes_that_are_no_event(tmp_path, old, new, field):
    events = example_events()
    assert old in events[1]
    events[1] = events[1].replace(old, new, 1)
    finding = first_finding(write_export(tmp_path / "export", [events]), "--key", vkey(ORIGIN))
    assert (finding["partition"], finding["position"], finding["field"]) == (0, 2, field)


RIGHT_EVENTS = [
    (2, changed(sourcetime="2026-11-20T05:00:00.5+03:00")),
    (2, changed(policy="policies/standard/versions/10")),
    (2, data_changed(start="2026-11-20T08:00:00+03:00")),
    (2, data_changed(end="2026-11-20T04:00:00Z")),
    (2, data_changed(time_zone="Mars/Olympus")),
    (2, data_changed(shift="opportunities/other/shifts/s9")),
    (2, data_changed(counted=[])),
    (4, data_changed(flags=["SEEN_BY_NOBODY"])),
    (4, data_changed(attended_seconds=1)),
    (3, entry_changed(1, reason="A_CODE_OF_TOMORROW")),
]
"""What the page says that a reader does not stop at."""


@pytest.mark.parametrize(("position", "change"), RIGHT_EVENTS)
def test_nothing_else_stops_it(tmp_path, position, change):
    events = example_events()
    members = json.loads(events[position - 1])
    change(members)
    events[position - 1] = compact(members)
    assert run(write_export(tmp_path / "export", [events]), "--key", vkey(ORIGIN))[1][-1] == "findings: 0"
