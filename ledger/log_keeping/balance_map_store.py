"""The balance map of one partition in the event store's database, as role ledger_log_keeper.

One state is kept, not a history of them: pages, balances, root and note change together in one transaction, so whoever
reads in one snapshot finds what was signed, whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.tile_store import Connection
from ledger.transparency.account_balance import AccountBalance, read_balance

_STATE: Final = "select size, root from map_roots where partition = %b"
_NOTE: Final = "select size, note from log_balances where partition = %b"
_PAGES: Final = "select path, page from map_pages where partition = %b and path = any(%b::text[])"
_BALANCES: Final = "select key, balance from map_balances where partition = %b and key = any(%b::bytea[])"
_WRITE_PAGES: Final = """
    insert into map_pages (partition, path, page)
    select %b, path, page from unnest(%b::text[], %b::bytea[]) as given (path, page)
    on conflict (partition, path) do update set page = excluded.page
"""
_WRITE_BALANCES: Final = """
    insert into map_balances (partition, key, balance)
    select %b, key, balance from unnest(%b::bytea[], %b::bytea[]) as given (key, balance)
    on conflict (partition, key) do update set balance = excluded.balance
"""
_WRITE_STATE: Final = """
    insert into map_roots (partition, size, root) values (%b, %b, %b)
    on conflict (partition) do update set size = excluded.size, root = excluded.root
"""
_WRITE_NOTE: Final = """
    insert into log_balances (partition, size, note) values (%b, %b, %b)
    on conflict (partition) do update set size = excluded.size, note = excluded.note
"""
_FORGET_NOTE: Final = "delete from log_balances where partition = %b"


@dataclass(frozen=True, slots=True)
class MapStep:
    """What one step of the map changes."""

    state: MapState
    pages: Mapping[str, bytes]
    balances: Mapping[bytes, AccountBalance]
    note: bytes | None
    """The signed note of this size; None in the middle of making a map anew, when there is nothing to show."""


class BalanceMapStore:
    """Pages, balances, root and note of one partition's map, over an autocommit connection."""

    def __init__(self, connection: Connection, partition: int) -> None:
        """Nothing is read yet."""
        self._connection = connection
        self._partition = partition

    def state(self) -> MapState | None:
        """As the rows say it; None: nothing was mapped yet."""
        row = self._connection.cursor(binary=True).execute(_STATE, (self._partition,)).fetchone()
        return None if row is None else MapState(int(row[0]), bytes(row[1]))

    def note_size(self) -> int:
        """Of the note that is served; 0: there is none."""
        row = self._connection.cursor(binary=True).execute(_NOTE, (self._partition,)).fetchone()
        return 0 if row is None else int(row[0])

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The pages that exist at these paths."""
        cursor = self._connection.cursor(binary=True).execute(_PAGES, (self._partition, list(paths)))
        return {path: bytes(page) for path, page in cursor.fetchall()}

    def balances(self, keys: Iterable[bytes]) -> dict[bytes, AccountBalance]:
        """The balances of those of these holders who have one. Raises Malformed for a damaged one."""
        cursor = self._connection.cursor(binary=True).execute(_BALANCES, (self._partition, list(keys)))
        return {bytes(key): read_balance(bytes(balance)) for key, balance in cursor.fetchall()}

    def write(self, step: MapStep) -> None:
        """Everything of a step, durable on return, in one transaction. Its state MUST be remembered before."""
        partition, state = self._partition, step.state
        with self._connection.transaction(), self._connection.pipeline():
            cursor = self._connection.cursor(binary=True)
            if step.pages:
                cursor.execute(_WRITE_PAGES, (partition, list(step.pages), list(step.pages.values())))
                held = [balance.to_bytes() for balance in step.balances.values()]
                cursor.execute(_WRITE_BALANCES, (partition, list(step.balances), held))
            cursor.execute(_WRITE_STATE, (partition, state.size, state.root))
            if step.note is None:
                cursor.execute(_FORGET_NOTE, (partition,))
            else:
                cursor.execute(_WRITE_NOTE, (partition, state.size, step.note))
