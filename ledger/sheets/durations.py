"""How long something was, in whole seconds: exact decimal arithmetic, rounded once, half to even."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal, TypeAlias

from ledger.sheets.words import ValueWrong, plain, shown

HoursUnit: TypeAlias = Literal["decimal", "clock", "minutes", "seconds"]
SECONDS_IN: Final = {"decimal": 3600, "minutes": 60, "seconds": 1}
SECONDS_MAX: Final = 10**9
"""Some 31 years: a typing error, whatever the row says."""
_CLOCK: Final = re.compile(r"([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9]))?")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,20})?")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:٬[0-9]{3})+(?:[.٫][0-9]+)?")
_RIGHT: Final = {"decimal": "write hours such as 7.5 or 7:30", "clock": "write hours and minutes such as 7:30",
                 "minutes": "write minutes such as 450", "seconds": "write whole seconds such as 27000"}  # fmt: skip


def seconds_of(cell: str | float | time | timedelta, unit: HoursUnit, *, decimal_comma: bool) -> int:
    """The duration of a cell that is not empty. Raises ValueWrong."""
    match cell:
        case timedelta():
            seconds = cell.days * 86_400 + cell.seconds
        case time():
            seconds = cell.hour * 3600 + cell.minute * 60 + cell.second
        case str():
            seconds = _seconds_of_text(plain(cell), unit, decimal_comma=decimal_comma)
        case _:
            if unit == "clock":
                raise ValueWrong(f"the number {cell}, where hours and minutes are expected", _RIGHT[unit])
            seconds = _scaled(Decimal(repr(cell)), unit)
    if not 0 <= seconds <= SECONDS_MAX:
        raise ValueWrong(f"{shown(str(cell))} is no duration", "write one that is not negative")
    return seconds


def _seconds_of_text(text: str, unit: HoursUnit, *, decimal_comma: bool) -> int:
    if found := _CLOCK.fullmatch(text):
        if unit in ("minutes", "seconds"):
            raise ValueWrong(f"{shown(text)}, where {unit} are expected", _RIGHT[unit])
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    if unit == "clock":
        raise ValueWrong(f"{shown(text)} is not hours and minutes", _RIGHT[unit])
    return _scaled(_number(text, _RIGHT[unit], decimal_comma=decimal_comma), unit)


def _number(text: str, right: str, *, decimal_comma: bool) -> Decimal:
    """`٫` is always the decimal sign, `٬` always parts thousands; of "." and "," one is, as the mapping says."""
    number = text.replace("٬", "") if _THOUSANDS.fullmatch(text) else text
    if "," in number and not decimal_comma:
        raise ValueWrong(f"{shown(text)} has a comma", f"{right}, or set decimal_comma = true")
    if "." in number and decimal_comma:
        raise ValueWrong(f"{shown(text)} has a point, and decimal_comma = true", "write 7,5, or set it to false")
    number = number.replace("٫", ".").replace(",", ".")
    if not _NUMBER.fullmatch(number):
        raise ValueWrong(f"{shown(text)} is no duration", right)
    return Decimal(number)


def _scaled(number: Decimal, unit: HoursUnit) -> int:
    if not number.is_finite() or abs(number) > SECONDS_MAX:
        return -1
    return int((number * SECONDS_IN[unit]).to_integral_value(ROUND_HALF_EVEN))
