"""The keeper of the log on a real PostgreSQL: whatever ends it, the next one goes on, and the log is whole."""

from __future__ import annotations

import random
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.log_keeping import log_lane, signer_memory
from ledger.log_keeping.signer_keys import LogKeys
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.tile_store import TileStore
from ledger.metrics import REGISTRY
from ledger.process_end import STOPPED_LOUDLY
from ledger.serve import embedded_parts
from ledger.settings import Settings
from tests.system.crash import Crash, crash_at
from tests.system.kept_log import (
    as_owner,
    assert_sound,
    emptied_ledger,
    is_caught_up,
    keep_once,
    memory_bytes,
    published,
    remembered,
)
from tests.system.stored_history import started, store_attendances, wait_until

KEEPER = "ledger.log_keeping.keeper"
SIZES = (0, 1, 255, 256, 257, 600)


@pytest.fixture(autouse=True)
def signed(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[bytes, int], bytes]:
    """Every tree head signed in this process: for a key and a size there is one root, whatever happens."""
    heads: dict[tuple[bytes, int], bytes] = {}
    sign = LogKeys.sign

    def noted(keys: LogKeys, size: int, root: bytes, unix_seconds: int) -> Any:
        assert heads.setdefault((keys.policy.log_key.key_id, size), root) == root
        return sign(keys, size, root, unix_seconds)

    monkeypatch.setattr(LogKeys, "sign", noted)
    return heads


@pytest.fixture
def log(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> Settings:
    """A ledger of one partition without events; nothing is signed."""
    return emptied_ledger(postgres, kafka, tmp_path, 1)


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
def test_checkpoints_hold_at_every_size(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int
) -> None:
    settings = emptied_ledger(postgres, kafka, tmp_path, partitions)
    for before, size in zip((0, *SIZES), SIZES, strict=False):
        for partition in range(partitions):
            # Partitions have different sizes, so that none could pass for another.
            if size > before:
                store_attendances(settings, size - before + partition, partition=partition)
        keep_once(settings)
        assert_sound(settings)
    assert [one.size for one in published(settings)] == list(SIZES)


@pytest.mark.parametrize("size", SIZES)
def test_a_log_begun_late_has_one_checkpoint(log: Settings, size: int) -> None:
    if size:
        store_attendances(log, size)
    keep_once(log)
    assert [one.size for one in published(log)] == sorted({0, size})
    keep_once(log)
    assert [one.size for one in published(log)] == sorted({0, size})
    assert_sound(log)


def test_partial_tiles_go_when_the_full_one_is_there(log: Settings) -> None:
    for count in (100, 100, 100, 212):
        store_attendances(log, count)
        keep_once(log)
    with psycopg.connect(log.owner_database) as owner:
        rows = owner.execute("select level, tile_index, width from log_tiles order by 1, 2, 3").fetchall()
    assert rows == [(0, 0, 256), (0, 1, 256), (1, 0, 1), (1, 0, 2)]
    assert_sound(log)


def test_many_batches(log: Settings) -> None:
    store_attendances(log, 10_000)
    keep_once(log)
    assert_sound(log)


# --- every step fails before it took effect, and after


STEPS = {
    "tiles": (TileStore, "write_tiles"),
    "root_of_new_tree": (log_lane, "leaf_hashes"),
    "remember_on_disk": (signer_memory, "replace_file"),
    "remember": (SignerMemory, "sign"),
    "publish": (TileStore, "insert_checkpoint"),
}


@pytest.mark.parametrize("begun", [False, True], ids=["first-start", "later"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_is_carried_on_from(
    log: Settings, monkeypatch: pytest.MonkeyPatch, step: str, after: bool, begun: bool
) -> None:
    if begun:
        store_attendances(log, 100)
        keep_once(log)
    store_attendances(log, 700)
    with monkeypatch.context() as faulty:
        owner, name = STEPS[step]
        crash_at(faulty, owner, name, after=after)
        with pytest.raises(Crash):
            keep_once(log)
    kept = memory_bytes(log)
    store_attendances(log, 50)
    keep_once(log)
    assert_sound(log)
    if begun or (step, after) == ("remember", True):
        # What was remembered was published, these very bytes: no second signature of that size exists.
        assert kept["signed-0"] in [one.note for one in published(log)]


@pytest.mark.parametrize("turn", range(1, 5))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_in_the_first_start_is_begun_anew(
    postgres: EmbeddedPostgres,
    kafka: LocalKafka,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    turn: int,
    after: bool,
) -> None:
    settings = emptied_ledger(postgres, kafka, tmp_path, 3)
    with monkeypatch.context() as faulty:
        crash_at(faulty, signer_memory, "replace_file", after=after, turn=turn)
        with pytest.raises(Crash):
            keep_once(settings)
    assert published(settings) == []
    store_attendances(settings, 3, partition=1)
    keep_once(settings)
    assert_sound(settings)


def published_above(settings: Settings, count: int) -> bool:
    return len(published(settings)) > count


def test_killed_under_appends_again_and_again(log: Settings, tmp_path: Path, seed: int) -> None:
    waits, kills = random.Random(seed), 0
    store_attendances(log, 10)
    for _ in range(3):
        before = len(published(log))
        with started(log, KEEPER, tmp_path / "keeper.log") as process:
            wait_until(partial(published_above, log, before))
            deadline = time.monotonic() + waits.uniform(0.2, 1.8)
            while time.monotonic() < deadline:
                store_attendances(log, waits.randrange(1, 900))
            process.kill()
            kills += process.wait(10) == -9
        store_attendances(log, 5)
    assert kills == 3, (tmp_path / "keeper.log").read_text("utf-8")[-3000:]
    keep_once(log)
    assert_sound(log)


def test_it_is_never_more_than_five_seconds_behind(log: Settings, tmp_path: Path) -> None:
    with started(log, KEEPER, tmp_path / "keeper.log"):
        wait_until(lambda: is_caught_up(log))
        for _ in range(4):
            store_attendances(log, 40)
            wait_until(lambda: is_caught_up(log), seconds=5)
        begun, before = time.monotonic(), len(published(log))
        while time.monotonic() < begun + 4:
            store_attendances(log, 100)
        wait_until(lambda: is_caught_up(log), seconds=5)
        # Signed about once a second, however fast events come.
        assert len(published(log)) - before <= time.monotonic() - begun + 2
    assert_sound(log)


def test_the_embedded_ledger_keeps_its_log(server_dir: Path) -> None:
    with embedded_parts(Settings(partitions=3), server_dir) as settings:
        wait_until(lambda: is_caught_up(settings))
        assert_sound(settings)


def test_the_embedded_ledger_tells_of_a_keeper_that_stopped_and_goes_on(
    server_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped() -> bool:
        return REGISTRY.get_sample_value("ledger_child_stopped", {"child": "keep-log"}) == 1.0

    with embedded_parts(Settings(partitions=1), server_dir) as settings:
        wait_until(lambda: is_caught_up(settings))
        assert not stopped()
        as_owner(settings, "update partition_counters set position = 0")
        wait_until(stopped)
        time.sleep(2.0)
        as_owner(settings, "update partition_counters set position = (select max(position) from events)")
        projections = REGISTRY.get_sample_value("ledger_child_stopped", {"child": "projections"})
    assert projections == 0.0
    told = capsys.readouterr().err
    assert told.count("keep-log") == 2, told
    assert "ALARM: keep-log has stopped and is not started again: the log is not kept any more: StoreBehind" in told
    assert f"; see {server_dir / 'keep-log.log'}\n" in told


def test_a_keeper_that_stops_loudly_ends_with_3_and_an_alarm(log: Settings, tmp_path: Path) -> None:
    store_attendances(log, 5)
    keep_once(log)
    shutil.rmtree(log.signer_folder)
    with started(log, KEEPER, tmp_path / "keeper.log") as process:
        assert process.wait(30) == STOPPED_LOUDLY
    said = (tmp_path / "keeper.log").read_text("utf-8")
    assert "ALARM: the log is not kept any more: SignerMemoryWrong: the database holds published checkpoints" in said
    assert "Put back the newest signer folder" in said


def test_events_from_the_topic_in_an_empty_database_are_signed_on(log: Settings) -> None:
    store_attendances(log, 5_000)
    keep_once(log)
    last = remembered(log, 0)
    with psycopg.connect(log.owner_database) as owner:
        owner.execute("delete from log_tiles")
        owner.execute("delete from log_checkpoints")
    keep_once(log)
    assert [one.note for one in published(log)] == [last.note]
    store_attendances(log, 7)
    keep_once(log)
    assert_sound(log)


def test_a_keeper_waits_while_its_predecessor_ends(log: Settings) -> None:
    store_attendances(log, 5)
    with psycopg.connect(log.log_keeper_database) as predecessor:
        predecessor.execute("select pg_advisory_lock(%s)", [0x6C_6F_67])
        waiting = threading.Thread(target=keep_once, args=[log])
        waiting.start()
        waiting.join(1.5)
        assert waiting.is_alive()
    waiting.join(20)
    assert_sound(log)
