"""A whole file: every row checked, then the commands sent that were made of them; then what only the ledger has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice

from ledger.bulk.kind import Kind
from ledger.bulk.records import PAGE_RECORDS_MAX
from ledger.bulk.spool import Spool, opened_spool
from ledger.bulk.steps import Happened, Step, Told, refused
from ledger.patient_client import all_of
from ledger.sheets.rows import FileUnreadable, Line, Problem
from ledger.sheets.table import Table
from volunteer_hours.v1.positions_pb2 import Position


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who typed the command asked for."""

    dry_run: bool = False
    continue_on_error: bool = False


@dataclass(slots=True)
class Outcome:
    """What an import did, or would do."""

    counts: Counter[Happened] = field(default_factory=Counter)
    sent: bool = False
    """False: it was a dry run, or a row was refused before anything was sent."""
    positions: list[Position] = field(default_factory=list)
    """Ask with these to see all that was sent."""


class BulkImport:
    """One import of one file."""

    def __init__(
        self,
        kind: Kind,
        table: Table,
        wishes: Wishes,
        *,
        tell: Callable[[Told], None],
        checked: Callable[[int], None] = lambda _: None,
        sent: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        """`tell`: every row as it is settled; `checked`: rows more; `sent`: rows more, and how many there are."""
        self._kind = kind
        self._table = table
        self._wishes = wishes
        self._tell_person = tell
        self._checked = checked
        self._sent = sent
        self._outcome = Outcome()
        self._planned: Counter[Happened] = Counter()
        self._readable = True

    async def run(self) -> Outcome:
        """Do all of it. Raises grpc.RpcError.

        An import that was broken off is simply run again: what is in the ledger already is unchanged then.
        """
        wishes, outcome = self._wishes, self._outcome
        with ExitStack() as stack:
            spools = _Stages(stack)
            await self._check(spools)
            outcome.sent = not wishes.dry_run and (wishes.continue_on_error or not outcome.counts["refused"])
            if outcome.sent:
                for spool in spools.in_order():
                    await self._send(spool, spools.steps)
            else:
                outcome.counts += self._planned
        if self._readable:
            async for told in self._kind.missing():
                self._tell(told)
        return outcome

    async def _check(self, spools: _Stages) -> None:
        lines = self._safely(self._table.lines())
        while page := list(islice(lines, PAGE_RECORDS_MAX)):
            readable = [line for line in page if isinstance(line, Line)]
            for one in page:
                if not isinstance(one, Line):
                    self._tell(refused(one.line, "", one))
            self._keep(await self._kind.check(readable), spools)
            self._checked(len(page))
        async for settled in self._kind.rest():
            self._keep(settled, spools)

    def _keep(self, settled: Sequence[Step | Told], spools: _Stages) -> None:
        steps = [one for one in settled if isinstance(one, Step)]
        for one in settled:
            if isinstance(one, Step):
                self._planned[one.happened] += 1
                if self._wishes.dry_run:
                    self._tell_person(one.told())
            else:
                self._tell(one)
        spools.add(steps)

    def _safely(self, lines: Iterator[Line | Problem]) -> Iterator[Line | Problem]:
        """The lines until the file cannot be read on: that is its line's error, and the last."""
        try:
            yield from lines
        except FileUnreadable as error:
            self._readable = False
            yield Problem(error.line, "", f"{error.what}; nothing after it was read", error.right)

    async def _send(self, spool: Spool, steps: int) -> None:
        pages = spool.pages()

        async def work() -> None:
            for page in pages:
                for told in await self._kind.send(page):
                    self._tell(told)
                self._sent(len(page), steps)

        await all_of(work() for _ in range(self._kind.pages_at_once))

    def _tell(self, told: Told) -> None:
        self._outcome.counts[told.happened] += 1
        self._tell_person(told)


class _Stages:
    """A spool for each stage: what a later one needs is there before it is sent."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._spools: dict[int, Spool] = {}
        self.steps = 0

    def add(self, steps: Sequence[Step]) -> None:
        """Keep steps of any stages, in pages of no more than a page of commands takes."""
        self.steps += len(steps)
        for stage in sorted({step.stage for step in steps}):
            if stage not in self._spools:
                self._spools[stage] = self._stack.enter_context(opened_spool())
            self._spools[stage].add([step for step in steps if step.stage == stage])

    def in_order(self) -> Iterator[Spool]:
        """The first stage first."""
        for stage in sorted(self._spools):
            yield self._spools[stage]
