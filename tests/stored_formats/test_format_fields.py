"""Kinds of all fields in docs/format.md are those of the pinned schemas; what may be absent is what the classes say."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

import pytest
from pydantic import BaseModel

from ledger.domain.client import ClientTerms
from ledger.domain.closed_period import PeriodTotals
from ledger.domain.course import CourseDetails
from ledger.domain.event import Event, event_classes
from ledger.domain.hours_read import PositionRange
from ledger.domain.link_events import LinkOverlap
from ledger.domain.live_session_events import CurvePoint, Ended, Joined, LiveRule, Signs
from ledger.domain.opportunity import OpportunityDetails
from ledger.domain.policy_rules import HoursRules, Level, Rate, Rates, RequirementRules
from ledger.domain.project_events import ProjectPlan
from ledger.domain.recognition import RecognitionLevel
from ledger.domain.service_run import KeyHolders, SettingSaid
from ledger.domain.shift import Place
from ledger.domain.subscription_events import DeliveryLimits, EntryPlace, OpenedPiece, ReceiverPosition
from ledger.domain.values import Entry, ImportedFrom, Interval, LocalizedText, Position
from ledger.domain.volunteer import SealedDetails
from ledger.event_schemas import FOLDER, schemas
from tests.stored_formats.format_page import Field, fields_of_event, kinds, kinds_of_data, kinds_of_object, section

Json: TypeAlias = dict[str, object]
OBJECTS = {
    "Entry": Entry,
    "Interval": Interval,
    "Position": Position,
    "PositionRange": PositionRange,
    "Setting": SettingSaid,
    "KeyHolders": KeyHolders,
    "PeriodTotals": PeriodTotals,
    "LocalizedText": LocalizedText,
    "ImportedFrom": ImportedFrom,
    "ClientTerms": ClientTerms,
    "LinkOverlap": LinkOverlap,
    "LiveRule": LiveRule,
    "RecognitionLevel": RecognitionLevel,
    "Join": Joined,
    "End": Ended,
    "SignsOfSecond": Signs,
    "CurvePoint": CurvePoint,
    "Place": Place,
    "PersonDetails": SealedDetails,
    "OpportunityDetails": OpportunityDetails,
    "ProjectPlan": ProjectPlan,
    "DeliveryLimits": DeliveryLimits,
    "ReceiverPosition": ReceiverPosition,
    "EntryPlace": EntryPlace,
    "OpenedPiece": OpenedPiece,
    "CourseDetails": CourseDetails,
    "HoursRules": HoursRules,
    "RequirementRules": RequirementRules,
    "Level": Level,
    "Rates": Rates,
    "Rate": Rate,
}
CALLED = {known.__name__: kind for kind, known in OBJECTS.items()}
PLURALS = {
    "Entries": "Entry",
    "Intervals": "Interval",
    "Positions": "Position",
    "PositionRanges": "PositionRange",
    "LinkOverlaps": "LinkOverlap",
    "Joins": "Join",
    "Ends": "End",
    "SignsOfSeconds": "SignsOfSecond",
    "CurvePoints": "CurvePoint",
    "Settings": "Setting",
    "texts": "text",
    "whole numbers": "whole, from 1",
    "codes": "code",
    "Levels": "Level",
    "RecognitionLevels": "RecognitionLevel",
    "ReceiverPositions": "ReceiverPosition",
    "OpenedPieces": "OpenedPiece",
    "Rates": "Rate",
}
NAMES = sorted(event_classes())


def shape_of_kind(kind: str) -> object:
    """What a schema says of a value of this kind."""
    if kind in ("text", "code", "zone") or kind.startswith("name of "):
        return "string"
    if kind in ("date", "moment"):
        return {"date": "date", "moment": "date-time"}[kind]
    if kind.startswith("one of "):
        return sorted(re.findall(r"`(\w+)`", kind))
    if bounds := re.fullmatch(r"(?:whole|seconds), from (\d+)(?: to (\d+))?", kind):
        return int(bounds[1]), int(bounds[2]) if bounds[2] else None
    if kind.startswith("list of "):
        items = kind.removeprefix("list of ")
        return "list", shape_of_kind(PLURALS.get(items, items))
    if kind == "yes or no":
        return "boolean"
    if " or " in kind:
        return sorted(re.split(", | or ", kind))
    assert kind in OBJECTS or kind == "Sealed", kind
    return kind


def shape_of_schema(schema: Json, definitions: dict[str, Json]) -> object:
    """The same of a schema; null beside it means that the field may be absent."""
    match schema:
        case {"anyOf": [dict(inner), {"type": "null"}]}:
            return shape_of_schema(inner, definitions)
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return CALLED[name] if name in CALLED else shape_of_schema(definitions[name], definitions)
        case {"oneOf": list(kinds_of_rules)}:
            return sorted(str(shape_of_schema(one, definitions)) for one in kinds_of_rules)
        case {"enum": list(allowed)}:
            return sorted(allowed)
        case {"const": str(only)}:
            return [only]
        case {"type": "array", "items": dict(items)}:
            return "list", shape_of_schema(items, definitions)
        case {"type": "integer"}:
            above = schema.get("exclusiveMinimum")
            return (above + 1 if isinstance(above, int) else schema.get("minimum", 0)), schema.get("maximum")
        case {"pattern": str(pattern)} if pattern.startswith(r"^p1\."):
            return "Sealed"
        case {"type": "string", "format": str(form)}:
            return form
        case {"type": str(kind)}:
            return kind
    raise AssertionError(schema)


def pinned(stored_name: str):
    return json.loads((FOLDER / f"{stored_name}.v1.json").read_text("utf-8"))


def absent_or_not(known: type[BaseModel]) -> set[Field]:
    return {
        Field(name, field.get_default() is None and not field.is_required())
        for name, field in known.model_fields.items()
    }


@pytest.mark.parametrize("stored_name", NAMES)
def test_every_field_has_the_kind_that_its_schema_says(stored_name):
    schema = pinned(stored_name)
    definitions, said = schema.get("$defs", {}), kinds_of_data(stored_name)
    for name, value in schema["properties"].items():
        assert shape_of_kind(said[name]) == shape_of_schema(value, definitions), name
    for name, definition in definitions.items():
        if name in CALLED:
            told = {field.name: kind for field, kind in kinds_of_object(CALLED[name]).items()}
            assert told.keys() == definition["properties"].keys()
            for inner, value in definition["properties"].items():
                assert shape_of_kind(told[inner]) == shape_of_schema(value, definitions), f"{name}.{inner}"


@pytest.mark.parametrize("stored_name", NAMES)
def test_an_event_has_the_fields_of_its_class_and_the_same_may_be_absent(stored_name):
    known: type[Event] = event_classes()[stored_name]
    assert fields_of_event(stored_name) == absent_or_not(known)


@pytest.mark.parametrize(("kept_in", "known"), OBJECTS.items(), ids=OBJECTS)
def test_an_object_has_the_fields_of_its_class_and_the_same_may_be_absent(kept_in, known):
    assert set(kinds_of_object(kept_in)) == absent_or_not(known)


def test_the_page_names_no_field_that_no_event_has_and_no_kind_it_does_not_explain():
    texts = [text for file, text in schemas().items() if file != "envelope.v1.json"]
    had = {name for text in texts for name in json.loads(text)["properties"]}
    assert {field.name for kept_in, field, _ in kinds() if kept_in in ("", "of opportunities")} == had
    explained = section("## Values")
    for _, _, kind in kinds():
        word = re.split(r",| of |`", kind)[0].strip()
        assert re.search(rf"^\| (?:\w+, )?{word}\b", explained, re.MULTILINE), kind
