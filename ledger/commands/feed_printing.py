"""What is told of a feed's rows, as they are settled: a line each for people, one JSON document for programs."""

from __future__ import annotations

import json
from typing import Final, Protocol

from ledger.commands import printing
from ledger.feeds.importing import Happened, Outcome, Told

_ORDER: Final[tuple[Happened, ...]] = ("create", "update", "close", "unchanged", "refused", "missing")


class ToldRows(Protocol):
    """Whoever tells of rows."""

    def tell(self, told: Told) -> None:
        """One row is settled."""

    def end(self, outcome: Outcome) -> None:
        """All are."""


class PrintedRows:
    """A line a row; rows that are unchanged are only counted, unless all are asked for."""

    def __init__(self, *, all_rows: bool) -> None:
        self._all_rows = all_rows

    def tell(self, told: Told) -> None:
        if told.happened == "unchanged" and not told.notes and not self._all_rows:
            return
        where = f"line {told.line}" if told.line else "no line"
        why = [str(problem) for problem in told.problems] or [*told.changes, *told.notes]
        text = f"{where:10}  {told.happened:9}  {told.name}"
        if told.happened == "refused":
            for one in why:
                printing.out.print(f"{where:10}  refused    {one}", markup=False)
        else:
            printing.out.print(f"{text}: {', '.join(why)}" if why else text, markup=False)

    def end(self, outcome: Outcome) -> None:
        counted = ", ".join(f"{outcome.counts[what]:,} {what}" for what in _ORDER)
        printing.out.print(f"{counted}{'' if outcome.sent else '; nothing was sent'}", markup=False)


class JsonRows:
    """One document, written row by row: {"rows": […], "counts": {…}, "sent": …}."""

    def __init__(self) -> None:
        self._rows = 0

    def tell(self, told: Told) -> None:
        row = {
            "line": told.line or None,
            "action": told.happened,
            "opportunity": told.name or None,
            "changes": told.changes,
            "notes": told.notes,
            "problems": [{"column": one.column or None, "what": one.what} for one in told.problems],
        }
        print("," if self._rows else '{"rows": [', json.dumps(row, ensure_ascii=False), sep="\n" if self._rows else "")
        self._rows += 1

    def end(self, outcome: Outcome) -> None:
        ending = {"counts": {what: outcome.counts[what] for what in _ORDER}, "sent": outcome.sent}
        if outcome.not_closed:
            ending["not_closed"] = outcome.not_closed
        print("" if self._rows else '{"rows": [', "], ", json.dumps(ending, ensure_ascii=False)[1:], sep="")
