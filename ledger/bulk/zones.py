"""A mapping whose dates and times are read in another time zone than it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from ledger.sheets.mapping import SheetMapping


def in_zone(mapping: SheetMapping, time_zone: str, defaults: Mapping[str, date] | None = None) -> SheetMapping:
    """`defaults` stand where the mapping has none of its own. `time_zone` is one that is known."""
    changed: dict[str, object] = {"time_zone": time_zone, "zone": ZoneInfo(time_zone)}
    if defaults:
        changed["defaults"] = {**defaults, **mapping.defaults}
    return mapping.model_copy(update=changed)
