"""What rows of every kind have: an id, which tells them from each other, and when their system learnt of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ledger.bulk.seen_rows import SeenRows
from ledger.sheets.values import Values

ID_CHARACTERS_MAX: Final = 300


def read_id(values: Values, seen: SeenRows, line: int, id_of: Callable[[str], str]) -> str:
    """The row's id; empty, with a problem told, where it has none or another line has it. `id_of`: as the ledger's."""
    record_id = values.text("id", ID_CHARACTERS_MAX)
    if not record_id:
        if not values.problems:
            values.wrong("id", "empty", "give each row an id of its own: by it an import knows what it did before")
        return ""
    before = seen.add(id_of(record_id), line)
    if before is not None:
        values.wrong("id", f"it stands in line {before} already", "give each row an id of its own")
    return record_id


def source_time(values: Values, file_time: datetime) -> datetime:
    """When the other system learnt it; where it does not say, when the file was written."""
    if values.is_empty("source_time"):
        return file_time
    return values.moment("source_time", None) or file_time
