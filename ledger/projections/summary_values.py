"""What the sums of an answer are worth, by the rates in force at its positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from ledger.domain.policy_rules import Rate
from ledger.domain.refusals import Reason, refuse
from ledger.projections.as_of import View
from ledger.projections.rate_versions import RateTable, rates_in_force
from ledger.valuation.money import Worth, WorthByCurrency, minor_units
from ledger.valuation.rated_periods import RatedPeriod, rated_periods
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import policy_service_pb2
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_VERIFIED, EvidenceClass

_INT64_MAX: Final = 2**63 - 1


class Valuation:
    """Values the seconds of one answer, group by group."""

    def __init__(
        self,
        table: RateTable,
        classes: Sequence[EvidenceClass.ValueType],
        first: date,
        last: date,
    ) -> None:
        """Of seconds of these classes, served from `first` to `last`."""
        self.version: Final = table.name
        self.classes: Final = classes
        self.periods: Final[Sequence[RatedPeriod]] = rated_periods(table.rates, first, last)
        self._currencies = sorted({rate.currency for rate in table.rates.rates})
        self._worths: dict[str, WorthByCurrency] = {}
        self._used: set[int] = set()

    def count(self, key: str, number: int, counts: Sequence[int]) -> None:
        """A group's entries in the period of this number: how many, then seconds by class."""
        worth = self._worths.get(key)
        if worth is None:
            worth = self._worths[key] = WorthByCurrency(self._currencies)
        seconds = sum(counts[one] for one in self.classes)
        if seconds:
            worth.count(seconds, self.periods[number])
            self._used.add(number)

    def values(self, groups: Iterable[Iterable[str]]) -> tuple[list[list[pb.HoursValue]], list[pb.HoursValue]]:
        """Of each group, given the keys put together in it, and of the total. Refuses VALUE_TOO_LARGE."""
        together = [self._together(keys) for keys in groups]
        of_groups: list[list[pb.HoursValue]] = [[] for _ in together]
        of_total: list[pb.HoursValue] = []
        for index, currency in enumerate(self._currencies):
            worths = [one.worths[index] for one in together]
            total, parts = minor_units(worths)
            if max(map(abs, (total, *parts))) > _INT64_MAX:
                refuse(Reason.VALUE_TOO_LARGE, currency=currency, minor_units_max=_INT64_MAX)
            for values, worth, part in zip(of_groups, worths, parts, strict=True):
                values.append(_message(currency, part, [worth]))
            of_total.append(_message(currency, total, worths))
        return of_groups, of_total

    def rates_used(self) -> list[policy_service_pb2.Rate]:
        """Those that valued something, by currency and date."""
        used = {rate for number in self._used for rate in self.periods[number].rates.values()}
        return [_rate(rate) for rate in sorted(used, key=lambda rate: (rate.currency, rate.from_date))]

    def _together(self, keys: Iterable[str]) -> WorthByCurrency:
        together = WorthByCurrency(self._currencies)
        for key in keys:
            together.add(self._worths[key])
        return together


async def valuation_of(
    seen: View, request: pb.SummarizeHoursRequest, first: date, last: date, closing: date | None
) -> Valuation | None:
    """As the request asks for it; None where it names no rates. Refuses RATES_UNKNOWN."""
    if not request.rates:
        return None
    table = await rates_in_force(seen.connection, request.rates, seen.basis.positions, closing)
    return Valuation(table, list(request.value_classes) or [EVIDENCE_CLASS_VERIFIED], first, last)


def _message(currency: str, units: int, worths: Iterable[Worth]) -> pb.HoursValue:
    unvalued = sum(worth.unvalued_seconds for worth in worths)
    return pb.HoursValue(currency=currency, minor_units=units, unvalued_seconds=unvalued)


def _rate(rate: Rate) -> policy_service_pb2.Rate:
    return policy_service_pb2.Rate(
        from_date=rate.from_date.isoformat(),
        until_date="" if rate.until_date is None else rate.until_date.isoformat(),
        currency=rate.currency,
        minor_units_per_hour=rate.minor_units_per_hour,
        source=rate.source,
    )
