"""What an operator signed although it contradicts the format: signatures and tree hold, and still it is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.auditing.finding import Finding
from ledger.auditing.progress import Progress
from ledger.export_audit.export_audit import audit_export
from ledger.exporting.export import export
from ledger.exporting.trusted_keys import TrustedKeys
from tests.exporting.sample_ledger import SignedAnyway
from tests.exporting.synthetic_log import Telling, entry, history, moves, person

V = person(1)
GREEN = {"organization": "organizations/green", "display_name": {"en": "Green"}}


def audited(tmp_path: Path, *tellings: Telling) -> list[Finding]:
    source = SignedAnyway([telling.events for telling in tellings])
    trusted = TrustedKeys.read(source.vkeys)
    export(tmp_path / "out", source, trusted, Progress())
    found = audit_export(tmp_path / "out", trusted).findings
    return [one for one in found if one.field != "map root"]


def told(*_: object) -> Telling:
    telling = Telling()
    telling.attendance(V, 1)
    return telling


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("specversion", {"specversion": "1.1"}),
        ("id", {"id": "A" * 32}),
        ("id", {"id": "a" * 31}),
        ("id", {"id": "a" * 32 + "\n"}),
        ("source", {"source": "another-ledger"}),
        ("time", {"time": "2026-01-01T00:00:03+00:00"}),
        ("time", {"time": "2026-02-30T00:00:03Z"}),
        ("time", {"time": "2026-01-01T00:00:03.1234567Z"}),
        ("time", {"time": "٢٠٢٦-01-01T00:00:03Z"}),
        ("time", {"time": "2026-01-01T00:00:00Z"}),
        ("time", {"time": None}),
        ("partition", {"partition": 1}),
        ("partition", {"partition": "0"}),
        ("position", {"position": 4}),
        ("position", {"position": 3.5}),
        ("position", {"position": 2**70}),
        ("streamversion", {"streamversion": 0}),
        ("streamversion", {"streamversion": 2**31}),
        ("streamversion", {"streamversion": 2}),
        ("schemaversion", {"schemaversion": 2}),
        ("type", {"type": "hours-invented"}),
        ("actor", {"actor": ""}),
        ("actor", {"actor": None}),
        ("requesthash", {"requesthash": "0" * 63}),
        ("requesthash", {"requesthash": ""}),
        ("requesthash", {"requestid": ""}),
        ("sourcetime", {"sourcetime": "2026-01-01T00:00:00"}),
        ("policy", {"policy": "standard"}),
        ("corrects", {"corrects": "the one before"}),
        ("extra", {"extra": 1}),
        ("subject", {"subject": "organizations/Green"}),
        ("subject", {"subject": "volunteers/green"}),
        ("data.display_name", {"data": {**GREEN, "display_name": "Green"}}),
        ("data.extra", {"data": {**GREEN, "extra": 1}}),
        ("data.organization", {"data": {"display_name": {"en": "Green"}}}),
        ("data.entries", {"data": {**GREEN, "entries": []}}),
        ("data", {"data": []}),
    ],
)
def test_an_attribute_that_the_format_does_not_allow_is_named(tmp_path, field, other):
    telling = told()
    position = telling.tell("organization-registered", "organizations/green", **{"data": GREEN, **other})
    telling.attendance(V, 2)
    found = audited(tmp_path, telling)
    assert [(one.where.position, one.field) for one in found] == [(position, field)], [one.line() for one in found]


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.replace(b'"actor"', b'"id":"' + b"b" * 32 + b'","actor"', 1),
        lambda event: event.replace(b'"organization"', b'"organization":"organizations/red","organization"', 1),
        lambda event: event.replace(b'{"en"', b'{"en":"Red","en"', 1),
        lambda event: b"\xef\xbb\xbf" + event,
        lambda event: event + b"\n",
        lambda event: event.replace(b",", b",\n", 1),
        lambda event: event.replace(b"Green", b"\xff", 1),
        lambda event: event.replace(b"Green", b"\0", 1),
        lambda event: event.replace(b"Green", b"\\ud800", 1),
        lambda event: event.replace(b'"Green"', b"[" * 30_000 + b"]" * 30_000, 1),
        lambda event: event.replace(b'"Green"', b"9" * 6_000, 1),
        lambda event: event.replace(b'"Green"', b"NaN", 1),
        lambda event: event[:-1],
        lambda event: b"[" + event + b"]",
        lambda event: b"null",
        lambda event: b"0",
        lambda event: b"{}",
        lambda event: b" ",
    ],
)
def test_bytes_that_are_no_event_are_named_and_nothing_else_suffers(tmp_path, change: Callable[[bytes], bytes]):
    telling = told()
    position = telling.tell("organization-registered", "organizations/green", GREEN)
    before = telling.events[position - 1]
    telling.events[position - 1] = change(before)
    assert telling.events[position - 1] != before
    telling.attendance(V, 2)
    found = audited(tmp_path, telling)
    assert [one.where.position for one in found] == [position], [one.line() for one in found]
    assert found[0].line().isprintable()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"entries": [entry("outside", "attended", 0)]}, "export events"),
        ({"entries": [entry("outside", "attended", -1)]}, "export events"),
        ({"entries": [{**entry("outside", "attended", 1), "seconds": 1.5}]}, "export events"),
        ({"entries": [{**entry("outside", "attended", 1), "seconds": True}]}, "export events"),
        ({"entries": [{**entry("outside", "attended", 1), "seconds": "1"}]}, "export events"),
        ({"entries": [{**entry("outside", "attended", 1), "seconds": 2**63}]}, "export events"),
        ({"entries": [entry("attended", "outside", 1)]}, "export events"),
        ({"entries": [entry("attended", "attended", 1)]}, "export events"),
        ({"entries": [entry("attended", "golden", 1)]}, "export events"),
        ({"entries": [{**entry("outside", "attended", 1), "service_date": "2026-3-2"}]}, "export events"),
        ({"entries": {}}, "export events"),
        ({"holder": "volunteers/somebody-else"}, "export events"),
        ({"attendance": "volunteers/synthetic-1/attendances/other"}, "export events"),
        ({"entries": [entry("verified", "reversed", 1)]}, "export balances"),
        ({"entries": [entry("attended", "verified", 7_201)]}, "export balances"),
        ({"entries": [entry("outside", "attended", 2**63 - 1), entry("outside", "attended", 1)]}, "export balances"),
    ],
)
def test_hours_that_cannot_be_are_named(tmp_path, change, place):
    telling = told()
    moved = moves(f"{V}/attendances/a2", entry("outside", "attended", 60))
    spans = {"start": "2026-03-02T05:00:00Z", "end": "2026-03-02T07:00:00Z", "counted": []}
    more = {"time_zone": "Asia/Riyadh", "crediting": "clock", "source": "native", "flags": []}
    data = {**moved, **spans, **more, **change}
    position = telling.tell("attendance-recorded", f"{V}/attendances/a2", data)
    found = audited(tmp_path, telling)
    assert [(one.where.place, one.where.position) for one in found] == [(place, position)], found


def test_a_person_s_hours_in_another_partition_are_named(tmp_path):
    tellings = history([20, 20])
    stranger = next(person(number) for number in range(99) if _home(person(number)) == 1)
    position = tellings[0].attendance(stranger, 1)
    found = audited(tmp_path, *tellings)
    assert ("export events", 0, position, "subject") in [
        (one.where.place, one.where.partition, one.where.position, one.field) for one in found
    ]


def _home(name: str) -> int:
    from ledger.domain.streams import partition_of

    return partition_of(name, 2)


@pytest.mark.parametrize("versions", [(2,), (1, 3), (1, 1), (1, 2, 2), (1, 2, 1)])
def test_a_version_left_out_or_repeated_is_named(tmp_path, versions):
    telling = told()
    for version in versions:
        position = telling.attendance(V, 9, streamversion=version)
    [found] = audited(tmp_path, telling)
    assert (found.where.place, found.where.position, found.field) == ("export streams", position, "streamversion")


def test_an_event_id_that_is_there_twice_is_named(tmp_path):
    tellings = history([300, 300])
    twice = json.loads(tellings[0].events[7])["id"]
    own = next(person(number) for number in range(99) if _home(person(number)) == 1)
    position = tellings[1].attendance(own, 999, id=twice)
    [found] = audited(tmp_path, *tellings)
    assert (found.where.place, found.where.partition, found.where.position) == ("export event ids", 1, position)
    assert found.found == "that of partition 0, position 8"


def test_a_request_recorded_twice_is_named_and_one_of_many_events_is_not(tmp_path):
    telling = history([250])[0]
    for number in range(20):  # one page of commands would look so, across the border of two bundles
        telling.attendance(V, 1_000 + number, requestid="one-page")
    telling.attendance(V, 2_000)
    assert audited(tmp_path / "sound", telling) == []
    position = telling.attendance(V, 2_001, requestid="one-page")
    [found] = audited(tmp_path / "twice", telling)
    assert (found.where.place, found.where.position, found.field) == ("export requests", position, "requestid")
    assert found.found == "that of partition 0, position 251"


@pytest.mark.parametrize(
    ("field", "data"), [("routing_rule", {"routing_rule": "by hand"}), ("format_version", {"format_version": 2})]
)
def test_what_the_ledger_was_opened_with_is_compared(tmp_path, field, data):
    telling = told()
    opened = json.loads(telling.events[0])
    telling.events[0] = json.dumps({**opened, "data": {**opened["data"], **data}}).encode()
    [found] = audited(tmp_path, telling)
    assert (found.where.position, found.field) == (1, f"data.{field}")
