"""A whole file: every row checked and compared, then sent, or only told; then what the file has no more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, TypeAlias

import grpc

from ledger.feeds.cells import Problem
from ledger.feeds.comparing import Plan, close_request, compare
from ledger.feeds.mapping import Mapping
from ledger.feeds.reading import BrokenRow, FeedFile, FeedUnreadable, Row
from ledger.feeds.rows import Refused, Wanted, wanted_of
from ledger.feeds.seen_rows import SeenRows
from ledger.feeds.sending import FeedService
from volunteer_hours.v1.resources_pb2 import Opportunity

ROWS_AT_ONCE: Final = 128
Happened: TypeAlias = Literal["create", "update", "close", "unchanged", "refused", "missing"]


class FileChanged(Exception):
    """The file is not what was checked a moment ago: nothing more is sent."""


@dataclass(frozen=True, slots=True)
class Told:
    """What happens, or happened, for one row; or for an opportunity that has none any more."""

    happened: Happened
    line: int = 0
    """0: not in the file."""
    name: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who typed the command asked for."""

    organization: str
    dry_run: bool = False
    continue_on_error: bool = False
    close_missing: bool = False
    close_many: bool = False


@dataclass(slots=True)
class Outcome:
    """What an import did, or would do."""

    counts: Counter[Happened] = field(default_factory=Counter)
    sent: bool = False
    """False: nothing was sent, for it was a dry run or a row was refused before."""
    not_closed: str = ""
    """Why nothing was closed although --close-missing was asked for."""


class FeedImport:
    """One import of one file."""

    def __init__(
        self,
        service: FeedService,
        file: FeedFile,
        mapping: Mapping,
        wishes: Wishes,
        *,
        tell: Callable[[Told], None],
        explain: Callable[[grpc.aio.AioRpcError], str],
        read: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`tell` is called for every row as it is settled, `read` with the bytes read since the last call."""
        self._service = service
        self._file = file
        self._mapping = mapping
        self._wishes = wishes
        self._file_time = file.written_at
        self._tell_person = tell
        self._explain = explain
        self._read = read
        self._outcome = Outcome()
        self._readable = True

    async def run(self) -> Outcome:
        """Do all of it. Raises grpc.RpcError, FileChanged.

        An import that was broken off is simply run again: what is in the ledger already is unchanged then.
        """
        wishes = self._wishes
        await self._service.check_offering(wishes.organization)
        with SeenRows() as seen:
            async for opportunity in self._service.listed(wishes.organization, self._mapping.feed):
                seen.keep_listed(opportunity)
            if wishes.dry_run or wishes.continue_on_error:
                self._outcome.sent = not wishes.dry_run
                await self._pass(seen, send=self._outcome.sent, tell=True)
            else:
                await self._pass(seen, send=False, tell=False)
                if not self._outcome.counts["refused"]:
                    self._outcome = Outcome(sent=True)
                    await self._pass(seen, send=True, tell=True, checked=True)
            if self._readable:
                await self._missing(seen)
        return self._outcome

    async def _pass(self, seen: SeenRows, *, send: bool, tell: bool, checked: bool = False) -> None:
        rows = self._file.rows()
        read_bytes = count = 0
        while some := list(self._safely(islice(rows, ROWS_AT_ONCE))):
            wanted = [self._wanted(row, seen, checked) for row in some]
            for told in await asyncio.gather(*(self._settle(one, seen, send) for one in wanted)):
                if told.happened == "unchanged" and not told.notes:
                    seen.mark_unchanged(told.name)
                self._tell(told, aloud=tell or told.happened == "refused")
            self._read(self._file.bytes_read - read_bytes)
            read_bytes, count = self._file.bytes_read, count + len(some)
        if checked and count != len(seen):
            raise FileChanged(f"the file had {len(seen):,} rows when it was checked, and has {count:,} now")

    def _safely(self, rows: Iterable[Row | BrokenRow]) -> Iterator[Row | BrokenRow]:
        """The rows until one cannot be read; that is told as its line's error, and the last."""
        try:
            yield from rows
        except FeedUnreadable as error:
            self._readable = False
            yield BrokenRow(error.line, f"{str(error).partition(': ')[2]}; nothing after it was read")

    def _wanted(self, row: Row | BrokenRow, seen: SeenRows, checked: bool) -> Wanted | Refused:
        if isinstance(row, BrokenRow):
            wanted: Wanted | Refused = Refused(row.line, (Problem("", row.what),))
        else:
            wanted = wanted_of(row, self._mapping, self._wishes.organization, self._file_time)
        if checked:
            if isinstance(wanted, Refused) or not seen.is_same(wanted.name, wanted.line, wanted.digest):
                raise FileChanged(f"line {row.line} is not what it was when the file was checked")
            return wanted
        # A row that is refused is in the file, too: what it names is not missing.
        digest = wanted.digest if isinstance(wanted, Wanted) else b""
        before = seen.add(wanted.name, wanted.line, digest) if wanted.name else None
        if before is None:
            return wanted
        problem = Problem(self._mapping.columns.id, f"the id stands in line {before} already: it names one row")
        earlier = wanted.problems if isinstance(wanted, Refused) else ()
        return Refused(wanted.line, (problem, *earlier), wanted.name)

    async def _settle(self, wanted: Wanted | Refused, seen: SeenRows, send: bool) -> Told:
        if isinstance(wanted, Refused):
            return Told("refused", wanted.line, wanted.name, problems=wanted.problems)
        if seen.is_unchanged(wanted.name):
            return Told("unchanged", wanted.line, wanted.name)
        listed = seen.listed(wanted.name)
        plan = await self._compared(wanted, listed)
        if send and listed is not None and isinstance(plan, Plan) and plan.requests:
            # What is overwritten is compared with what stands there now: a page of the list is minutes old.
            plan = await self._compared(wanted)
        if isinstance(plan, Refused):
            return Told("refused", wanted.line, wanted.name, problems=plan.problems)
        return await self._carry_out(plan, send)

    async def _compared(self, wanted: Wanted, listed: Opportunity | None = None) -> Plan | Refused:
        return compare(wanted, await self._service.present(wanted.name, listed), self._mapping)

    async def _carry_out(self, plan: Plan, send: bool) -> Told:
        if send and plan.requests:
            refusal = await self._service.send(plan.requests)
            if refusal is not None:
                return Told("refused", plan.line, plan.name, problems=(Problem("", self._explain(refusal)),))
        return Told(plan.action, plan.line, plan.name, plan.changes, plan.notes)

    async def _missing(self, seen: SeenRows) -> None:
        """What earlier files had. Nothing is known of it after a file that could not be read, or was refused."""
        wishes, outcome = self._wishes, self._outcome
        open_count = missing_count = 0
        async for opportunity in self._service.published(wishes.organization, self._mapping.feed):
            open_count += 1
            missing_count += not seen.has(opportunity.name)
        if not missing_count:
            return
        close = wishes.close_missing and outcome.sent
        if close and (why := self._why_not_close(len(seen), missing_count, open_count)):
            outcome.not_closed, close = why, False
        async for opportunity in self._service.published(wishes.organization, self._mapping.feed):
            if not seen.has(opportunity.name):
                self._tell(await self._gone(opportunity, close))

    def _why_not_close(self, rows: int, missing: int, open_count: int) -> str:
        if self._outcome.counts["refused"]:
            return "rows were refused: what is missing may be among them"
        if not rows:
            return "the file has no row at all"
        if 2 * missing > open_count and not self._wishes.close_many:
            return f"{missing:,} of {open_count:,} would go: is the file cut off? If not, say --close-many"
        return ""

    async def _gone(self, opportunity: Opportunity, close: bool) -> Told:
        if not close:
            return Told("missing", name=opportunity.name)
        source = opportunity.imported_from
        request = close_request(source.system, source.record_id, opportunity.name)
        return await self._carry_out(Plan(0, opportunity.name, "close", (request,), notes=("not in the file",)), True)

    def _tell(self, told: Told, *, aloud: bool = True) -> None:
        self._outcome.counts[told.happened] += 1
        if aloud:
            self._tell_person(told)
