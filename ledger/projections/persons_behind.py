"""How many people stand behind each group of the tables of a report? What is joined alike is read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString, TypeVar

from ledger.impact.periods import Span
from ledger.projections.as_of import CUT_SQL, View
from ledger.projections.summary_statements import FILTERS, Key
from ledger.projections.sums import COUNTED

D = TypeVar("D", bound=int)
_COLUMNS: Final[Sequence[LiteralString]] = ("k0", "k1", "k2", "k3", "k4")
_EVERYTHING: Final = {"organization": "", "opportunity": ""}


async def persons_behind(seen: View, keys: Mapping[D, Key], period: Span) -> dict[D, dict[str, int]]:
    """Dimension → group → volunteers with entries of the period and, of head counts, the largest.

    More is not certain of people who have no names.
    """
    dates = {"start_date": period.first, "end_date": period.last}
    found: dict[D, dict[str, int]] = {dimension: {} for dimension in keys}
    for read_once in _joined_alike(keys):
        statement = _statement([keys[dimension] for dimension in read_once])
        cursor = await seen.connection.execute(statement, {**seen.cut, **_EVERYTHING, **dates}, binary=True)
        for at, key, count in await cursor.fetchall():
            found[read_once[at]][key] = count
    return found


def _joined_alike(keys: Mapping[D, Key]) -> list[list[D]]:
    """Dimensions that can be read together: with the same join, or with none."""
    alike: dict[str, list[D]] = {}
    for dimension, key in keys.items():
        if key.join:
            alike.setdefault(key.join, []).append(dimension)
    without = [dimension for dimension, key in keys.items() if not key.join]
    first, *others = alike.values() or [[]]
    return [[*first, *without], *others]


def _statement(keys: Sequence[Key]) -> LiteralString:
    """Rows: number of the key, group, people. Who has many entries is one row of `behind` for each combination."""
    joined = next((key for key in keys if key.join), keys[0])
    columns = _COLUMNS[: len(keys)]
    selected = ", ".join([f"{key.expression} as {column}" for key, column in zip(keys, columns, strict=True)])
    grouped = ", ".join(columns)
    counted = " union all ".join(
        [
            f"select {number}, {column}, count(distinct holder) filter (where starts_with(holder, 'volunteers/'))"
            " + coalesce(max(head_count) filter (where starts_with(holder, 'opportunities/')), 0)"
            f" from behind group by {column}"
            for number, column in zip(("0", "1", "2", "3", "4"), columns, strict=False)
        ]
    )
    return f"""
        with {CUT_SQL} {joined.tables}, behind as materialized (
            select e.holder, {selected}, max(e.head_count) as head_count
            from journal_lines e join cut on cut.partition = e.partition and e.position <= cut.upto {joined.join}
            where e.seconds is not null and {COUNTED} and {FILTERS}
            group by e.holder, {grouped}
        )
        {counted}
    """
