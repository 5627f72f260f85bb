"""Sums of hours added up from stored events, one by one, by code that shares nothing with the questions it checks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from tests.system.synthetic_events import Story
from volunteer_hours.v1 import hours_service_pb2 as pb

Event = dict[str, Any]
KeyOf = Callable[[Event, dict[str, Any]], str]
"""Of an event and one of its entries."""
CLASSES = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")


def known_events(
    stories: Iterable[Story], upto: Mapping[int, int] | None = None, known_until: datetime | None = None
) -> Iterator[Event]:
    """Those up to these positions (a partition not named counts as whole) and this source time."""
    for story in stories:
        for event in map(json.loads, story.events):
            limit = len(story.events) if upto is None else upto.get(story.partition, len(story.events))
            learnt = datetime.fromisoformat(event.get("sourcetime", event["time"]))
            if event["position"] <= limit and (known_until is None or learnt <= known_until):
                yield event


def added_up(
    events: Iterable[Event], key_of: KeyOf, first: date = date.min, last: date = date.max
) -> dict[str, dict[str, int]]:
    """Seconds by key and class, and how many entries, of the dates of service from `first` to `last`."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*CLASSES, "entries"), 0))
    for event in events:
        for entry in event["data"].get("entries", ()):
            if first <= date.fromisoformat(entry["service_date"]) <= last:
                group = sums[key_of(event, entry)]
                group["entries"] += 1
                if entry["from_class"] in CLASSES:
                    group[entry["from_class"]] -= entry["seconds"]
                if entry["to_class"] in CLASSES:
                    group[entry["to_class"]] += entry["seconds"]
    return dict(sums)


def shown(answer: pb.SummarizeHoursResponse) -> dict[str, dict[str, int]]:
    """The groups of an answer in the same form; their total is checked on the way."""
    groups = {
        group.key: {**{one: getattr(group.seconds, f"{one}_seconds") for one in CLASSES}, "entries": group.entry_count}
        for group in answer.groups
    }
    for one in CLASSES:
        assert sum(group[one] for group in groups.values()) == getattr(answer.total, f"{one}_seconds")
    return groups


def by_place(events: list[Event]) -> KeyOf:
    """The place of a shift; of a shift not known, the one place of all known shifts of its opportunity."""
    places: dict[str, str] = {}
    for event in events:
        if event["type"] == "shift-opened":
            place = event["data"]["place"]
            places[event["data"]["shift"]] = "online" if place["online"] else place.get("region", "")

    def key_of(event: Event, _: dict[str, Any]) -> str:
        shift, opportunity = event["data"]["shift"], event["data"]["opportunity"]
        of_others = {place for name, place in places.items() if name.startswith(f"{opportunity}/")}
        return places.get(shift) or (of_others.pop() if len(of_others) == 1 else "")

    return key_of


def by_level(events: list[Event]) -> KeyOf:
    """The level last said of the opportunity."""
    levels = {
        event["data"]["opportunity"]: event["data"]["details"].get("level") or ""
        for event in events
        if event["type"] in ("opportunity-published", "opportunity-updated")
    }
    return lambda event, _: levels.get(event["data"]["opportunity"], "")
