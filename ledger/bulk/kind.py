"""What an import of any kind of spreadsheet is made of; `importing` runs them all alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ledger.bulk.asking import Questions
from ledger.bulk.refusals import Words
from ledger.bulk.seen_rows import SeenRows
from ledger.bulk.sending import Commands
from ledger.bulk.steps import Step, Told
from ledger.sheets.mapping import SheetMapping
from ledger.sheets.rows import Line


@dataclass(frozen=True, slots=True)
class Import:
    """What every part of one import shares."""

    mapping: SheetMapping
    file_time: datetime
    """When the file was last written: the source time of rows that name none."""
    questions: Questions
    commands: Commands
    seen: SeenRows
    words: Words

    def column(self, field: str) -> str:
        """The header over a field, as the file spells it; the field's own name where a default stands for it."""
        return self.mapping.columns.get(field, field)


class RowByRow:
    """A kind whose rows are decided one by one, and that misses nothing that a file has not."""

    async def rest(self) -> AsyncIterator[Sequence[Step | Told]]:
        nothing: tuple[Sequence[Step | Told], ...] = ()
        for page in nothing:
            yield page

    async def missing(self) -> AsyncIterator[Told]:
        nothing: tuple[Told, ...] = ()
        for told in nothing:
            yield told


class Kind(Protocol):
    """One kind of spreadsheet. Every method raises grpc.RpcError for what is no row's own."""

    @property
    def pages_at_once(self) -> int:
        """How many pages are sent at once; 1: rows are sent in their order."""

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        """What each row asks for, beside what the ledger has of it; a Told is settled: unchanged or refused."""

    def rest(self) -> AsyncIterator[Sequence[Step | Told]]:
        """What could only be decided when every row was read."""

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        """Carry out a page of steps, which may be under way beside others."""

    def missing(self) -> AsyncIterator[Told]:
        """What the ledger has of this system, at the shifts of the file, and the file has not."""
