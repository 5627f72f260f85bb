"""The log of a partition as it stands in the event store's database: what is served, and the proofs made from it.

Everything here is bounded by the newest checkpoint: what is stored beyond it is not signed yet, so nobody is shown it.
A proof needs at most two tiles a level, so it costs the logarithm of the size; one statement reads those of all the
proofs that are asked for together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from psycopg.rows import TupleRow

from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.event_store import PAGE_SQL, checked_page
from ledger.log_serving.log_lookups import LogLookups, Pool, StoredCheckpoint
from ledger.transparency.page_proof import page_ranges
from ledger.transparency.proof_ranges import Leaves, consistency_ranges, inclusion_ranges, tiles_of_ranges
from ledger.transparency.tile_tree import subtree_roots
from ledger.transparency.tiles import TILE_WIDTH, EntryBundle, HashTile, encode_bundle, width_at
from ledger.transparency.tlog_proof import TlogProof, format_tlog_proof
from ledger.transparency.tree_hash import HASH_BYTES

_NEWEST: Final = """
    select size, root, checkpoint from log_checkpoints where partition = %b order by size desc limit 1
"""
_AT_LEAST: Final = """
    select size, root, checkpoint from log_checkpoints where partition = %b and size >= %b order by size limit 1
"""
_SIZE: Final = "select max(size) from log_checkpoints where partition = %b"


@dataclass(frozen=True, slots=True)
class NewestInclusion:
    """The newest checkpoint, and the hashes that lead from an event to its root."""

    checkpoint: StoredCheckpoint
    hashes: tuple[bytes, ...]

    def proof_file(self, position: int) -> bytes:
        """The bytes of a `.tlog-proof`."""
        return format_tlog_proof(TlogProof(position - 1, self.hashes, self.checkpoint.note))


class LogReader:
    """Reads the logs of all partitions. Its methods refuse POSITION_UNKNOWN for a partition the ledger has not."""

    def __init__(self, pool: Pool, partitions: int) -> None:
        """`pool` reaches the event store under a role that may read events, tiles and checkpoints."""
        self._pool = pool
        self._lookups = LogLookups(pool)
        self._sizes_seen: dict[int, int] = {}
        self.partitions = partitions

    async def newest(self, partition: int) -> StoredCheckpoint:
        """The newest checkpoint. Refuses LOG_NOT_KEPT where nothing was signed yet."""
        rows = await self._rows(partition, _NEWEST, partition)
        if not rows:
            _refuse_not_kept(partition)
        return StoredCheckpoint(*rows[0])

    async def at_least(self, partition: int, size: int) -> StoredCheckpoint:
        """The oldest checkpoint that holds the first `size` positions. Refuses LOG_NOT_KEPT, NOT_IN_LOG_YET."""
        await self._size_from(partition, size)
        return StoredCheckpoint(*(await self._rows(partition, _AT_LEAST, partition, size))[0])

    async def size(self, partition: int) -> int:
        """How many positions the newest checkpoint holds. Refuses LOG_NOT_KEPT."""
        size: int | None = (await self._rows(partition, _SIZE, partition))[0][0]
        if size is None:
            _refuse_not_kept(partition)
        return size

    async def hash_tile(self, partition: int, tile: HashTile) -> bytes:
        """The tile's hashes, as many as it asks for.

        Refuses LOG_NOT_KEPT, and NOT_FOUND for a tile that the newest checkpoint's tree has not, or not that wide.
        """
        if width_at(tile.level, tile.index, await self.size(partition)) < tile.width:
            refuse(Reason.NOT_FOUND, name=tile.path)
        found = await self._lookups.find(partition, [tile])
        return found.tiles.nodes(tile.level, tile.index).hashes[: tile.width * HASH_BYTES]

    async def entry_bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        """The stored bytes of the bundle's events, each after its length, straight from the event store.

        Refuses as `hash_tile` does. Raises InvariantBroken when a row was changed or is missing.
        """
        # The size comes first: what a checkpoint holds by now may have been missing a moment ago without any fault.
        if width_at(0, bundle.index, await self.size(partition)) < bundle.width:
            refuse(Reason.NOT_FOUND, name=bundle.path)
        after = bundle.index * TILE_WIDTH
        bodies = checked_page(await self._rows(partition, PAGE_SQL, partition, after, bundle.width), partition, after)
        if len(bodies) < bundle.width:
            raise InvariantBroken(f"partition {partition}: position {after + len(bodies) + 1} is missing")
        return encode_bundle(bodies)

    async def inclusion_proof(self, partition: int, position: int, size: int) -> list[bytes]:
        """That the event at a position is in the tree of a size, the leaf's sibling first.

        Refuses LOG_NOT_KEPT and NOT_IN_LOG_YET. Raises OutOfTree for a size below the position.
        """
        return await self._proof(partition, size, inclusion_ranges(position - 1, size))

    async def newest_inclusion(self, partition: int, position: int) -> NewestInclusion:
        """The same under the newest checkpoint, which comes along: all that a `.tlog-proof` holds."""
        self._need(partition)
        # Which tiles it needs depends on the size. Mostly that is still the one seen last: then one look is enough.
        guess = self._sizes_seen.get(partition, 0)
        ranges = inclusion_ranges(position - 1, guess) if position <= guess else []
        found = await self._lookups.find(partition, tiles_of_ranges(ranges, guess))
        newest = found.newest or _refuse_not_kept(partition)
        self._sizes_seen[partition] = newest.size
        if position > newest.size:
            _refuse_beyond(partition, position, newest.size)
        if guess == newest.size:
            hashes = subtree_roots(ranges, found.tiles.nodes)
        else:
            hashes = await self._proof(partition, newest.size, inclusion_ranges(position - 1, newest.size))
        return NewestInclusion(newest, tuple(hashes))

    async def consistency_proof(self, partition: int, from_size: int, to_size: int) -> list[bytes]:
        """That the tree of one size begins with that of a smaller one.

        Refuses LOG_NOT_KEPT and NOT_IN_LOG_YET. Raises OutOfTree for sizes the wrong way round.
        """
        return await self._proof(partition, to_size, consistency_ranges(from_size, to_size))

    async def page_proof(self, partition: int, positions: Sequence[int], size: int) -> list[bytes]:
        """That the events at these positions, one or more and ascending, are in the tree of a size.

        Refuses as `consistency_proof` does. Raises OutOfTree for positions that the tree has not.
        """
        return await self._proof(partition, size, page_ranges([position - 1 for position in positions], size))

    async def _proof(self, partition: int, size: int, ranges: Sequence[Leaves]) -> list[bytes]:
        """The roots of subtrees of the tree of this size, which the newest checkpoint MUST hold."""
        self._need(partition)
        found = await self._lookups.find(partition, tiles_of_ranges(ranges, size))
        newest = found.newest or _refuse_not_kept(partition)
        if size > newest.size:
            _refuse_beyond(partition, size, newest.size)
        return subtree_roots(ranges, found.tiles.nodes)

    async def _size_from(self, partition: int, wanted: int) -> int:
        """The newest checkpoint's size, if it is `wanted` or more. Refuses LOG_NOT_KEPT and NOT_IN_LOG_YET."""
        stored_size = await self.size(partition)
        if wanted > stored_size:
            _refuse_beyond(partition, wanted, stored_size)
        return stored_size

    async def _rows(self, partition: int, statement: str, *parameters: object) -> list[TupleRow]:
        self._need(partition)
        async with self._pool.connection() as connection:
            return await (await connection.execute(statement, parameters, binary=True)).fetchall()

    def _need(self, partition: int) -> None:
        if not 0 <= partition < self.partitions:
            refuse(Reason.POSITION_UNKNOWN, partition=partition, partition_max=self.partitions - 1)


def _refuse_not_kept(partition: int) -> NoReturn:
    refuse(Reason.LOG_NOT_KEPT, partition=partition)


def _refuse_beyond(partition: int, wanted: int, size: int) -> NoReturn:
    refuse(Reason.NOT_IN_LOG_YET, partition=partition, position=wanted, size=size)
