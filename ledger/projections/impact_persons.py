"""Tables by what is sealed of a person: age, gender, residency. Opened for one answer, some at a time, kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

from ledger.impact.periods import Span
from ledger.projections.age_bands import NOT_STATED, AgeBands
from ledger.projections.age_questions import PERSONS_MAX, by_person, need_few
from ledger.projections.as_of import View
from ledger.projections.impact_tables import Sums, valuation_over
from ledger.projections.rate_versions import RateTable
from ledger.projections.summary_groups import GroupSums
from ledger.projections.summary_questions import dates_parameters, filters
from ledger.projections.summary_statements import HOLDER, SumStatements
from ledger.valuation.rated_periods import dates_of
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.hours_service_pb2 import SummarizeHoursRequest

Details: TypeAlias = Callable[
    [Sequence[str], Sequence[str], Mapping[int, int]], Awaitable[Mapping[str, Mapping[str, str]]]
]
"""Opens these fields of these volunteers, as known at these positions; what is not known or erased is absent."""

FIELDS: Final = ("birth_date", "gender", "identity_type")
_RESIDENCIES: Final = {
    "national_id": "citizen",
    "iqama": "resident",
    "passport": "visitor",
    "other_national": "visitor",
}
_ORDERS: Final[Mapping[pb.ImpactDimension.ValueType, Sequence[str]]] = {
    pb.IMPACT_DIMENSION_AGE_BAND: (NOT_STATED, *AgeBands(()).keys),
    pb.IMPACT_DIMENSION_GENDER: (NOT_STATED, "female", "male"),
    pb.IMPACT_DIMENSION_RESIDENCY: (NOT_STATED, "citizen", "resident", "visitor"),
}


class _Tables:
    """The three, as they grow person by person."""

    def __init__(self, period: Span, rates: RateTable | None) -> None:
        self._last = period.last
        self._bands = AgeBands(())
        self._valuations = {one: valuation_over(rates, period) for one in _ORDERS}
        self._sums = {one: GroupSums(valuation) for one, valuation in self._valuations.items()}
        self._persons: dict[pb.ImpactDimension.ValueType, Counter[str]] = {one: Counter() for one in _ORDERS}
        self._before = ""

    def add(self, holder: str, known: Mapping[str, str] | None, number: int, counts: Sequence[int]) -> None:
        """Sums of one holder; None: a group account, of which no person is known."""
        for dimension, key in self._keys(known or {}).items():
            self._sums[dimension].add(key, number, counts)
            if known is not None and holder != self._before:
                self._persons[dimension][key] += 1
        self._before = holder

    def _keys(self, known: Mapping[str, str]) -> dict[pb.ImpactDimension.ValueType, str]:
        born = date.fromisoformat(known["birth_date"]) if "birth_date" in known else None
        document = known.get("identity_type", "").partition(":")[0]
        return {
            pb.IMPACT_DIMENSION_AGE_BAND: self._bands.key(born, self._last),
            pb.IMPACT_DIMENSION_GENDER: known.get("gender", NOT_STATED),
            pb.IMPACT_DIMENSION_RESIDENCY: _RESIDENCIES.get(document, NOT_STATED),
        }

    def all(self) -> list[Sums]:
        """In the order of their dimensions, each with its rows in the order people read them."""
        return [
            Sums(one, self._sums[one].rows(order), self._persons[one], self._valuations[one])
            for one, order in _ORDERS.items()
        ]


async def person_sums(seen: View, details: Details, period: Span, rates: RateTable | None) -> list[Sums]:
    """Sums by age band, gender and residency. Refuses PERSONS_TOO_MANY."""
    dates = {"start_date": period.first, "end_date": period.last}
    parameters = {**seen.cut, **filters(SummarizeHoursRequest()), **dates}
    await need_few(seen, parameters, PERSONS_MAX)
    valuation = valuation_over(rates, period)
    if valuation is not None:
        parameters |= dates_parameters(dates_of(valuation.periods))
    tables = _Tables(period, rates)
    statement = SumStatements(HOLDER, divided=valuation is not None).of_entries()
    async for together in by_person(seen, statement, parameters):
        people = sorted({holder for holder, *_ in together if holder.startswith("volunteers/")})
        known = await details(people, FIELDS, seen.basis.positions) if people else {}
        for holder, *counts in together:
            number = counts.pop(0) if valuation is not None else 0
            tables.add(holder, known.get(holder), number, counts)
    return tables.all()
