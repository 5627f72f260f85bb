"""The event of a statement as a stranger reads it: the same as the ledger writes it, and strictly."""

from __future__ import annotations

import json

import pytest

from ledger.credentials.issued_event import IssuedEvent, read_issued_event
from ledger.credentials.sd_jwt import read_credential
from ledger.domain.statement_events import StatementIssued
from ledger.transparency.failures import Malformed
from tests.credentials.sample_jwts import Json, compact
from tests.credentials.sample_statements import World


def read(world: World, event: bytes | Json, name: str = "selection") -> IssuedEvent:
    stored = event if isinstance(event, bytes) else compact(event)
    return read_issued_event(stored, read_credential(world.evidence(name).credential))


def event_of(world: World, name: str = "selection") -> Json:
    stored = world.evidence(name).event
    assert stored is not None
    return dict(json.loads(stored))


@pytest.mark.parametrize("name", ["everything", "selection", "transcript", "bare"])
def test_what_the_ledger_s_own_event_class_writes_is_read(world, name):
    event = event_of(world, name)
    written = StatementIssued.from_json(compact(event["data"])).to_json()
    found = read(world, {**event, "data": json.loads(written)}, name)
    assert found.differences == ()
    assert found.shown == set(world.statements[name].shown)
    assert written == compact(event["data"]), "the tests' event is the ledger's"


DATA = {
    "statement": "volunteers/v1/statements/s9",
    "holder": "volunteers/v2",
    "kind": "transcript",
    "period_start": "2026-01-02",
    "period_end": "2026-12-30",
    "organizations": [],
    "verified_seconds": 1,
    "size": 10,
    "root": "0" * 64,
    "credential_digest": "0" * 64,
    "issuer_key": "x" * 43,
    "status_list": 2,
    "status_index": 6,
    "expires": "2027-02-18T12:00:01Z",
}


@pytest.mark.parametrize("name", list(DATA))
def test_every_field_is_compared(world, name):
    event = event_of(world)
    data = {**json.loads(json.dumps(event["data"])), name: DATA[name]}
    assert read(world, {**event, "data": data}).differences == (name,)


@pytest.mark.parametrize("name", ["period_start", "period_end", "expires"])
def test_what_is_absent_is_another_thing_than_what_is_there(world, name):
    event = event_of(world)
    data = json.loads(json.dumps(event["data"]))
    del data[name]
    assert read(world, {**event, "data": data}).differences == (name,)


@pytest.mark.parametrize(("name", "value"), [("subject", "volunteers/v1/statements/s9"), ("partition", 1)])
def test_the_envelope_is_compared(world, name, value):
    assert name in read(world, {**event_of(world), name: value}).differences


@pytest.mark.parametrize(
    "members",
    [
        {"type": "statement-revoked"},
        {"specversion": "0.3"},
        {"schemaversion": 2},
        {"position": 0},
        {"time": "yesterday"},
        {"time": "2026-11-20T12:00:00"},
        {"time": "2026-11-20T15:00:00+03:00"},
        {"surprise": 1},
        {"data": {}},
        {"sourcetime": None},
    ],
)
def test_what_is_no_such_event_is_refused(world, members):
    with pytest.raises(Malformed):
        read(world, {**event_of(world), **members})


def test_an_event_has_one_spelling_of_its_members(world):
    stored = compact(event_of(world))
    for other in (
        stored + b"\n",
        stored.replace(b"{", b"{\n", 1),
        stored[:-1] + b',"type":"statement-issued"}',
        stored.replace(b'"verified_seconds":', b'"verified_seconds":9,"verified_seconds":'),
        stored.replace(b'"size":', b'"size":1.0e0,"sizes":'),
        b"\xef\xbb\xbf" + stored,
        b" " * 70_000 + stored,
        b"",
    ):
        with pytest.raises(Malformed):
            read(world, other)
