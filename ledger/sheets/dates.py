"""Dates in text, read by the formats that a mapping lists and never by a guess."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from hijridate import Hijri

from ledger.sheets.numeric_formats import moment_of, pattern_of
from ledger.sheets.words import ValueWrong, plain

HIJRI: Final = "hijri:"
"""A format that begins so is read in the Umm al-Qura calendar: %Y, %m and %d alone."""
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2200
_DIRECTIVE: Final = re.compile(r"%(.)", re.DOTALL)
_DATE: Final = frozenset("YmdBbAa")
_CLOCK: Final = frozenset("HIMSpfz")
_OFFSET_OF_SECONDS: Final = re.compile(r"[+-][0-9]{2}:?[0-9]{2}:?[0-9]{2}(\.[0-9]+)?$")
_MONTHS: Final = {
    arabic: english
    for english, names in zip(
        month_name[1:],
        (
            *(("يناير", "كانون الثاني"), ("فبراير", "شباط"), ("مارس", "آذار"), ("أبريل", "ابريل", "إبريل", "نيسان")),
            *(("مايو", "أيار"), ("يونيو", "حزيران"), ("يوليو", "تموز"), ("أغسطس", "اغسطس", "آب"), ("سبتمبر", "أيلول")),
            *(("أكتوبر", "اكتوبر", "تشرين الأول"), ("نوفمبر", "تشرين الثاني"), ("ديسمبر", "كانون الأول")),
        ),
        strict=True,
    )
    for arabic in names
}
"""Of the Gulf and Egypt, and of the Levant: %B reads English ones alone."""
_MONTH: Final = re.compile(rf"(?<!\w)({'|'.join(_MONTHS)})(?!\w)")
_HALF_OF_DAY: Final = re.compile(r"\s*(ص|م|صباحا|صباحًا|مساء|مساءً)$")
"""Before and after noon, as Arabic clocks have it: %p reads AM and PM alone."""


class DateUnreadable(ValueWrong):
    """A text is no date by the formats listed, or two different ones."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A calendar date, with a time of day where the text has one; both in UTC where the text says its offset."""

    day: date
    clock: time | None = None


def check_date_format(text: str) -> str:
    """A format that reads one whole date. Raises ValueError: pydantic tells it with the field's name."""
    if text.startswith(HIJRI):
        if sorted(_DIRECTIVE.findall(text)) != ["Y", "d", "m"]:
            raise ValueError(f"{text!r}: a Hijri format has %Y, %m and %d, once each")
        return text
    used = _directives(text, _DATE | _CLOCK)
    if "Y" not in used or "d" not in used or not used & set("mBb"):
        raise ValueError(f"{text!r} reads no whole date: it needs %Y, one of %m %B %b, and %d")
    if used & _CLOCK:
        _check_clock(text, used)
    return text


def check_time_format(text: str) -> str:
    """A format that reads a time of day. Raises ValueError."""
    _check_clock(text, _directives(text, _CLOCK - {"z", "f"}))
    return text


def read_date(text: str, formats: tuple[str, ...]) -> Moment:
    """The one date that the formats listed read in this text. Raises DateUnreadable."""
    written = plain(text) if text.isascii() else _MONTH.sub(lambda found: _MONTHS[found[0]], plain(text))
    found = {moment: one for one in formats if (moment := _read(written, one)) is not None}
    if not found:
        raise DateUnreadable(
            f"{text!r} is no date as {' or '.join(map(repr, formats))}", "correct it, or list its format"
        )
    if len(found) > 1 and not _only_midnight_differs(found):
        raise DateUnreadable(
            f"{text!r} is another date by each of {' and '.join(map(repr, found.values()))}",
            "list only the format that is meant",
        )
    moment = next(iter(found))
    if not YEAR_MIN <= moment.day.year <= YEAR_MAX:
        raise DateUnreadable(f"{text!r} is in the year {moment.day.year}", f"write one from {YEAR_MIN} to {YEAR_MAX}")
    return moment


def read_time(text: str, formats: tuple[str, ...]) -> time:
    """The one time of day that the formats listed read in this text. Raises DateUnreadable."""
    written = _HALF_OF_DAY.sub(_am_pm, plain(text))
    found = {parsed.time() for one in formats if (parsed := parsed_by(written, one)) is not None}
    if len(found) != 1:
        raise DateUnreadable(
            f"{text!r} is no one time of day as {' or '.join(map(repr, formats))}", "correct it, or list its format"
        )
    return found.pop()


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment in UTC; of a time that a zone has twice, the first. Raises DateUnreadable for one that it skips."""
    local = datetime.combine(day, clock)
    if local.tzinfo is None:
        local = local.replace(tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise DateUnreadable(
            f"{day} {clock:%H:%M} was skipped in {zone.key}: clocks went forward then", "write the time that it was"
        )
    return moment


def _am_pm(found: re.Match[str]) -> str:
    return " AM" if found[1].startswith("ص") else " PM"


def _only_midnight_differs(found: Iterable[Moment]) -> bool:
    """One day, read as a date alone and as its midnight: then the format that is listed first decides."""
    return len({moment.day for moment in found}) == 1 and {moment.clock for moment in found} == {None, time()}


def _read(text: str, layout: str) -> Moment | None:
    if layout.startswith(HIJRI):
        return _hijri(text, layout)
    parsed = parsed_by(text, layout)
    if parsed is None:
        return None
    used = set(_DIRECTIVE.findall(layout))
    if not used & _CLOCK:
        return Moment(parsed.date())
    return Moment(parsed.date(), (parsed.timetz() if "z" in used else parsed.time()).replace(microsecond=0))


def parsed_by(text: str, layout: str) -> datetime | None:
    """The text by one format: in UTC where it says its offset, else the wall clock of a zone that is known later."""
    pattern = pattern_of(layout)
    found = None if pattern is None else pattern.fullmatch(text)
    if found is None and pattern is not None and not _OFFSET_OF_SECONDS.search(text):
        return None
    try:
        if found is not None:
            return moment_of(found)
        if "%z" in layout:
            return datetime.strptime(text, layout).astimezone(UTC)
        return datetime.strptime(text, layout).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _hijri(text: str, layout: str) -> Moment | None:
    matched = _hijri_pattern(layout).fullmatch(text)
    if matched is None:
        return None
    try:
        there = Hijri(int(matched["Y"]), int(matched["m"]), int(matched["d"])).to_gregorian()
    except (ValueError, OverflowError):
        return None
    return Moment(date(there.year, there.month, there.day))


@lru_cache(64)
def _hijri_pattern(layout: str) -> re.Pattern[str]:
    parts = {"Y": "(?P<Y>[0-9]{4})", "m": "(?P<m>[0-9]{1,2})", "d": "(?P<d>[0-9]{1,2})"}
    escaped = re.escape(layout.removeprefix(HIJRI))
    return re.compile(_DIRECTIVE.sub(lambda found: parts[found[1]], escaped))


def _directives(text: str, allowed: frozenset[str]) -> set[str]:
    used = _DIRECTIVE.findall(text)
    unknown = sorted(set(used) - allowed)
    if unknown:
        raise ValueError(f"{text!r} has %{unknown[0]}; known here are {' '.join(f'%{one}' for one in sorted(allowed))}")
    if len(used) != len(set(used)):
        raise ValueError(f"{text!r} has a part twice")
    return set(used)


def _check_clock(text: str, used: set[str]) -> None:
    if "M" not in used or ("H" in used) == ("I" in used) or ("I" in used) != ("p" in used):
        raise ValueError(f"{text!r} reads no time of day: it needs %H:%M, or %I:%M with %p")
    if re.search(r"%[SMf]Z", text):
        raise ValueError(f"{text!r}: write %z for the Z, which means UTC and would be read in the feed's own zone")
