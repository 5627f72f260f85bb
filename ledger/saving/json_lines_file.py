"""A table as JSON lines: an object a row, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final

import msgspec

from ledger.saving.cells import hours_text
from ledger.saving.columns import About, Batch, Column, Kind
from ledger.saving.table_file import plain_texts

_NUMBERS: Final = (Kind.WHOLE, Kind.SECONDS)
_NULLABLE: Final = (Kind.DAY, Kind.MOMENT)


class JsonLinesFile:
    """Satisfies TableFile."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column]) -> None:
        self._file = file
        self._columns = columns
        self._names = [column.name for column in columns]
        self._encode = msgspec.json.Encoder().encode_lines

    def write(self, batch: Batch) -> None:
        """Add rows."""
        values = (_values(batch, column) for column in self._columns)
        self._file.write(self._encode([dict(zip(self._names, row, strict=True)) for row in zip(*values, strict=True)]))

    def abandon(self) -> None:
        """Nothing is kept elsewhere."""

    def finish(self, about: About) -> None:
        """What the file says of itself stands beside it."""


def _values(batch: Batch, column: Column) -> Sequence[object]:
    if column.kind in _NUMBERS:
        return batch.number(column)
    if column.kind is Kind.FLAG:
        return [bool(value) for value in batch.number(column)]
    if column.kind is Kind.HOURS:
        return [None if value is None else msgspec.Raw(hours_text(value).encode()) for value in batch.number(column)]
    texts = plain_texts(batch, column)
    return [text or None for text in texts] if column.kind in _NULLABLE else texts
