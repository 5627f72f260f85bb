"""The pinned JSON Schemas say what the classes say, and every pinned golden event fits its schema's fields."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from ledger.domain.event import event_classes, read_event
from ledger.event_bytes import Envelope
from ledger.event_schemas import ENVELOPE, FOLDER, schemas

GOLDEN = FOLDER.parents[1] / "tests" / "stored_formats"
ASYNCAPI = FOLDER.parent / "volunteer-hours.asyncapi.yaml"
_GOLDEN_NAME = re.compile(r"^(?P<name>[a-z-]+)\.v(?P<version>\d+)(\.\w+)?\.json$")


def golden() -> list[tuple[str, str, int]]:
    found = [(path.name, _GOLDEN_NAME.match(path.name)) for path in sorted(GOLDEN.glob("*.json"))]
    return [(file, match["name"], int(match["version"])) for file, match in found if match]


@pytest.mark.parametrize(("name", "text"), sorted(schemas().items()), ids=sorted(schemas()))
def test_the_pinned_schema_is_the_generated_one(name, text):
    pinned = (FOLDER / name).read_text("utf-8")
    assert pinned == text, f"{name}: stored fields changed; give the event its next schema version instead"


def test_every_pinned_schema_belongs_to_a_known_event():
    for path in FOLDER.glob("*.json"):
        name, version = path.name.removesuffix(".json").rsplit(".v", 1)
        if path.name != ENVELOPE:
            assert int(version) <= event_classes()[name].schema_version


def test_the_envelope_schema_names_every_attribute():
    schema = json.loads(schemas()[ENVELOPE])
    assert list(schema["properties"]) == sorted(Envelope.__struct_fields__)
    assert set(schema["required"]) == set(Envelope.__struct_fields__) - {
        "sourcetime",
        "policy",
        "corrects",
    }


@pytest.mark.parametrize(("file", "name", "version"), golden(), ids=[one[0] for one in golden()])
def test_a_golden_event_has_no_field_its_schema_does_not_name(file, name, version):
    data = json.loads((GOLDEN / file).read_text("utf-8"))
    schema = json.loads((FOLDER / f"{name}.v{version}.json").read_text("utf-8"))
    assert set(data) <= set(schema["properties"])
    assert set(schema.get("required", [])) <= set(data)
    assert schema["additionalProperties"] is False
    assert read_event(name, version, json.dumps(data).encode()).stored_name == name


def test_the_topic_s_description_refers_to_every_schema():
    described = yaml.safe_load(ASYNCAPI.read_text("utf-8"))
    assert described["asyncapi"].startswith("3.")
    referred = set(re.findall(r"\./schemas/([\w.-]+\.json)", ASYNCAPI.read_text("utf-8")))
    assert referred == set(schemas())
