"""A row of an older system's hours: who served where, for whom and how long, and what has to be there for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.bulk.laying import Span
from ledger.bulk.names import OPPORTUNITY, ORGANIZATION, SHIFT, hashed_id
from ledger.bulk.zones import in_zone
from ledger.sheets.mapping import SheetMapping
from ledger.sheets.rows import Line
from ledger.sheets.values import Values
from ledger.sheets.words import shown

ACTIVITY_CHARACTERS_MAX: Final = 200
HEADS_MAX: Final = 1_000_000
ONLINE: Final = "online"
_REGION: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class OlderRow:
    """What stands in it."""

    organization: str
    activity: str
    opportunity: str
    shift: str
    time_zone: str
    day: date
    span: Span | None
    """Its clock times; None: `seconds` on that day, nobody knows when."""
    seconds: int
    head_count: int
    """People counted together, without names; 0: one person's."""
    shift_is_named: bool
    """It is not made of the row's times: of such a shift only the date is known."""
    city: str
    region: str
    """ISO 3166-2, or `online`."""


def read_older_row(line: Line, values: Values, mapping: SheetMapping) -> OlderRow | None:
    """The row; None with problems told. The names that follow from it never change: see `names`."""
    organization, activity = _read_name(values, "organization"), values.code("activity")
    if len(activity) > ACTIVITY_CHARACTERS_MAX:
        values.wrong("activity", f"{len(activity):,} characters", f"write at most {ACTIVITY_CHARACTERS_MAX}")
    if not activity:
        values.wrong("activity", "empty", "say what was done; one activity becomes one opportunity")
    time_zone = _time_zone(values, mapping)
    city, region = values.text("city", 200), values.code("region")
    if not (_REGION.fullmatch(region) or region == ONLINE):
        right = "write a region of ISO 3166-2 such as SA-01, or online; or give defaults.region"
        values.wrong("region", shown(region) if region else "empty", right)
    served = _served(line, values, mapping if time_zone == mapping.time_zone else in_zone(mapping, time_zone))
    if values.problems or served is None:
        return None
    day, span, seconds = served
    shift = values.code("shift_name")
    named = SHIFT.fullmatch(shift) is not None
    opportunity = shift.partition("/shifts/")[0] if named else _opportunity(mapping.system, organization, activity)
    if not named:
        shift = f"{opportunity}/shifts/{_shift_id(day, span, time_zone, city, region)}"
    heads = values.whole("head_count", 1, HEADS_MAX) or 1 if is_head_count(values) else 0
    return OlderRow(
        organization, activity, opportunity, shift, time_zone, day, span, seconds, heads, named, city, region
    )


def is_head_count(values: Values) -> bool:
    """Whether the row is of people without names."""
    return values.is_empty("volunteer") and not values.is_empty("head_count")


def _opportunity(system: str, organization: str, activity: str) -> str:
    if OPPORTUNITY.fullmatch(activity):
        return activity
    return "opportunities/" + hashed_id(system, f"{organization}\n{activity}")


def is_written(line: Line, mapping: SheetMapping, field: str) -> bool:
    """Whether the row itself has something there, and not a default."""
    column = mapping.columns.get(field)
    return column is not None and line.cells.get(column, "") != ""


def _read_name(values: Values, field: str) -> str:
    name = values.code(field)
    if not ORGANIZATION.fullmatch(name):
        right = f"write organizations/…, or say in values.{field} which word is which"
        values.wrong(field, f"{shown(name)} is no organisation" if name else "empty", right)
    return name


def _time_zone(values: Values, mapping: SheetMapping) -> str:
    named = values.code("time_zone")
    try:
        return ZoneInfo(named).key if named else mapping.time_zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        values.wrong("time_zone", f"{shown(named)} is no time zone", "write one such as Asia/Riyadh")
        return mapping.time_zone


def _served(line: Line, row: Values, mapping: SheetMapping) -> tuple[date, Span | None, int] | None:
    values = Values(line, mapping)
    served = _day_and_span(line, values, mapping)
    row.problems += values.problems
    return None if values.problems else served


def _day_and_span(line: Line, values: Values, mapping: SheetMapping) -> tuple[date, Span | None, int] | None:
    seconds = values.seconds("duration")
    if is_written(line, mapping, "start_time") and is_written(line, mapping, "end_time"):
        times = values.interval("date", "start_time", "end_time")
        if times is None:
            return None
        span = (int(times[0].timestamp()), int(times[1].timestamp()))
        if seconds is not None and seconds != span[1] - span[0]:
            what = f"{seconds:,} s, where start and end are {span[1] - span[0]:,} s apart"
            values.wrong("duration", what, "correct one of them, or leave one out of the mapping")
        return times[0].astimezone(mapping.zone).date(), span, span[1] - span[0]
    if is_written(line, mapping, "start_time") or is_written(line, mapping, "end_time"):
        return _with_start(values, mapping, seconds)
    day = values.day("date")
    if day is None:
        values.wrong("date", "empty", "write the date of service")
    if not seconds:
        values.wrong("duration", "empty or nothing", "write start and end, or how long it was")
    elif "start_time" not in mapping.defaults and not is_head_count(values):
        right = "give defaults.start_time: hours without clock times are laid from it on"
        values.wrong("start_time", "empty", right)
    return None if day is None or not seconds else (day, None, seconds)


def _with_start(values: Values, mapping: SheetMapping, seconds: int | None) -> tuple[date, Span | None, int] | None:
    start = values.moment("date", "start_time")
    if start is None or not seconds:
        values.wrong("duration", "empty, where start or end are missing", "write start and end, or start and duration")
        return None
    begin = int(start.timestamp())
    return start.astimezone(mapping.zone).date(), (begin, begin + seconds), seconds


def _shift_id(day: date, span: Span | None, time_zone: str, city: str, region: str) -> str:
    times = "" if span is None else f"{span[0]}-{span[1]}"
    digest = hashlib.sha256("\n".join((times, time_zone, city, region)).encode()).hexdigest()
    return f"{day.isoformat()}-{digest[:16]}"
