"""How dates and times in texts are written, as far as the texts themselves tell: 13/02/2026 says which is the day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.sheets.dates import HIJRI, DateUnreadable, read_date, read_time
from ledger.sheets.toml_file import UNKNOWN
from ledger.sheets.words import plain

DAY_FIRST: Final = "day first"
MONTH_FIRST: Final = "month first"
_NUMBERS: Final = re.compile(r"([0-9]{1,4})([/.-])([0-9]{1,2})\2([0-9]{1,4})(.*)")
_HIJRI_YEARS: Final = range(1300, 1501)
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S%z", " %I:%M %p", " %I:%M:%S %p")
_NAMED: Final = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d-%b-%Y")
_TIMES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person knows. The answer is one of the choices, or where there are none any text; empty: unknown."""

    name: str
    """Of the setting, as the mapping has it."""
    text: str
    choices: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    """Values from the file."""


def guessed_formats(texts: Iterable[str], ask: Callable[[Question], str]) -> list[str]:
    """Formats that read these texts, each form by one; `?` for a form of which nobody knows the order."""
    forms: dict[tuple[str, ...], list[str]] = {}
    for text in dict.fromkeys(map(plain, texts)):
        forms.setdefault(_orders(text), []).append(text)
    found: list[str] = []
    for orders, some in forms.items():
        reading = [one for one in orders if all(_reads(text, one) for text in some)]
        if len(reading) > 1:
            found.append(_asked(reading, some, ask))
        else:
            found.append(reading[0] if reading else UNKNOWN)
    return list(dict.fromkeys(found))


def guessed_times(texts: Iterable[str]) -> list[str]:
    """Formats of times of day: no two of these read one text differently."""
    plain_texts = set(texts)
    return [layout for layout in _TIMES if any(_is_time(text, layout) for text in plain_texts)]


def _asked(reading: Sequence[str], texts: Sequence[str], ask: Callable[[Question], str]) -> str:
    question = Question(
        "dates.formats",
        "Which comes first in these dates?",
        (DAY_FIRST, MONTH_FIRST),
        tuple(texts[:3]),
    )
    answer = ask(question)
    wanted = {DAY_FIRST: "%d", MONTH_FIRST: "%m"}.get(answer)
    return next((one for one in reading if one.removeprefix(HIJRI)[:2] == wanted), UNKNOWN)


def _orders(text: str) -> tuple[str, ...]:
    """The formats that come into question for a text's form; two of them differ in the order of day and month."""
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return tuple(one for one in _NAMED if _reads(text, one))[:1]
    first, sign, _, last, rest = found.groups()
    calendar = HIJRI if int(first if len(first) == 4 else last) in _HIJRI_YEARS else ""
    if len(first) == 4:
        dates: tuple[str, ...] = (f"%Y{sign}%m{sign}%d",)
    elif len(last) == 4:
        dates = (f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%Y")
    else:
        return ()
    clock = next((one for one in _CLOCKS if _reads(f"2000-01-01{rest}", f"%Y-%m-%d{one}")), None)
    return () if clock is None else tuple(f"{calendar}{one}{clock}" for one in dates)


def _reads(text: str, layout: str) -> bool:
    try:
        read_date(text, (layout,))
    except DateUnreadable:
        return False
    return True


def _is_time(text: str, layout: str) -> bool:
    try:
        read_time(text, (layout,))
    except DateUnreadable:
        return False
    return True
