"""A change that must meet exactly one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import ReadDatabase


def change_one(connection: ReadDatabase, statement: LiteralString, parameters: Sequence[object]) -> None:
    """Run an insert or update. Raises InvariantBroken if it met no row: the event it comes from had no predecessor."""
    if connection.execute(statement, parameters).rowcount != 1:
        raise InvariantBroken(f"no row to change for {parameters[-1]!r}: the event that should have made it is missing")
