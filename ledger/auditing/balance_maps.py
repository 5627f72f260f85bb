"""Check: the balance map follows from the stored events, by the public functions that a stranger uses too.

Every balance, page and root of it is made anew beside the walk by position and compared as they stand in the database.
It keeps some 300 bytes a holder in memory, the only pass that keeps anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.auditing.stored_page import AuditedEvent, StoredPage
from ledger.transparency.account_balance import read_balance
from ledger.transparency.balance_map import updated
from ledger.transparency.balances_note import BalancesNote, parse_balances_note
from ledger.transparency.entry_chain import Entry
from ledger.transparency.failures import EntryCannotFollow, Malformed, TransparencyFailure
from ledger.transparency.log_balances import LogPartition, balances_after, entries_by_key
from ledger.transparency.map_hash import EMPTY
from ledger.transparency.signed_note import parse_note
from ledger.transparency.tree_hash import Frontier, leaf_hashes
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify_balances_note import verify_balances_note

ROOTS: Final = "map roots"
PAGES: Final = "map pages"
BALANCES: Final = "map balances"
NOTES: Final = "log balances"
_ROOT: Final = "select size, root from map_roots where partition = %b"
_NOTE: Final = "select size, note from log_balances where partition = %b"
_PAGES: Final = "select path, page from map_pages where partition = %b order by path"
_BALANCES: Final = "select key, balance from map_balances where partition = %b order by key"
ROWS_TOGETHER: Final = 2_000
_FIELDS: Final = (
    "claimed_seconds",
    "attended_seconds",
    "verified_seconds",
    "disputed_seconds",
    "withheld_seconds",
    "reversed_seconds",
    "entry_count",
    "head",
)


class BalanceMapCheck:
    """The map of one partition, made anew up to the size that the rows say."""

    def __init__(
        self, store: Database, log: LogPartition, head: int, policy: TrustPolicy | None, report: Report
    ) -> None:
        """`policy` is the one for the log's checkpoints; None: signatures are not looked at."""
        self._store = store
        self._log = log
        self._policy = policy
        self._report = report
        self._pages = _Pages()
        self._balances: dict[bytes, bytes] = {}
        self._root = EMPTY
        self._size = 0
        self._frontier = Frontier()
        self._is_understood = True
        row = store.cursor(binary=True).execute(_ROOT, (log.partition,)).fetchone()
        self._goal, self._held_root = (0, EMPTY) if row is None else (int(row[0]), bytes(row[1]))
        if self._goal > head:
            where = Where(ROOTS, log.partition, head + 1)
            report.differs(where, "size", f"at most {head}, where the store ends", self._goal)
            self._goal = 0

    def page(self, page: StoredPage) -> None:
        """Grow by those of these events that are mapped."""
        self._grow([event for event in page.events if self._size < event.position <= self._goal])

    def end(self) -> None:
        """Everything that is kept of the map, beside what was made."""
        if self._is_understood:
            where = Where(ROOTS, self._log.partition, self._goal or None)
            self._report.compare(where, {"root": self._root}, {"root": self._held_root})
            self._compare_note()
            self._compare_pages()
            self._compare_balances()
        told = f"balances of positions 1..{self._goal} are mapped" if self._goal else "no balances are mapped yet"
        self._report.note(f"log, partition {self._log.partition}: {told}")

    def _grow(self, events: list[AuditedEvent]) -> None:
        if not events or not self._is_understood:
            return
        entries: dict[bytes, list[Entry]] = {}
        try:
            for event in events:
                for key, moved in entries_by_key(self._log, event.position - 1, [event.body]).items():
                    entries.setdefault(key, []).extend(moved)
                self._size = event.position
            self._frontier = self._frontier.extended(leaf_hashes([event.body for event in events]))
            held = {key: read_balance(self._balances[key]) for key in entries if key in self._balances}
            changed = balances_after(entries, held)
        except Malformed as failure:
            # Balances behind an event that is not understood, or that takes too much, would be guesses.
            self._is_understood = False
            # Entries are added up once the whole page was read: that failure says itself which of its events it is.
            position = failure.position if isinstance(failure, EntryCannotFollow) else self._size + 1
            where = Where("store events", self._log.partition, position)
            self._report.differs(where, "entries", "those of an event that can follow", failure)
            return
        update = updated(self._pages, self._root, {key: balance.value() for key, balance in changed.items()})
        self._pages.held.update(update.pages)
        self._root = update.root
        self._balances |= {key: balance.to_bytes() for key, balance in changed.items()}

    def _compare_note(self) -> None:
        row = self._store.cursor(binary=True).execute(_NOTE, (self._log.partition,)).fetchone()
        if row is None:
            return  # in the middle of making a map anew there is none
        where = Where(NOTES, self._log.partition, self._goal or None)
        log = self._log
        expected = {
            "size": self._goal,
            "map root": self._root,
            "log root": self._frontier.root(),
            "partition": log.partition,
            "partitions": log.partitions,
        }
        self._report.compare(where, {"size": self._goal}, {"size": int(row[0])})
        try:
            told = self._read_note(bytes(row[1]))
        except TransparencyFailure as failure:
            self._report.differs(where, "note", "a signed note", failure)
            return
        found = (told.size, told.map_root, told.log_root, told.partition, told.partitions)
        self._report.compare(where, expected, dict(zip(expected, found, strict=True)))

    def _read_note(self, data: bytes) -> BalancesNote:
        if self._policy is not None:
            return verify_balances_note(data, self._policy).note
        return parse_balances_note(parse_note(data).text)

    def _compare_pages(self) -> None:
        missing = set(self._pages.held)
        for path, page in self._rows(_PAGES):
            missing.discard(path)
            expected = self._pages.held.get(path)
            if expected != page:
                self._report.differs(self._where(PAGES, f"path {path!r}"), "page", expected or "none", page)
        for path in sorted(missing):
            self._report.differs(self._where(PAGES, f"path {path!r}"), "row", "there", "missing")

    def _compare_balances(self) -> None:
        missing = set(self._balances)
        for key, balance in self._rows(_BALANCES):
            missing.discard(key)
            where = self._where(BALANCES, f"key {bytes(key).hex()}")
            if key not in self._balances:
                self._report.differs(where, "row", "none: no event moves hours of such a holder", "there")
            elif balance != self._balances[key]:
                self._report.compare(where, _told(self._balances[key]), _told(balance))
        for key in sorted(missing):
            self._report.differs(self._where(BALANCES, f"key {key.hex()}"), "row", "there", "missing")

    def _where(self, place: str, row: str) -> Where:
        return Where(place, self._log.partition, self._goal or None, row)

    def _rows(self, query: LiteralString) -> Iterator[tuple[Any, bytes]]:
        with self._store.cursor(f"map_{self._log.partition}", binary=True) as cursor:
            cursor.itersize = ROWS_TOGETHER
            for name, data in cursor.execute(query, (self._log.partition,)):
                yield name, bytes(data)


class _Pages:
    """A NodeStore that shows what it holds."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        return {path: self.held[path] for path in paths if path in self.held}


def check_no_stranger(store: Database, partitions: int, report: Report) -> None:
    """Nothing is mapped in a partition that the ledger has not."""
    for place in (ROOTS, PAGES, BALANCES, NOTES):
        query = "select min(partition), max(partition) from " + place.replace(" ", "_")
        row = store.execute(query.encode()).fetchone()
        for partition in {one for one in row or () if one is not None and not 0 <= one < partitions}:
            report.differs(Where(place, partition), "partition", f"0 to {partitions - 1}", partition)


def _told(balance: bytes) -> dict[str, object]:
    try:
        told = read_balance(balance)
    except Malformed:
        return {"balance": balance}
    return {**dict(zip(_FIELDS, (*told.seconds, told.entry_count, told.head), strict=True)), "balance": balance}
