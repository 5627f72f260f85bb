"""A table as CSV (RFC 4180) in UTF-8, with texts that no spreadsheet computes."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from ledger.saving.cells import neutral
from ledger.saving.columns import About, Batch, Coded, Column, Kind
from ledger.saving.table_file import plain_texts


class CsvFile:
    """Satisfies TableFile."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], header: Sequence[str], *, bom: bool) -> None:
        """`bom`: Excel takes a file without one for one in the machine's own encoding."""
        self._file = file
        self._columns = columns
        if bom:
            file.write(codecs.BOM_UTF8)
        self._lines([header])

    def write(self, batch: Batch) -> None:
        """Add rows."""
        self._lines(zip(*(_cells(batch, column) for column in self._columns), strict=True))

    def abandon(self) -> None:
        """Nothing is kept elsewhere."""

    def finish(self, about: About) -> None:
        """A CSV file says nothing of itself: that stands beside it."""

    def _lines(self, rows: Iterable[Sequence[str]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode())


def _cells(batch: Batch, column: Column) -> Sequence[str]:
    if column.kind is not Kind.TEXT:
        return plain_texts(batch, column)
    texts = batch.text(column)
    if isinstance(texts, Coded):
        safe = list(map(neutral, texts.values))
        return [safe[index] for index in texts.indexes]
    return list(map(neutral, texts))
