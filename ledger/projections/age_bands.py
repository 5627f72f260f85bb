"""Bands of age by their lowest ages, and who is in which."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from ledger.domain.eligibility import age_years

STARTS_DEFAULT: Final = (0, 18, 25, 35, 45, 55, 65)
NOT_STATED: Final = ""
"""Of head counts, of whoever has no birth date, and of the erased."""


class AgeBands:
    """Bands without a gap: `0-17`, `18-24`, …, `65+`."""

    def __init__(self, starts: Sequence[int]) -> None:
        """`starts` ascend; none: the default. Who is younger than the first one is in a band below it."""
        known = tuple(starts or STARTS_DEFAULT)
        self._starts: Final = known if known[0] == 0 else (0, *known)
        bounded = [_span(start, above - 1) for start, above in pairwise(self._starts)]
        self.keys: Final = [*bounded, f"{self._starts[-1]}+"]
        """In order of age."""

    def key(self, birth_date: date | None, day: date) -> str:
        """The band of who is born on this date, in completed years on `day`; a later birth date says no age."""
        if birth_date is None or birth_date > day:
            return NOT_STATED
        return self.keys[bisect_right(self._starts, age_years(birth_date, day)) - 1]


def _span(first: int, last: int) -> str:
    return f"{first}-{last}" if first < last else f"{first}"
