"""The balance map as its newest note says it: notes, and what it proves of one holder.

One statement is one snapshot: note, pages and balance belong together, whatever the keeper writes meanwhile. What goes
out was checked against the note first, so a damaged row becomes an error here, never a wrong proof.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NoReturn, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.transparency.account_balance import AccountBalance, read_balance
from ledger.transparency.balance_map import PageBroken
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import BalancesNote, parse_balances_note
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.holder_key import account_key, partition_of_holder
from ledger.transparency.signed_note import parse_note
from ledger.transparency.verify_balance import BalanceVerdict, verify_balance_proof

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

DIGITS_READ: Final = 12
"""Pages on the way to a key that are read at once: more than any number of holders fills."""
WAIT_SECONDS: Final = 0.1
_WAIT_SECONDS_MAX: Final = 10.0
_NOTE: Final = "select size, note from log_balances where partition = %b"
_MAPPED: Final = """
    select told.size, told.note,
        array(select key from map_balances where partition = told.partition and key = any(%(keys)b) order by key),
        array(select balance from map_balances where partition = told.partition and key = any(%(keys)b) order by key),
        array(select path from map_pages where partition = told.partition and path = any(%(paths)b) order by path),
        array(select page from map_pages where partition = told.partition and path = any(%(paths)b) order by path)
    from log_balances as told where told.partition = %(partition)b
"""


@dataclass(frozen=True, slots=True)
class ProvenBalance:
    """All the hours of a holder under a note, and the bytes that show it."""

    partition: int
    verdict: BalanceVerdict
    proof: bytes
    note: bytes
    """The signed balances note, verbatim."""


class MapReader:
    """Reads the maps of all partitions."""

    def __init__(self, pool: Pool, partitions: int) -> None:
        """`pool` reaches the event store under a role that may read the map."""
        self._pool = pool
        self._partitions = partitions

    async def note(self, partition: int) -> bytes:
        """The newest signed balances note. Refuses POSITION_UNKNOWN and LOG_NOT_KEPT."""
        if not 0 <= partition < self._partitions:
            refuse(Reason.POSITION_UNKNOWN, partition=partition, partition_max=self._partitions - 1)
        return (await self._told(partition))[1]

    async def balance_proof(self, holder: str, size_min: int, seconds_left: float | None) -> ProvenBalance:
        """As `balance_proofs`, of one holder."""
        partition = partition_of_holder(holder, self._partitions)
        return (await self.balance_proofs(partition, [holder], size_min, seconds_left))[0]

    async def balance_proofs(
        self, partition: int, holders: Sequence[str], size_min: int, seconds_left: float | None
    ) -> list[ProvenBalance]:
        """What the newest map proves of holders of one partition; one that covers `size_min` positions is waited for.

        Refuses LOG_NOT_KEPT, and NOT_IN_LOG_YET when the time is over. Raises InvariantBroken for damaged rows.
        """
        await self._wait_for(partition, size_min, seconds_left)
        keys = [account_key(holder) for holder in holders]
        paths = set(chain.from_iterable(map(_prefixes, keys)))
        while True:
            row = await self._row(_MAPPED, {"partition": partition, "keys": keys, "paths": list(paths)})
            if row is None:
                _refuse_not_kept(partition)
            pages = _PagesAtHand(dict(zip(row[4], row[5], strict=True)), paths)
            balances = _BalancesAtHand(dict(zip(row[2], row[3], strict=True)))
            proven, wanted = list[ProvenBalance](), set[str]()
            for holder in holders:
                try:
                    proven.append(_proven(partition, holder, row[1], pages, balances))
                except _PagesWanted as more:
                    wanted.update(more.paths)
                except TransparencyFailure as broken:
                    raise InvariantBroken(f"partition {partition}: the balance map is damaged: {broken}") from broken
            if not wanted:
                return proven
            paths |= wanted

    async def _wait_for(self, partition: int, size_min: int, seconds_left: float | None) -> None:
        until = time.monotonic() + min(_WAIT_SECONDS_MAX, seconds_left or _WAIT_SECONDS_MAX) - WAIT_SECONDS
        while size_min:
            row = await self._row(_NOTE, (partition,))
            if row is not None and row[0] >= size_min:
                return
            if time.monotonic() >= until:
                if row is None:
                    _refuse_not_kept(partition)
                refuse(Reason.NOT_IN_LOG_YET, partition=partition, position=size_min, size=row[0])
            await asyncio.sleep(WAIT_SECONDS)

    async def _told(self, partition: int) -> tuple[int, bytes]:
        row = await self._row(_NOTE, (partition,))
        if row is None:
            _refuse_not_kept(partition)
        return row[0], row[1]

    async def _row(self, statement: str, parameters: Mapping[str, object] | Sequence[object]) -> tuple[Any, ...] | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), parameters, binary=True)
            row: tuple[Any, ...] | None = await cursor.fetchone()
            return row


class _PagesWanted(Exception):
    """The way leads to pages that were not read: a lone leaf lies beside the pages of the key's own digits."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(paths)
        self.paths = paths


@dataclass(frozen=True, slots=True)
class _PagesAtHand:
    held: Mapping[str, bytes]
    asked: Set[str]

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        if wanted := [path for path in paths if path not in self.asked and self._may_exist(path)]:
            raise _PagesWanted(wanted)
        return {path: self.held[path] for path in paths if path in self.held}

    def _may_exist(self, path: str) -> bool:
        """A page hangs from the one above it: below the deepest that was asked for there is none without that one."""
        return len(path) <= DIGITS_READ or path[:DIGITS_READ] in self.held


@dataclass(frozen=True, slots=True)
class _BalancesAtHand:
    held: Mapping[bytes, bytes]

    def balance(self, key: bytes) -> AccountBalance:
        kept = self.held.get(key)
        if kept is None:
            raise PageBroken(f"the balance of the holder with key {key.hex()} is missing")
        return read_balance(kept)


def _proven(partition: int, holder: str, note: bytes, pages: _PagesAtHand, balances: _BalancesAtHand) -> ProvenBalance:
    told = _note_read(note)
    proof = prove_balance(pages, balances, told.map_root, holder).to_bytes()
    return ProvenBalance(partition, verify_balance_proof(proof, holder, told), proof, note)


@lru_cache(16)
def _note_read(note: bytes) -> BalancesNote:
    """Until the next one is signed, everybody's proof leads to the same note."""
    return parse_balances_note(parse_note(note).text)


def _prefixes(key: bytes) -> list[str]:
    digits = key.hex()
    return [digits[:length] for length in range(DIGITS_READ + 1)]


def _refuse_not_kept(partition: int) -> NoReturn:
    refuse(Reason.LOG_NOT_KEPT, partition=partition)
