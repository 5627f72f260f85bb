"""Synthetic tables of all kinds of columns, in batches like those of the service."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.saving.columns import About, Basis, Batch, Coded, Column, Kind
from ledger.saving.tables import Table
from tests.saving.hostile_texts import HOSTILE

EVERYTHING = Table(
    "everything",
    (
        Column("coded"),
        Column("plain"),
        Column("unique"),
        Column("count", Kind.WHOLE),
        Column("seconds", Kind.SECONDS),
        Column("day", Kind.DAY),
        Column("moment", Kind.MOMENT),
        Column("flag", Kind.FLAG),
    ),
    plain=("unique",),
)
ABOUT = About("everything", {"of": "organizations/green-hands"}, Basis([(0, 12), (1, 9)], 1_795_410_000_000_000), 0)


def batches(count: int, rows: int) -> Iterator[Batch]:
    """`count` batches of `rows` rows; the batches differ in the texts they hold."""
    for number in range(count):
        yield batch(number, rows)


def batch(number: int, rows: int) -> Batch:
    """One batch."""
    own = [f"only in {number}", *HOSTILE]
    numbers = range(number * rows, (number + 1) * rows)
    return Batch(
        rows,
        {
            "coded": Coded(own, [each % len(own) for each in numbers]),
            "plain": [HOSTILE[each % len(HOSTILE)] for each in numbers],
            "unique": [f"volunteers/synthetic-{each}/attendances/a" for each in numbers],
        },
        {
            "count": list(numbers),
            "seconds": [each - 5 for each in numbers],
            "day": [None if each % 7 == 0 else 20_000 + each % 400 for each in numbers],
            "moment": [None if each % 5 == 0 else 1_795_410_000_000_001 * (each % 2) for each in numbers],
            "flag": [each % 2 for each in numbers],
        },
    )
