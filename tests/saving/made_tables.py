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


def entries_batch(number: int, rows: int) -> Batch:
    """Entries such as the service tells."""
    numbers = range(number * rows, (number + 1) * rows)
    repeated = {
        "holder": ("volunteers/synthetic-7-1-50-v{}", 300),
        "event_type": ("hours-verified-{}", 3),
        "from_class": ("attended{}", 2),
        "to_class": ("verified{}", 2),
        "reason": ("NOT_CONFIRMED{}", 2),
        "shift": ("opportunities/synthetic-garden/shifts/s{}", 40),
        "opportunity": ("opportunities/synthetic-garden-{}", 10),
        "organization": ("organizations/synthetic-{}", 2),
        "actor": ("staff/synthetic-{}", 5),
    }
    texts = {
        name: Coded([text.format(f"{number}-{each}") for each in range(count)], [each % count for each in numbers])
        for name, (text, count) in repeated.items()
    }
    return Batch(
        rows,
        {
            **texts,
            "event_id": [f"{each:032x}" for each in numbers],
            "attendance": [f"volunteers/synthetic-{each}/attendances/a" for each in numbers],
        },
        {
            "partition": [0] * rows,
            "position": list(numbers),
            "entry_index": [0] * rows,
            "seconds": [each % 20_000 for each in numbers],
            "service_date": [20_000 + each % 365 for each in numbers],
            "record_time": [1_795_410_000_000_000 + each for each in numbers],
            "source_record_time": [None] * rows,
        },
    )
