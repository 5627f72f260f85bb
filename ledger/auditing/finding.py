"""What an audit found: a finding contradicts the events, a note only tells what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

FINDINGS_KEPT_MAX: Final = 200
"""Of one place: a place that is all wrong must not hide what is wrong elsewhere."""
SHOWN_MAX: Final = 160
REASON_SHOWN_MAX: Final = 2_000
"""Of a failure's own words: their end says why, and is what the reader needs."""


@dataclass(frozen=True, slots=True)
class Where:
    """The row or record that is looked at."""

    place: str
    """`store events`, `topic`, `projection balances`: the place and its table."""
    partition: int | None = None
    position: int | None = None
    """Of the event it comes from; where several make one row, of the last of them."""
    row: str = ""
    """Its key, where a position alone does not name it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what is there and what the events say."""

    where: Where
    field: str
    expected: str
    found: str

    def line(self) -> str:
        """For people."""
        where = self.where
        parts = [where.place]
        if where.partition is not None:
            parts.append(f"partition {where.partition}")
        if where.position is not None:
            parts.append(f"position {where.position}")
        if where.row:
            parts.append(shown(where.row))
        return f"{', '.join(parts)}: {self.field} is {self.found}, expected {self.expected}"

    def plain(self) -> dict[str, object]:
        """For machines."""
        where = self.where
        return {
            "place": where.place,
            "partition": where.partition,
            "position": where.position,
            "row": where.row,
            "field": self.field,
            "expected": self.expected,
            "found": self.found,
        }


@dataclass(slots=True)
class Report:
    """Everything found; of very many findings the first of each place are kept and all are counted."""

    findings: list[Finding] = field(default_factory=list)
    by_place: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All findings, kept or not."""
        return self.by_place.total()

    def differs(self, where: Where, name: str, expected: object, found: object) -> None:
        """Add a finding."""
        self.by_place[where.place] += 1
        if self.by_place[where.place] <= FINDINGS_KEPT_MAX:
            self.findings.append(Finding(where, name, shown(expected), shown(found)))

    def note(self, text: str) -> None:
        """Add a note."""
        self.notes.append(text)

    def compare(self, where: Where, expected: Mapping[str, object], found: Mapping[str, object] | None) -> None:
        """A finding for every field that differs; one for the whole row if it is not there."""
        if found is None:
            self.differs(where, "row", "there", "missing")
            return
        for name, value in expected.items():
            if found.get(name) != value:
                self.differs(where, name, value, found.get(name))


def shown(value: object) -> str:
    """A value in a report: whole if it is short, its beginning if not; a failure by its message, with its reason."""
    text = _text(value)
    if not text.isprintable():  # a terminal would obey it
        text = repr(text)
    shown_max = REASON_SHOWN_MAX if isinstance(value, Exception) else SHOWN_MAX
    return text if len(text) <= shown_max else f"{text[:shown_max]}… ({len(text)} characters)"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, str | Exception) else repr(value)
