"""What every format does: take batches, and end with what the file says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from ledger.saving.cells import day_text, hours_text, moment_text
from ledger.saving.columns import About, Batch, Coded, Column, Kind

FORMAT_VERSION: Final = 1


class TableFile(Protocol):
    """A file that is being written. Memory does not grow with what is written."""

    def write(self, batch: Batch) -> None:
        """Add rows."""
        ...

    def finish(self, about: About) -> None:
        """Nothing comes after: write what stands at the end."""
        ...

    def abandon(self) -> None:
        """It will never be whole: leave nothing behind but what was written to its own place."""
        ...


def about_json(about: About) -> str:
    """As docs/out.md says: one JSON object."""
    through = about.basis.recorded_through
    told = {
        "kind": about.kind,
        "format_version": FORMAT_VERSION,
        "question": about.question,
        "positions": [{"partition": partition, "position": position} for partition, position in about.basis.positions],
        "recorded_through": None if through is None else moment_text(through),
        "rows": about.rows,
    }
    return json.dumps(told, ensure_ascii=False)


def plain_texts(batch: Batch, column: Column) -> Sequence[str]:
    """The values of a column as texts; empty where there is none."""
    if column.kind is Kind.TEXT:
        texts = batch.text(column)
        return [texts.values[index] for index in texts.indexes] if isinstance(texts, Coded) else texts
    write = _WRITTEN[column.kind]
    return ["" if value is None else write(value) for value in batch.number(column)]


def _flag(value: int) -> str:
    return "true" if value else "false"


_WRITTEN: Final[Mapping[Kind, Callable[[int], str]]] = {
    Kind.WHOLE: str,
    Kind.SECONDS: str,
    Kind.HOURS: hours_text,
    Kind.DAY: day_text,
    Kind.MOMENT: moment_text,
    Kind.FLAG: _flag,
}
