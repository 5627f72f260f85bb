"""The stored format of every event, pinned by bytes: what is here must be readable for decades.

Each file is the `data` of one event as stored: `<stored name>.v<schema>.json` with every field,
`<stored name>.v<schema>.min.json` with the required ones alone. Files are only ever added.
"""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from ledger.domain.event import Event, event_classes, read_event
from ledger.domain.refusals import InvariantBroken

importlib.import_module("ledger.domain.catalogue")  # makes all stored names known
FOLDER = Path(__file__).parent
NAME = re.compile(r"(?P<stored_name>[a-z-]+)\.v(?P<schema>[1-9][0-9]*)(?:(?P<least>\.min)|\.with-[a-z]+)?\.json")
"""`.min` has nothing that may be absent; `.with-…` has a field that was added later."""


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    stored_name: str
    schema: int
    least: bool
    data: bytes


def golden(file: Path) -> Golden:
    match = NAME.fullmatch(file.name)
    assert match is not None, f"{file.name} is not named like a golden file"
    return Golden(match["stored_name"], int(match["schema"]), bool(match["least"]), file.read_bytes())


GOLDEN = [golden(file) for file in sorted(FOLDER.glob("*.json"))]
CURRENT = [one for one in GOLDEN if one.schema == event_classes()[one.stored_name].schema_version]
CLASSES = [pytest.param(known, id=name) for name, known in sorted(event_classes().items())]


def required(known: type[Event]) -> set[str]:
    return {name for name, field in known.model_fields.items() if field.is_required()}


def test_no_golden_file_is_without_an_event():
    assert {one.stored_name for one in GOLDEN} <= event_classes().keys()


@pytest.mark.parametrize("known", CLASSES)
def test_every_version_of_every_event_is_pinned(known: type[Event]):
    for schema in range(1, known.schema_version + 1):
        pinned = {one.least for one in GOLDEN if (one.stored_name, one.schema) == (known.stored_name, schema)}
        assert False in pinned, f"{known.stored_name}.v{schema}.json is missing"
    if required(known) != known.model_fields.keys():
        assert True in pinned, f"{known.stored_name}.v{known.schema_version}.min.json is missing"


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: f"{one.stored_name}.v{one.schema}{'.min' * one.least}")
def test_it_still_loads(one: Golden):
    event = read_event(one.stored_name, one.schema, one.data)
    assert isinstance(event, event_classes()[one.stored_name])


@pytest.mark.parametrize("one", CURRENT, ids=lambda one: f"{one.stored_name}{'.min' * one.least}")
def test_it_is_written_again_byte_for_byte(one: Golden):
    assert read_event(one.stored_name, one.schema, one.data).to_json() == one.data


@pytest.mark.parametrize("known", CLASSES)
def test_the_files_of_an_event_show_every_field_and_which_may_be_absent(known: type[Event]):
    shown: dict[bool, set[str]] = {}
    for one in CURRENT:
        if one.stored_name == known.stored_name:
            shown.setdefault(one.least, set()).update(json.loads(one.data))
    assert set().union(*shown.values()) == known.model_fields.keys()
    if True in shown:
        absent_when_unknown = {name for name, field in known.model_fields.items() if field.get_default() is None}
        assert shown[True] < known.model_fields.keys() or not absent_when_unknown - required(known)
        assert required(known) <= shown[True]


@pytest.mark.parametrize("one", CURRENT, ids=lambda one: f"{one.stored_name}{'.min' * one.least}")
def test_a_field_nobody_knows_is_refused(one: Golden):
    strange = json.dumps({**json.loads(one.data), "strange": 1}).encode()
    with pytest.raises(ValidationError, match="strange"):
        read_event(one.stored_name, one.schema, strange)


@pytest.mark.parametrize("known", CLASSES)
def test_a_version_from_the_future_is_refused(known: type[Event]):
    with pytest.raises(InvariantBroken, match="newer"):
        read_event(known.stored_name, known.schema_version + 1, b"{}")


def test_an_unknown_name_is_refused():
    with pytest.raises(InvariantBroken, match="no event is called"):
        read_event("hours-invented", 1, b"{}")
