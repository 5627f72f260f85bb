"""What tests use of it."""

from collections.abc import Iterator
from pathlib import Path

class Cell:
    value: object

class Worksheet:
    def iter_rows(self) -> Iterator[tuple[Cell, ...]]: ...

class Workbook:
    worksheets: list[Worksheet]

def load_workbook(filename: Path, *, data_only: bool = False) -> Workbook: ...
