"""The balance map of one partition in the event store's database, as role ledger_log_keeper.

One state is kept, not a history of them: pages, balances, root and note change together in one transaction, so whoever
reads in one snapshot finds what was signed, whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from psycopg import Cursor
from psycopg.rows import TupleRow

from ledger.binary_arrays import BytesArray, TextArray
from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.tile_store import Connection

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


_NOT_FLUSHED: Final = "set local synchronous_commit = off"
"""What is lost in a crash is made again from the log, and must come by the root that is remembered: see `writing`."""


class MapWriting:
    """One step of the map on its way to the database, in one transaction; pages and balances go as they are made."""

    def __init__(self, cursor: Cursor[TupleRow], partition: int) -> None:
        """`cursor` is in a transaction, and in pipeline mode: what is written here is waited for by nobody."""
        self._cursor = cursor
        self._partition = partition

    def balances(self, balances: Mapping[bytes, bytes]) -> None:
        """Bytes of each changed balance, by its holder's key."""
        keys, values = BytesArray(balances), BytesArray(balances.values())
        self._cursor.execute(_WRITE_BALANCES, (self._partition, keys, values))

    def pages(self, pages: Mapping[str, bytes]) -> None:
        """Changed pages by path; none twice in one step."""
        self._cursor.execute(_WRITE_PAGES, (self._partition, TextArray(pages), BytesArray(pages.values())))

    def state(self, state: MapState, note: bytes | None) -> None:
        """What the step leads to, which MUST be remembered before; the signed note of its size.

        None: in the middle of making a map anew, when there is nothing to show.
        """
        self._cursor.execute(_WRITE_STATE, (self._partition, state.size, state.root))
        if note is None:
            self._cursor.execute(_FORGET_NOTE, (self._partition,))
        else:
            self._cursor.execute(_WRITE_NOTE, (self._partition, state.size, note))


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
        cursor = self._connection.cursor(binary=True).execute(_PAGES, (self._partition, TextArray(paths)))
        return {path: bytes(page) for path, page in cursor.fetchall()}

    def balances(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Bytes of the balances of those of these holders who have one."""
        if not keys:
            return {}
        cursor = self._connection.cursor(binary=True).execute(_BALANCES, (self._partition, BytesArray(keys)))
        return {bytes(key): bytes(balance) for key, balance in cursor.fetchall()}

    @contextmanager
    def writing(self) -> Iterator[MapWriting]:
        """Everything of a step in one transaction, which is committed at the end of the block.

        The server works on what it was given while the rest is made. The commit does not wait for the disk: a crash of
        the server may take the whole step back, as if it had been before this block.
        """
        with self._connection.transaction(), self._connection.pipeline():
            cursor = self._connection.cursor(binary=True)
            cursor.execute(_NOT_FLUSHED)
            yield MapWriting(cursor, self._partition)
