"""The tables that are saved, column by column: names that other programs rely on. docs/out.md lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.saving.columns import Batch, Column, Kind


@dataclass(frozen=True, slots=True)
class Table:
    """What one kind of file holds."""

    kind: str
    columns: Sequence[Column]
    plain: Sequence[str] = ()
    """Texts that hardly repeat."""


def _columns(written: str) -> tuple[Column, ...]:
    """`name:kind name …`: without a kind a text, and seconds where the name says so."""
    told = []
    for one in written.split():
        name, _, kind = one.partition(":")
        seconds = name == "seconds" or name.endswith("_seconds")
        told.append(Column(name, Kind(kind) if kind else Kind.SECONDS if seconds else Kind.TEXT))
    return tuple(told)


CLASS_SECONDS: Final = (
    "claimed_seconds attended_seconds verified_seconds disputed_seconds withheld_seconds reversed_seconds"
)

ENTRIES: Final = Table(
    "entries",
    _columns(
        "partition:whole position:whole entry_index:whole holder event_type event_id from_class to_class seconds "
        "service_date:day reason attendance shift opportunity organization record_time:moment "
        "source_record_time:moment actor"
    ),
    plain=("event_id", "attendance"),
)
ATTENDANCES: Final = Table(
    "attendances",
    _columns(
        "attendance volunteer organization opportunity shift time_zone start_time:moment end_time:moment "
        f"service_date:day head_count:whole {CLASS_SECONDS} reason system record_id source_time:moment"
    ),
    plain=("attendance", "record_id"),
)
SUMMARIES: Final = Table("summaries", _columns(f"group {CLASS_SECONDS} recorded_seconds entry_count:whole"))
VOLUNTEERS: Final = Table(
    "volunteers",
    _columns(
        "volunteer full_name birth_date:day gender residence_region identity_type identity_country identity_number "
        "email phone erased:flag"
    ),
    plain=("volunteer", "full_name", "identity_number", "email", "phone"),
)
ORGANIZATIONS: Final = Table(
    "organizations",
    _columns("organization kind name_ar name_en state accredited_until_date:day"),
    plain=("organization",),
)
STATEMENTS: Final = Table(
    "statements",
    _columns(
        "statement kind start_date:day end_date:day verified_seconds state issued_time:moment expire_time:moment "
        "revoked_time:moment now_verified_seconds superseded_time:moment"
    ),
    plain=("statement",),
)
TABLES: Final = (ENTRIES, ATTENDANCES, SUMMARIES, VOLUNTEERS, ORGANIZATIONS, STATEMENTS)


def batch_of(table: Table, rows: Iterable[Sequence[str | int | None]]) -> Batch:
    """Rows of values in the order of the columns, as a batch."""
    some = list(rows)
    columns = list(zip(*some, strict=True)) if some else [()] * len(table.columns)
    texts: dict[str, list[str]] = {}
    numbers: dict[str, list[int | None]] = {}
    for column, values in zip(table.columns, columns, strict=True):
        if column.kind is Kind.TEXT:
            texts[column.name] = [value if isinstance(value, str) else "" for value in values]
        else:
            numbers[column.name] = [value if isinstance(value, int) else None for value in values]
    return Batch(len(some), dict(texts), dict(numbers))
