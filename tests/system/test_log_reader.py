"""Proofs asked for together, out of tiles that are kept: they hold while the log grows, and after it is another one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.gathered_lookups import GatheredLookups
from ledger.log_serving.log_lookups import Pool
from ledger.log_serving.log_reader import LogReader
from ledger.log_serving.tiles_at_hand import KEPT_MAX, KeptTiles
from ledger.settings import Settings
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.tile_nodes import TileNodes
from ledger.transparency.tree_hash import leaf_hashes, root_of
from ledger.transparency.verify import verify_checkpoint
from tests.system.log_writer import LogWriter
from tests.system.stored_history import opened_store, store_attendances

EVENTS = 1_500


@pytest.fixture(scope="module")
def settings(postgres) -> Settings:
    opened = opened_store(postgres, 2)
    store_attendances(opened, EVENTS)
    return opened


@pytest.fixture
def emptied(settings: Settings) -> Settings:
    """Nothing is signed yet."""
    with psycopg.connect(settings.owner_database) as owner:
        owner.execute("truncate log_tiles, log_checkpoints")
    return settings


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[LogReader]:
    pool: Pool = AsyncConnectionPool(settings.database, min_size=1, max_size=3, open=False, kwargs={"autocommit": True})
    async with pool:
        yield LogReader(pool, 2)


def stored_leaves(settings: Settings) -> list[bytes]:
    with psycopg.connect(settings.relay_database) as connection:
        rows = connection.execute("select body from events where partition = 0 order by position").fetchall()
    return leaf_hashes(row[0] for row in rows)


async def check(log: LogReader, writer: LogWriter, leaves: Sequence[bytes], position: int, old: int, new: int) -> None:
    """One event under the newest checkpoint and under one size, and two sizes beside each other."""
    newest, included, grown = await asyncio.gather(
        log.newest_inclusion(0, position), log.inclusion_proof(0, position, new), log.consistency_proof(0, old, new)
    )
    leaf = leaves[position - 1]
    head = verify_checkpoint(newest.checkpoint.note, writer.policy).checkpoint
    assert (head.size, head.root) == (newest.checkpoint.size, newest.checkpoint.root)
    verify_inclusion(leaf, position - 1, head.size, newest.hashes, head.root)
    verify_inclusion(leaf, position - 1, new, included, root_of(leaves[:new]))
    verify_consistency(old, root_of(leaves[:old]), new, root_of(leaves[:new]), grown)


async def test_proofs_asked_for_together_hold_while_the_log_grows(emptied: Settings, seed: int):
    chance, writer, leaves = random.Random(seed), LogWriter(emptied), stored_leaves(emptied)
    async with reading(emptied) as log:
        for size in (1, 200, 256, 300, 511, 512, 1_000, EVENTS):
            growing = asyncio.create_task(asyncio.to_thread(writer.grow_to, size))
            if len(writer.checkpoints) == 0:
                await growing
            signed = max(writer.checkpoints)
            asked = [sorted(chance.randint(1, signed) for _ in range(3)) for _ in range(12)]
            await asyncio.gather(*[check(log, writer, leaves, *places) for places in asked])
            await growing
            writer.forget_partial_tiles()


async def test_no_tile_of_an_older_log_is_taken_for_one_of_its_successor(emptied: Settings):
    first, leaves = LogWriter(emptied), stored_leaves(emptied)
    first.grow_to(1_024)
    async with reading(emptied) as log:
        await check(log, first, leaves, 700, 600, 1_024)
        with psycopg.connect(emptied.owner_database) as owner:
            owner.execute("truncate log_tiles, log_checkpoints")
        with pytest.raises(Refusal) as refused:
            await log.newest_inclusion(0, 1)
        assert refused.value.reason is Reason.LOG_NOT_KEPT
        # The same sizes over other leaves: what was kept of the first log would prove nothing here.
        second = LogWriter(emptied.model_copy(update={"log_origin": "hours.example/second"}))
        second.leaves_differ = True
        second.grow_to(1_024)
        await check(log, second, [bytes(reversed(leaf)) for leaf in leaves], 700, 600, 1_024)


async def test_a_tile_that_a_signed_size_lacks_is_named(emptied: Settings):
    writer = LogWriter(emptied)
    writer.grow_to(300)
    with psycopg.connect(emptied.owner_database) as owner:
        owner.execute("delete from log_tiles where level = 0 and tile_index = 0")
    async with reading(emptied) as log:
        with pytest.raises(InvariantBroken, match=r"partition 0: tile/0/000 of a signed size is missing"):
            await log.newest_inclusion(0, 7)
        # Whoever asks at the same time for something that does not need it is answered.
        missed, proof = await asyncio.gather(
            log.inclusion_proof(0, 7, 300), log.inclusion_proof(0, 260, 300), return_exceptions=True
        )
        assert isinstance(missed, InvariantBroken)
        leaves = stored_leaves(emptied)
        assert isinstance(proof, list)
        verify_inclusion(leaves[259], 259, 300, proof, root_of(leaves[:300]))
        with pytest.raises(Refusal) as refused:
            await log.inclusion_proof(1, 1, 1)
        assert refused.value.reason is Reason.LOG_NOT_KEPT


def test_tiles_of_upper_levels_are_kept_as_long_as_they_are_used():
    kept = KeptTiles()
    kept.keep((0, 0, 0), TileNodes(bytes(8_192)))
    assert kept.get((0, 0, 0), 1) is None
    for index in range(KEPT_MAX):
        kept.keep((0, 1, index), TileNodes(bytes(64)))
    assert kept.get((0, 1, 0), 2) is not None
    assert kept.get((0, 1, 1), 3) is None, "it is not that wide"
    kept.keep((0, 2, 0), TileNodes(bytes(64)))
    assert kept.get((0, 1, 0), 1) is not None, "it was used meanwhile"
    assert kept.get((0, 1, 1), 1) is None, "it was not used for the longest time"


async def test_questions_that_fail_together_do_not_keep_later_ones_waiting():
    statements: list[list[int]] = []

    async def look_up(asked: Sequence[int]) -> list[int]:
        statements.append(list(asked))
        await asyncio.sleep(0.01)
        if 0 in asked:
            raise psycopg.OperationalError("the store is away")
        return [number * number for number in asked]

    lookups = GatheredLookups("squares", look_up)
    first = asyncio.create_task(lookups.find(3))
    await asyncio.sleep(0)
    answers = await asyncio.gather(*(lookups.find(number) for number in (0, 4, 5)), return_exceptions=True)
    assert await first == 9
    assert [type(answer) for answer in answers] == [psycopg.OperationalError] * 3
    assert await lookups.find(6) == 36
    assert statements == [[3], [0, 4, 5], [6]]
