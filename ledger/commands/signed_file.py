"""Signed answers as files: kept by whoever asked, checked by anybody (docs/signed-answers.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ledger.commands.connection import CommandFailed
from ledger.transparency.signed_answer import format_answer_file


class Signed(Protocol):
    """Any answer of HoursService that was asked for with `proof`."""

    signed_answer: bytes

    @property
    def checkpoints(self) -> Sequence[bytes]: ...


def save_signed(path: Path, answer: Signed) -> None:
    """Write an answer and its checkpoints. Raises CommandFailed where a file is there already: it may be evidence."""
    data = format_answer_file(answer.signed_answer, answer.checkpoints)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise CommandFailed(f"{path} is there already, and a kept answer is not overwritten; name another") from error
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from error
