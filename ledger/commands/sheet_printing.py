"""What is told of a spreadsheet's rows, as they are settled: a line each for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Protocol

from ledger.bulk.importing import Outcome
from ledger.bulk.steps import Happened, Told
from ledger.commands import printing

_ORDER: Final[tuple[Happened, ...]] = ("open", "create", "change", "withdraw", "unchanged", "refused", "missing")


class ToldRows(Protocol):
    """Whoever tells of rows."""

    def tell(self, told: Told) -> None:
        """One row is settled."""

    def end(self, outcome: Outcome, notes: Sequence[str]) -> None:
        """All are; `notes` are about the file."""


class PrintedRows:
    """A line a row; unchanged ones are only counted, unless there is something to say of them or all are asked for."""

    def __init__(self, *, all_rows: bool) -> None:
        self._all_rows = all_rows

    def tell(self, told: Told) -> None:
        # Plain print: of hundreds of thousands of lines a console that looks for markup takes longer than the import.
        if told.happened == "unchanged" and not told.notes and not self._all_rows:
            return
        where = f"line {told.line}" if told.line else "no line"
        if told.happened == "refused":
            for problem in told.problems:
                print(f"{where:10}  refused    {problem}")
        else:
            why = f": {', '.join(told.notes)}" if told.notes else ""
            print(f"{where:10}  {told.happened:9}  {told.name}{why}")

    def end(self, outcome: Outcome, notes: Sequence[str]) -> None:
        for note in notes:
            printing.remarks.print(note, markup=False)
        counted = ", ".join(f"{outcome.counts[what]:,} {what}" for what in _ORDER)
        print(f"{counted}{'' if outcome.sent else '; nothing was sent'}")


class JsonRows:
    """One document, written row by row: {"rows": […], "counts": {…}, "sent": …, "positions": […], "notes": […]}."""

    def __init__(self) -> None:
        self._rows = 0

    def tell(self, told: Told) -> None:
        row = {
            "line": told.line or None,
            "action": told.happened,
            "name": told.name or None,
            "notes": told.notes,
            "problems": [
                {"column": one.column or None, "what": one.what, "right": one.right or None} for one in told.problems
            ],
        }
        print("," if self._rows else '{"rows": [', json.dumps(row, ensure_ascii=False), sep="\n" if self._rows else "")
        self._rows += 1

    def end(self, outcome: Outcome, notes: Sequence[str]) -> None:
        ending = {
            "counts": {what: outcome.counts[what] for what in _ORDER},
            "sent": outcome.sent,
            "positions": printing.positions_json(outcome.positions),
            "notes": list(notes),
        }
        print("" if self._rows else '{"rows": [', "], ", json.dumps(ending, ensure_ascii=False)[1:], sep="")
