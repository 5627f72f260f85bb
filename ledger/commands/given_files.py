"""Files and keys that people name on the command line: read with a bound, for they may be anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from ledger.transparency.line_grammar import read_text
from ledger.transparency.verifier_key import VKEY_BYTES_MAX

_FROM_FILE: Final = "@"
_KEY_FILE_BYTES_MAX: Final = 256 * VKEY_BYTES_MAX


def key_lines(given: Iterable[str]) -> list[str]:
    """Verifier keys as they were given: each a line, or `@FILE` with one a line.

    Raises typer.BadParameter for a file that cannot be read, Malformed for one that is no text.
    """
    lines: list[str] = []
    for one in given:
        if one.startswith(_FROM_FILE):
            data = read_at_most(Path(one[1:]), _KEY_FILE_BYTES_MAX)
            lines += [
                line for line in read_text(data, "file of verifier keys", _KEY_FILE_BYTES_MAX).split("\n") if line
            ]
        else:
            lines.append(one)
    return lines


def read_at_most(path: Path, bytes_max: int) -> bytes:
    """The file, but no more than a byte above what could be right: it may be anything, and endless.

    Raises typer.BadParameter where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}") from error
