"""JSON Schemas of all events, generated from the classes and pinned in `protos/schemas/`.

`python -m ledger.event_schemas` writes them. A file is added with each schema version and never changed after a
release: it says what stored bytes of that version look like.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ledger.domain import catalogue
from ledger.domain.event import Event, event_classes

FOLDER: Final = Path(__file__).parents[1] / "protos" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE: Final = "envelope.v1.json"
_BY_NAME: Final = frozenset({"properties", "$defs"})
_SAID_ONLY: Final = frozenset({"title", "description"})


def schemas() -> dict[str, str]:
    """File name → text, for every event the catalogue knows and for the attributes around their data."""
    classes = event_classes()
    if not catalogue.EVOLVE:
        raise LookupError("the catalogue of streams is empty")
    texts = {f"{name}.v{known.schema_version}.json": _text(_data_schema(known)) for name, known in classes.items()}
    texts[ENVELOPE] = _text(_envelope_schema(classes))
    return texts


def _data_schema(event_class: type[Event]) -> dict[str, Any]:
    schema = _bare(event_class.model_json_schema())
    title = f"data of {event_class.stored_name}, schema {event_class.schema_version}"
    return {"$schema": DIALECT, **schema, "title": title}


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what is only said about it: a better docstring is no other format."""
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name in _BY_NAME:
            kept[name] = {field: _bare(inner) for field, inner in value.items()}
        elif name not in _SAID_ONLY:
            kept[name] = _bare(value) if isinstance(value, dict) else _bare_items(value)
    return kept


def _bare_items(value: object) -> object:
    if isinstance(value, list):
        return [_bare(item) if isinstance(item, dict) else item for item in value]
    return value


def _envelope_schema(classes: Mapping[str, type[Event]]) -> dict[str, Any]:
    text, moment, number = {"type": "string"}, {"type": "string", "format": "date-time"}, {"type": "integer"}
    required: dict[str, dict[str, Any]] = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "128 random bits"},
        "source": {**text, "description": "the ledger's id"},
        "type": {"enum": sorted(classes)},
        "subject": {**text, "description": "the stream"},
        "time": {**moment, "description": "record time, UTC"},
        "partition": {**number, "minimum": 0},
        "position": {**number, "minimum": 1, "maximum": 2**63 - 1},
        "streamversion": {**number, "minimum": 1},
        "schemaversion": {**number, "minimum": 1},
        "actor": text,
        "client": text,
        "requestid": text,
        "requesthash": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
        "data": {"type": "object", "description": "by type and schemaversion: {type}.v{schemaversion}.json"},
    }
    optional: dict[str, dict[str, Any]] = {
        "sourcetime": {**moment, "description": "when an imported system says it learned the fact"},
        "policy": {**text, "description": "policies/{policy}/versions/{version} that decided the seconds"},
        "corrects": {**text, "description": "id of the event this one corrects"},
    }
    return {
        "$schema": DIALECT,
        "title": "stored event: CloudEvents 1.0 in JSON, structured mode",
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write every schema; say which are new or changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(schemas().items()):
        path = FOLDER / name
        if not path.exists() or path.read_text("utf-8") != text:
            print(f"{'changed' if path.exists() else 'new'}: {name}")
            path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
