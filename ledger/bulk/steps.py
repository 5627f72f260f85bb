"""What becomes of a row: a command that is to be sent, or what is told of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ledger.sheets.table import Problem

Happened: TypeAlias = Literal["open", "create", "change", "withdraw", "unchanged", "refused", "missing"]
"""`open`: what an older system's hours need and the ledger did not have, an opportunity or a shift."""


class Told(msgspec.Struct, frozen=True):
    """What happened, or would happen, for one row; or for what the ledger has and the file has no more."""

    happened: Happened
    line: int = 0
    """0: not in the file."""
    name: str = ""
    notes: tuple[str, ...] = ()
    """What changes, and what there is to say of it."""
    problems: tuple[Problem, ...] = ()


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A row whose command is ready. Hundreds of thousands are made and kept sealed until all rows are checked."""

    happened: Happened
    line: int
    name: str
    request: bytes
    """The command, or the row's part of a page of commands."""
    notes: tuple[str, ...] = ()
    stage: int = 0
    """Steps of a stage are sent when those of all earlier stages are."""

    def told(self) -> Told:
        """The row, when all went well."""
        return Told(self.happened, self.line, self.name, self.notes)

    def refused(self, what: str, right: str = "") -> Told:
        """The row, when the service refused it."""
        return refused(self.line, self.name, Problem(self.line, "", what, right))


def refused(line: int, name: str, *problems: Problem) -> Told:
    """A row that cannot be what it says."""
    return Told("refused", line, name, problems=problems)
