"""Marks of what must be there once, put aside by how they begin: however many there are, few are looked at together.

A mark is 16 bytes that stand for a name, a number of 4 bytes and a position of 8: 28 bytes. They are sorted into files
of some 65,536 marks each in the system's temporary folder; a small log's stay in memory.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

MARKS_TOGETHER: Final = 65_536
FILES_MAX: Final = 4_096
BUFFER_BYTES_MAX: Final = 8 * 1024 * 1024
"""Of all files together."""

_LAYOUT: Final = struct.Struct("!16sIQ")
MARK_RECORD_BYTES: Final = _LAYOUT.size

Mark: TypeAlias = tuple[bytes, int, int]
"""Name, number, position."""


class MarksOnDisk:
    """Marks given in some order, and given back name by name in that order; a context that leaves nothing behind."""

    def __init__(self, expected: int) -> None:
        """About how many marks there will be."""
        self._parts = min(FILES_MAX, max(1, -(-expected // MARKS_TOGETHER)))
        self._buffers = [bytearray() for _ in range(self._parts)]
        self._bytes_each = BUFFER_BYTES_MAX // self._parts
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, marks: bytes) -> None:
        """Some marks, one after the other. Raises OSError when the temporary folder is full."""
        parts, buffers, bytes_each = self._parts, self._buffers, self._bytes_each
        for at in range(0, len(marks), MARK_RECORD_BYTES):
            part = (marks[at] << 8 | marks[at + 1]) % parts
            buffer = buffers[part]
            buffer += marks[at : at + MARK_RECORD_BYTES]
            if len(buffer) > bytes_each:
                self._write(part)

    def by_part(self) -> Iterator[Iterator[Mark]]:
        """All marks; all of one name come in one part, in the order they were given in."""
        for part, buffer in enumerate(self._buffers):
            file = self._file(part)
            before = file.read_bytes() if file is not None and file.exists() else b""
            yield _LAYOUT.iter_unpack(before + buffer)

    def _write(self, part: int) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="hours-ledger-audit-")
        with (Path(self._folder.name) / str(part)).open("ab") as file:
            file.write(self._buffers[part])
        self._buffers[part].clear()

    def _file(self, part: int) -> Path | None:
        return None if self._folder is None else Path(self._folder.name) / str(part)
