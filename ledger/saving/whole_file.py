"""A file that takes its name only when it is whole: written beside its place, made durable, renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Where to write what shall be `place`: it is renamed when the block ends, and removed when the block fails.

    Raises OSError.
    """
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        yield part
        _make_durable(part)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _make_durable(place.parent)


def _make_durable(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
