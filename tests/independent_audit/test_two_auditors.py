"""Two programs that do not know each other take the same events and refuse the same: the page decides, not they."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Final

import pytest

from examples import independent_audit as auditor
from ledger.auditing.finding import Report
from ledger.export_audit.event_form import EventForm, Fault
from ledger.export_audit.export_audit import audit_export
from ledger.exporting.trusted_keys import TrustedKeys
from tests.independent_audit.export_builder import ORIGIN, compact, event, vkey, write_export
from tests.independent_audit.page_examples import example_events
from tests.independent_audit.test_wrong_events import RIGHT_EVENTS, WRONG_BYTES, WRONG_EVENTS

GOLDEN: Final = sorted((Path(__file__).parents[1] / "stored_formats").glob("*.v1*.json"))
LEDGER: Final = "tiny-ledger"
ACCESS: Final = f"{LEDGER}/access"
POSITION: Final = 2
OTHERS: Final[tuple[object, ...]] = (
    "", " ", "x", "X", "AB", "ABC", "A_B", "a" * 64, "Z", "\n", "سجل", "\ud800", "0" * 32, "f" * 64, "1700000000",
    "2026-11-20", "2026-02-30", "0000-01-01", "20261120", "2026-11-20T05:00:00Z", "2026-11-20T05:00:00+03:00",
    "2026-11-20T05:00:00.5Z", "2026-11-20T24:00:00Z", "2026-11-20t05:00:00z", "2026-11-20 05:00:00Z",
    "2026-11-20T05:00Z", "2026-06-30T23:59:60Z", "2026-11-20T05:00:00-00:00", "2026-11-20T05:00:00+24:00",
    "2026-11-20T05:00:00", "volunteers/v1", "organizations/green", "organizations/green/appointments/p1",
    "policies/standard", "policies/standard/versions/1", "policies/p/versions/01", "opportunities/o",
    "opportunities/o/shifts/s", "clock", "native", "outside", "withhold", "registered",
    0, 1, -1, 2, 120, 121, 1024, 1025, 2**31, 2**63 - 1, 2**63, 10**30, 0.0, 1.0, 1.5, True, False, None, [], {},
    [None], [1], ["A_CODE"], ["x"], [[]], {"ar": "x"}, {"en": 1}, {"system": "s", "record_id": ""}, {"online": True},
    {"online": True, "region": None}, {"start": "2026-11-20T05:00:00Z", "end": "2026-11-20T05:00:00Z"},
)  # fmt: skip
"""Put where something else stood."""


NAMED_BY: Final = {
    "policies": "policy",
    "periods": "period",
    "anomalies": "anomaly",
    "organizations": "organization",
    "initiatives": "initiative",
    "clients": "client",
    "accesses": "access",
    "services": "service",
    "staff": "member",
    "volunteers": "volunteer",
    "attendances": "attendance",
    "standings": "standing",
    "statements": "statement",
    "milestones": "milestone",
    "nominations": "nomination",
    "recognitions": "recognition",
    "opportunities": "opportunity",
    "shifts": "shift",
    "registrations": "registration",
    "groupAttendances": "attendance",
    "liveSessions": "session",
    "projects": "project",
    "donations": "donation",
    "subscriptions": "subscription",
    "courses": "course",
    "sessions": "training_session",
    "completions": "completion",
}
"""Stream → the field of data that names it."""
OF_ACCESS: Final = ("accesses", "services")


def ledger_of(stored: bytes) -> str:
    """Whose event it is: looks lie in a ledger of their own."""
    return ACCESS if f'"source":"{ACCESS}"'.encode() in stored else LEDGER


def ours(stored: bytes) -> list[Fault]:
    faults: list[Fault] = []
    read = EventForm(ledger_of(stored), 0, 1).read(POSITION, stored, faults)
    assert read is not None or faults
    return faults


def theirs(stored: bytes) -> str:
    try:
        auditor.EventReader(ledger_of(stored), 0, 1).read(stored, POSITION)
        for entry in json.loads(stored)["data"].get("entries", []):
            source, sink = (auditor.CLASSES.index(entry[name]) for name in ("from_class", "to_class"))
            held = [0] * len(auditor.CLASSES)
            held[source] = entry["seconds"]  # as much as is taken: what a holder has is told by other events
            auditor.move_seconds(held, source, sink, entry["seconds"])
    except auditor.Stop as stop:
        return f"{stop.field}: {stop.problem}"
    return ""


def golden_event(file: Path) -> bytes:
    """An event with this data, in a stream that it can lie in."""
    name, data = file.name.split(".")[0], json.loads(file.read_bytes())
    collection = auditor.EVENTS[name][0]
    stored = event(name, data[NAMED_BY[collection]], 0, POSITION, 1, data)
    return (
        stored.replace(b'"source":"tiny-ledger"', f'"source":"{ACCESS}"'.encode())
        if collection in OF_ACCESS
        else stored
    )


def golden_name(file: Path) -> str:
    return file.name.removesuffix(".json")


SOUND = {golden_name(file): golden_event(file) for file in GOLDEN if not file.name.startswith("ledger-opened")}


@pytest.mark.parametrize("name", SOUND)
def test_both_take_every_golden_file(name: str) -> None:
    assert ours(SOUND[name]) == []
    assert theirs(SOUND[name]) == ""


def cases() -> Iterator[tuple[str, list[bytes]]]:
    """The worked example with one event made other."""
    wrong = [(position, change, field) for position, change, field in WRONG_EVENTS]
    for position, change, named in [*wrong, *((position, change, "right") for position, change in RIGHT_EVENTS)]:
        events = example_events()
        members = json.loads(events[position - 1])
        change(members)
        events[position - 1] = compact(members)
        yield f"{position} {named}", events
    for old, new, field in WRONG_BYTES:
        events = example_events()
        events[1] = events[1].replace(old, new, 1)
        yield f"bytes {field}", events


@pytest.mark.parametrize("events", [pytest.param(events, id=name) for name, events in cases()])
def test_both_say_the_same_of_a_whole_export(tmp_path: Path, events: list[bytes]) -> None:
    folder = write_export(tmp_path / "export", [events])
    found: Report = audit_export(folder, TrustedKeys.read([vkey(ORIGIN)]))
    stopped = auditor.audit(folder, [auditor.read_vkey(vkey(ORIGIN))]).findings
    assert bool(found.count) == bool(stopped.count), (found.findings, stopped.first)
    if stopped.first is not None:
        assert any(one.where.position == stopped.first.position for one in found.findings)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value at which something can be put."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inner:
        yield (*path, name)
        yield from places(held, (*path, name))


def made_other(stored: bytes, chance: random.Random) -> bytes:
    """The event with one thing in it put, left out or added."""
    members = json.loads(stored)
    path = chance.choice([path for path in places(members) if path != ("streamversion",)])
    holder = members
    for step in path[:-1]:
        holder = holder[step]
    last, act = path[-1], chance.randrange(8)
    if act == 0:
        del holder[last]
    elif act == 1 and isinstance(holder, dict):
        holder[chance.choice(["flags", "served", "reason", "policy", "entries", "strange", "end", "service_date"])] = (
            deepcopy(chance.choice(OTHERS))
        )
    elif act == 2 and isinstance(holder[last], str) and holder[last]:
        text, at = holder[last], chance.randrange(len(holder[last]))
        holder[last] = text[:at] + chance.choice(["", text[at].swapcase(), "-", "0", "+", "\n", " "]) + text[at + 1 :]
    else:
        holder[last] = deepcopy(chance.choice(OTHERS))
    return json.dumps(members, separators=(",", ":"), ensure_ascii=True).encode()


def agree_on(count: int, seed: int) -> None:
    chance = random.Random(seed)
    taken = 0
    for _ in range(count):
        stored = made_other(SOUND[chance.choice(list(SOUND))], chance)
        found, stopped = ours(stored), theirs(stored)
        assert bool(found) == bool(stopped), (stored, found, stopped)
        taken += not found
    assert 0 < taken < count


def test_both_take_and_refuse_the_same_of_what_chance_makes(seed: int) -> None:
    agree_on(1_500, seed)


@pytest.mark.proof
@pytest.mark.timeout(3_600)
def test_both_take_and_refuse_the_same_of_all_that_chance_makes(seed: int) -> None:
    agree_on(200_000, seed)
