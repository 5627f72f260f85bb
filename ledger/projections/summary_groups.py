"""The groups of a summary: what is shown, what is put together for publication, and what each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ledger.projections.summary_values import Valuation
from ledger.projections.sums import CLASS_COUNT, evidence_seconds
from volunteer_hours.v1 import hours_service_pb2 as pb

Row: TypeAlias = Sequence[Any]
"""Key, number of entries, seconds by class."""


class GroupSums:
    """Adds up what comes in parts: by dates on which other rates hold, or person by person."""

    def __init__(self, valuation: Valuation | None) -> None:
        self._counts: dict[str, list[int]] = {}
        self._valuation = valuation

    def add(self, key: str, number: int, counts: Sequence[int]) -> None:
        """Entries in the rated period of this number: how many, then seconds by class."""
        known = self._counts.get(key)
        if known is None:
            self._counts[key] = list(counts)
        else:
            for index, count in enumerate(counts):
                known[index] += count
        if self._valuation is not None:
            self._valuation.count(key, number, counts)

    def rows(self, order: Sequence[str] | None = None) -> list[Row]:
        """In the order of the keys, or in this one."""
        keys = sorted(self._counts) if order is None else [key for key in order if key in self._counts]
        return [(key, *self._counts[key]) for key in keys]


def show_groups(
    response: pb.SummarizeHoursResponse, rows: Sequence[Row], entry_count_min: int, valuation: Valuation | None
) -> None:
    """Put groups and total into an answer; together, values too, they are the total. Refuses VALUE_TOO_LARGE."""
    shown, together = _put_together(rows, entry_count_min)
    groups = [pb.HoursGroup(key=row[0], entry_count=row[1], seconds=evidence_seconds(row[2:])) for row in shown]
    if together:
        count, *seconds = _added_up(together)
        groups.append(
            pb.HoursGroup(entry_count=count, seconds=evidence_seconds(seconds), groups_together=len(together))
        )
    response.total.CopyFrom(evidence_seconds(_added_up(rows)[1:]))
    if valuation is not None:
        keys = [[row[0]] for row in shown] + ([[row[0] for row in together]] if together else [])
        values, total = valuation.values(keys)
        for group, of_group in zip(groups, values, strict=True):
            group.values.extend(of_group)
        response.total_values.extend(total)
        response.rates = valuation.version
        response.rates_used.extend(valuation.rates_used())
        response.value_classes.extend(valuation.classes)
    response.groups.extend(groups)


def _added_up(rows: Sequence[Row]) -> list[int]:
    """Number of entries, seconds by class."""
    return [sum(row[1 + index] for row in rows) for index in range(1 + CLASS_COUNT)]


def _put_together(rows: Sequence[Row], entry_count_min: int) -> tuple[Sequence[Row], Sequence[Row]]:
    """The groups that are shown, and those too small to be: never a single one, which the total would give away."""
    small = [row for row in rows if row[1] < entry_count_min]
    large = [row for row in rows if row[1] >= entry_count_min]
    if len(small) == 1 and large:
        smallest = min(large, key=lambda row: row[1])
        small, large = [*small, smallest], [row for row in large if row is not smallest]
    return large, small
