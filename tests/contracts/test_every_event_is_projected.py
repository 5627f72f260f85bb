"""Every stored event becomes rows, or says why it does not; and what the projections read is what the domain writes."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ledger.domain.event import event_classes
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import Envelope, encode
from ledger.projections.attendances import STATES
from ledger.projections.directory_data import DIRECTORY_DATA
from ledger.projections.hours_data import HOURS_TYPES
from ledger.projections.stored_event import NOT_PROJECTED, SCHEMAS_KNOWN, batch_of, decode

importlib.import_module("ledger.domain.catalogue")  # makes all stored names known
GOLDEN = sorted((Path(__file__).parent.parent / "stored_formats").glob("*.json"))


def test_every_stored_event_has_a_projection_or_a_reason():
    assert {name: kind.schema_version for name, kind in event_classes().items()} == SCHEMAS_KNOWN


def test_an_event_is_projected_in_one_way_only():
    ways = [*HOURS_TYPES, *DIRECTORY_DATA, *NOT_PROJECTED]
    assert len(ways) == len(set(ways))
    assert all(NOT_PROJECTED.values())


def test_every_event_that_moves_hours_leaves_an_attendance_in_a_state():
    assert set(STATES) == HOURS_TYPES


def stored(name: str, data: bytes, schema: int = 1) -> bytes:
    return encode(
        Envelope(
            specversion="1.0",
            id="0" * 32,
            source="synthetic",
            type=name,
            subject="s/1",
            time=datetime(2026, 1, 1, tzinfo=UTC),
            partition=0,
            position=1,
            streamversion=1,
            schemaversion=schema,
            actor="staff/synthetic",
            client="tests",
            requestid="r",
            requesthash="0" * 64,
            data=msgspec.Raw(data),
        )
    )


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_the_stored_form_of_every_event_can_be_read(file):
    name = file.name.split(".")[0]
    batch = batch_of(0, [decode(stored(name, file.read_bytes()))])
    assert len(batch.hours) == (name in HOURS_TYPES)
    assert len(batch.directory) == (name in DIRECTORY_DATA)


@pytest.mark.parametrize(
    "file", [file for file in GOLDEN if file.name.split(".")[0] not in NOT_PROJECTED], ids=lambda file: file.stem
)
def test_a_field_nobody_knows_stops_the_projection(file):
    name = file.name.split(".")[0]
    data = {**json.loads(file.read_bytes()), "surprise": 1}
    with pytest.raises(InvariantBroken, match=name):
        batch_of(0, [decode(stored(name, json.dumps(data).encode()))])


def test_an_unknown_event_stops_the_projection_instead_of_being_skipped():
    with pytest.raises(InvariantBroken, match="volunteer-promoted schema 1 is unknown"):
        batch_of(0, [decode(stored("volunteer-promoted", b"{}"))])


def test_an_event_of_a_newer_schema_stops_the_projection():
    with pytest.raises(InvariantBroken, match="shift-updated schema 2 is unknown"):
        batch_of(0, [decode(stored("shift-updated", b"{}", schema=2))])


def test_bytes_that_are_no_event_stop_the_projection():
    for raw in (b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"specversion":"1.0"}'):
        with pytest.raises(InvariantBroken, match="no event"):
            decode(raw)
