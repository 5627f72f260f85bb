"""One process at a time in a folder. The kernel frees the lock when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FolderInUse(RuntimeError):
    """Another process holds the folder."""


class FolderLock:
    """An exclusive lock on a folder, by a file named `lock` in it that also tells the holder's process id."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is locked yet."""
        self.folder = folder
        self._descriptor: int | None = None

    def take(self, *, wait: bool = False) -> None:
        """Take the lock; raises FolderInUse at once, or waits for the holder if asked to. Taking twice is once."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise FolderInUse(
                f"the folder {self.folder} is in use by process {holder}: stop that one, or name another folder"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens when it was not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
