"""How values are written in cells: texts that no spreadsheet computes, times, dates and hours.

Rules: OWASP, CSV Injection; RFC 3339; ISO 8601. docs/out.md says how a neutralised text is taken back.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet reads as a formula; behind apostrophes too, so that one more can be taken away again."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_PLACES: Final = 9
_CACHED: Final = 8_192


def neutral(text: str) -> str:
    """A text that no spreadsheet computes: with an apostrophe before it where one would."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_it_was(cell: str) -> str:
    """The text that `neutral` made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


@lru_cache(_CACHED)
def moment_text(microseconds: int) -> str:
    """RFC 3339 in UTC, such as 2026-11-23T05:00:00Z; fractions where there are any."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")


@lru_cache(_CACHED)
def day_text(days: int) -> str:
    """ISO 8601."""
    return date.fromordinal(_EPOCH_DAY + days).isoformat()


@lru_cache(_CACHED)
def day_number(text: str) -> int | None:
    """Days since 1970-01-01 of an ISO 8601 date; None for an empty text."""
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY if text else None


@lru_cache(_CACHED)
def hours_text(seconds: int) -> str:
    """Hours as a decimal, exact or to nine places, half to even: 5400 is 1.5."""
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    units, remainder = divmod(rest * 10**_PLACES, 3600)
    if 2 * remainder > 3600 or (2 * remainder == 3600 and units % 2):
        units += 1
    whole, fraction = divmod(units, 10**_PLACES)
    decimals = f"{fraction:0{_PLACES}}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
