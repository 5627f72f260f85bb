"""The same of its module for Parquet."""

from pathlib import Path
from typing import BinaryIO

from pyarrow import Schema, Table

class FileMetaData:
    metadata: dict[bytes, bytes]
    num_rows: int
    num_row_groups: int

class ParquetFile:
    metadata: FileMetaData
    def __init__(self, source: Path) -> None: ...

class ParquetWriter:
    is_open: bool
    def __init__(self, where: BinaryIO, schema: Schema, *, compression: str, compression_level: int) -> None: ...
    def write_table(self, table: Table, row_group_size: int) -> None: ...
    def add_key_value_metadata(self, key_value_metadata: dict[str, str]) -> None: ...
    def close(self) -> None: ...

def read_table(source: Path) -> Table: ...
