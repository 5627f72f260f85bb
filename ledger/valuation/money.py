"""Seconds times rates, as whole minor units of a currency that add up. Exact integers, no fractions, one rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.valuation.rated_periods import RatedPeriod

SECONDS_PER_HOUR: Final = 3_600


@dataclass(slots=True)
class Worth:
    """What seconds are worth in one currency, before anything is rounded."""

    unit_seconds: int = 0
    """Seconds times minor units an hour: 3,600 of them are one minor unit."""
    unvalued_seconds: int = 0
    """Seconds for which no rate holds."""

    def add(self, other: Worth) -> None:
        """Both together."""
        self.unit_seconds += other.unit_seconds
        self.unvalued_seconds += other.unvalued_seconds


@dataclass(slots=True)
class WorthByCurrency:
    """What seconds are worth in each currency of a table of rates."""

    currencies: Sequence[str]
    worths: list[Worth] = field(init=False)

    def __post_init__(self) -> None:
        self.worths = [Worth() for _ in self.currencies]

    def count(self, seconds: int, period: RatedPeriod) -> None:
        """Seconds served on dates of this period."""
        for currency, worth in zip(self.currencies, self.worths, strict=True):
            rate = period.rates.get(currency)
            if rate is None:
                worth.unvalued_seconds += seconds
            else:
                worth.unit_seconds += seconds * rate.minor_units_per_hour

    def add(self, other: WorthByCurrency) -> None:
        """Both together."""
        for worth, further in zip(self.worths, other.worths, strict=True):
            worth.add(further)


def minor_units(worths: Sequence[Worth]) -> tuple[int, list[int]]:
    """The total in minor units, rounded half up, and a part for each of `worths` that together are this total.

    By the method of the largest remainder: each part is its exact value rounded down, and the units still lacking go
    one by one to the parts that lost most, of equal ones to the first.
    """
    exact = [worth.unit_seconds for worth in worths]
    total = (2 * sum(exact) + SECONDS_PER_HOUR) // (2 * SECONDS_PER_HOUR)
    parts = [one // SECONDS_PER_HOUR for one in exact]
    by_loss = sorted(range(len(exact)), key=lambda index: -(exact[index] % SECONDS_PER_HOUR))
    for index in by_loss[: total - sum(parts)]:
        parts[index] += 1
    return total, parts
