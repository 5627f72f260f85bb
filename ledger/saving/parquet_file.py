"""A table as Parquet, with types: for programs that add up. pyarrow is asked for only here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import parquet

from ledger.saving.cells import hours_text
from ledger.saving.columns import About, Batch, Coded, Column, Kind
from ledger.saving.table_file import about_json

KEY: Final = "volunteer_hours.saved"
GROUP_ROWS: Final = 65_536
"""Rows that are written together: what a reader decodes at a time, some 5 MB in memory."""

_TYPES: Final = {
    Kind.TEXT: pa.dictionary(pa.int32(), pa.string()),
    Kind.WHOLE: pa.int64(),
    Kind.SECONDS: pa.int64(),
    Kind.HOURS: pa.decimal128(18, 9),
    Kind.DAY: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", "UTC"),
    Kind.FLAG: pa.bool_(),
}
_NULLABLE: Final = (Kind.DAY, Kind.MOMENT)


class ParquetFile:
    """Satisfies TableFile."""

    def __init__(
        self, file: BinaryIO, columns: Sequence[Column], plain: Sequence[str] = (), group_rows: int = GROUP_ROWS
    ) -> None:
        """`plain`: texts that hardly repeat. `group_rows` are written together."""
        self._columns = columns
        self._plain = frozenset(plain)
        self._schema = pa.schema(
            [pa.field(column.name, self._type(column), column.kind in _NULLABLE) for column in columns]
        )
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd", compression_level=1)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._group_rows = group_rows

    def write(self, batch: Batch) -> None:
        """Add rows."""
        arrays = [self._array(batch, column) for column in self._columns]
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += batch.rows
        if self._rows >= self._group_rows:
            self._flush()

    def finish(self, about: About) -> None:
        """Write the footer, without which no program takes the file for one."""
        self._flush()
        self._writer.add_key_value_metadata({KEY: about_json(about)})
        self._writer.close()

    def abandon(self) -> None:
        """Without this the writer would add the footer when it is forgotten."""
        self._writer.is_open = False

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, self._schema).unify_dictionaries()
            self._writer.write_table(table, row_group_size=table.num_rows)
            self._waiting, self._rows = [], 0

    def _type(self, column: Column) -> pa.DataType:
        return pa.string() if column.name in self._plain else _TYPES[column.kind]

    def _array(self, batch: Batch, column: Column) -> pa.Array:
        if column.kind is Kind.TEXT:
            return self._texts(batch, column)
        numbers = batch.number(column)
        if column.kind is Kind.DAY:
            return pa.array(numbers, pa.int32()).view(pa.date32())
        if column.kind is Kind.MOMENT:
            return pa.array(numbers, pa.int64()).view(_TYPES[Kind.MOMENT])
        if column.kind is Kind.HOURS:
            hours = [None if value is None else Decimal(hours_text(value)) for value in numbers]
            return pa.array(hours, _TYPES[Kind.HOURS])
        if column.kind is Kind.FLAG:
            return pa.array([bool(value) for value in numbers], pa.bool_())
        return pa.array(numbers, pa.int64())

    def _texts(self, batch: Batch, column: Column) -> pa.Array:
        texts = batch.text(column)
        if isinstance(texts, Coded):
            coded = pa.DictionaryArray.from_arrays(
                pa.array(texts.indexes, pa.int32()), pa.array(texts.values, pa.string())
            )
            return coded.cast(pa.string()) if column.name in self._plain else coded
        array = pa.array(texts, pa.string())
        return array if column.name in self._plain else array.dictionary_encode()
