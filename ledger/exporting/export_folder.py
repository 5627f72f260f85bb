"""Reading the files of an export that came from anybody: names may be links, pipes or endless, contents anything.

Nothing outside the folder is opened: no link is followed on the way to a file, and what is no regular file is not read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.signed_note import NOTE_BYTES_MAX
from ledger.transparency.tiles import (
    ENTRY_BYTES_MAX,
    TILE_BYTES,
    TILE_WIDTH,
    EntryBundle,
    HashTile,
    parse_path,
    width_at,
)

CHECKPOINT: Final = "checkpoint"
BALANCES: Final = "balances"
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)

# Without O_NONBLOCK to open a pipe would wait for ever for somebody who writes into it.
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEPTH_MAX: Final = 12
"""Folders in folders: more than any path of an export has."""


class FileFault(Exception):
    """A file of an export is not there, or not what can be read."""

    def __init__(self, path: str, found: str) -> None:
        """`path` below the export's folder; `found` says what is there instead."""
        super().__init__(f"{path}: {found}")
        self.path = path
        self.found = found


class ExportFolder:
    """An export's folder, to read from."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened yet; `folder` itself may be a link, for whoever named it chose it."""
        self.folder = folder

    def read(self, path: str, bytes_max: int) -> bytes:
        """The whole file.

        Raises:
            FileFault: it is missing, no regular file, reached through a link, unreadable, or longer than `bytes_max`.
        """
        try:
            descriptor = self._open(path)
        except FileNotFoundError:
            raise FileFault(path, "missing") from None
        except OSError as error:
            raise FileFault(path, f"not to be opened as a file: {error.strerror}") from error
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            os.close(descriptor)
            raise FileFault(path, "no regular file")
        with os.fdopen(descriptor, "rb") as file:
            if state.st_size > bytes_max:
                raise FileFault(path, f"{state.st_size} bytes, where at most {bytes_max} can be right")
            try:
                # Bounded once more: a file of no stated length, as in /proc, may be endless.
                data = file.read(bytes_max + 1)
            except OSError as error:
                raise FileFault(path, f"unreadable: {error.strerror}") from error
        if len(data) > bytes_max:
            raise FileFault(path, f"more than {bytes_max} bytes")
        return data

    def note(self, partition: int, name: str) -> bytes:
        """A signed note, `checkpoint` or `balances`. Raises FileFault."""
        return self.read(f"{partition}/{name}", NOTE_BYTES_MAX)

    def tile(self, partition: int, tile: HashTile) -> bytes:
        """A hash tile, of whatever length. Raises FileFault."""
        return self.read(f"{partition}/{tile.path}", TILE_BYTES)

    def bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        """An entry bundle, of whatever content. Raises FileFault."""
        return self.read(f"{partition}/{bundle.path}", BUNDLE_BYTES_MAX)

    def paths(self) -> Iterator[str]:
        """Every file below the folder, and whatever else is no folder; what lies too deep is named as one.

        Names that are no text come with backslashes: they belong to no export.
        """
        yield from _walk(self.folder, "", 0)

    def _open(self, path: str) -> int:
        *folders, name = path.split("/")
        at = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                inner = os.open(folder, _OPEN | os.O_DIRECTORY, dir_fd=at)
                os.close(at)
                at = inner
            return os.open(name, _OPEN, dir_fd=at)
        finally:
            os.close(at)


def belongs(path: str, size: int) -> bool:
    """Whether a log of this size has such a file, `path` being below the folder of its partition."""
    if path == CHECKPOINT:
        return True
    if path == BALANCES:
        return size > 0
    try:
        wanted = parse_path(path)
    except Malformed:
        return False
    level = wanted.level if isinstance(wanted, HashTile) else 0
    return width_at(level, wanted.index, size) == wanted.width


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            if depth < _DEPTH_MAX and entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{name}/", depth + 1)
            else:
                yield name
