"""Writing many files so that after a crash at any moment each name holds whole bytes or is not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".new"
"""At the end of a file's name until its bytes are on disk."""


class WholeFiles:
    """Files below one folder, made durable some hundred at a time: to wait for the disk at each would take hours."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written yet."""
        self._folder = folder
        self._waiting: list[Path] = []

    def add(self, path: str, data: bytes) -> None:
        """Write a file, for its owner only, under another name; `settle` gives it its own. Raises OSError."""
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        # Not through a link: whoever had this folder before us could have laid one.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(f"{file}{UNFINISHED}", flags, 0o600), "wb") as fresh:
            fresh.write(data)
        self._waiting.append(file)

    def settle(self) -> None:
        """Make every file added durable under its name. Raises OSError: then none of them may be relied on."""
        for file in self._waiting:
            # Bytes first: else, after a power cut, a name could be there and its bytes not.
            _sync(Path(f"{file}{UNFINISHED}"))
        for file in self._waiting:
            Path(f"{file}{UNFINISHED}").rename(file)
        for folder in {above for file in self._waiting for above in file.parents if above.is_relative_to(self._folder)}:
            _sync(folder)
        self._waiting.clear()

    def remove(self, path: str) -> None:
        """Take a file away, durably; nothing happens if it is not there. Raises OSError."""
        file = self._folder / path
        file.unlink(missing_ok=True)
        _sync(file.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
