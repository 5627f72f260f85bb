"""What stops the keeper of the log: each by its own name, with nothing signed, and a second start stops again."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ledger.commands.keys import verifier_lines
from ledger.domain.refusals import InvariantBroken
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.log_keeping import keeper
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.old_entries import OldEntries
from ledger.log_keeping.signer_folder import origins_of, read_keys
from ledger.log_keeping.signer_keys import LogKeys
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import (
    AnotherKeeper,
    ForkRefused,
    LogStopped,
    SignerMemoryWrong,
    StoreBehindSigner,
    StoredBytesChanged,
)
from ledger.log_keeping.tile_store import TileStore
from ledger.process_end import STOPPED_LOUDLY, exit_code
from ledger.settings import Settings, WrongSetting
from ledger.transparency.tile_tree import TileTree
from ledger.transparency.tree_hash import EMPTY_ROOT, leaf_hashes, root_of
from tests.system.kept_log import (
    as_owner,
    assert_sound,
    copied_database,
    emptied_ledger,
    keep_once,
    memory_bytes,
    published,
    remembered,
)
from tests.system.stored_history import started, store_attendances, wait_until

KEEPER = "ledger.log_keeping.keeper"


@pytest.fixture
def log(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> Settings:
    """A ledger of one partition with 600 events, all signed."""
    settings = emptied_ledger(postgres, kafka, tmp_path, 1)
    store_attendances(settings, 600)
    keep_once(settings)
    return settings


def assert_stops(settings: Settings, kind: type[Exception], says: str) -> None:
    """The keeper stops, twice, and meanwhile signs and publishes nothing."""
    before = memory_bytes(settings), published(settings)
    for _ in range(2):
        with pytest.raises(kind, match=says) as stopped:
            keep_once(settings)
        assert exit_code(stopped.value) == STOPPED_LOUDLY
        if issubclass(kind, LogStopped):
            assert "partition 0" in str(stopped.value) or "signer folder" in str(stopped.value)
    assert (memory_bytes(settings), published(settings)) == before


# --- the store


def test_a_restored_older_database(postgres: EmbeddedPostgres, log: Settings) -> None:
    old = copied_database(postgres, log)
    store_attendances(log, 300)
    keep_once(log)
    restored = log.model_copy(update=old)
    root = remembered(log, 0).head.root.hex()
    assert_stops(
        restored, StoreBehindSigner, f"partition 0: size 900 root {root} was signed; the store's counter says 600"
    )
    # Events come in again, others than those that were lost.
    store_attendances(restored, 299)
    assert_stops(restored, StoreBehindSigner, "counter says 899")
    store_attendances(restored, 500)
    assert_stops(
        restored, ForkRefused, f"partition 0: size 900 root {root} was signed; the store has root [0-9a-f]{{64}}"
    )


def test_a_restored_database_with_the_same_events_goes_on(postgres: EmbeddedPostgres, log: Settings) -> None:
    store_attendances(log, 300)
    restored = log.model_copy(update=copied_database(postgres, log))
    keep_once(log)
    keep_once(restored)
    assert published(restored) == published(log)
    assert_sound(restored)


@pytest.mark.parametrize("counter", [600, 590])
def test_a_cut_tail(log: Settings, counter: int) -> None:
    as_owner(log, "delete from events where position > 590")
    as_owner(log, f"update partition_counters set position = {counter}")
    assert_stops(log, StoreBehindSigner, f"counter says {counter} and its last event is 590")


def test_a_tail_cut_before_it_was_signed(log: Settings) -> None:
    store_attendances(log, 10)
    as_owner(log, "delete from events where position > 605")
    assert_stops(log, StoredBytesChanged, "the events end at position 605, they should go on to 610")


def test_a_hole_before_it_was_signed(log: Settings) -> None:
    store_attendances(log, 10)
    as_owner(log, "delete from events where position = 604")
    assert_stops(log, InvariantBroken, "position 604 is missing")


def test_a_store_that_shrinks_under_the_running_keeper(log: Settings, tmp_path: Path) -> None:
    with started(log, KEEPER, tmp_path / "keeper.log") as process:
        wait_until(lambda: "continues" in (tmp_path / "keeper.log").read_text("utf-8"))
        as_owner(log, "update partition_counters set position = 590")
        assert process.wait(20) == STOPPED_LOUDLY
    assert "StoreBehindSigner: partition 0: size 600" in (tmp_path / "keeper.log").read_text("utf-8")


EDIT = (
    "update events set body = convert_to(replace(convert_from(body, 'UTF8'), '3600', '3601'), 'UTF8') where position = "
)


@pytest.mark.parametrize("partitions", [1, 3])
def test_an_edited_event_is_found_by_the_walk(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int
) -> None:
    settings = emptied_ledger(postgres, kafka, tmp_path, partitions)
    at = partitions - 1
    for partition in range(partitions):
        store_attendances(settings, 600, partition=partition)
    with started(settings, KEEPER, tmp_path / "keeper.log") as process:
        wait_until(lambda: published(settings, at)[-1:] and published(settings, at)[-1].size == 600)
        as_owner(settings, f"{EDIT} 300 and partition = {at}")
        assert process.wait(30) == STOPPED_LOUDLY
    said = (tmp_path / "keeper.log").read_text("utf-8")
    assert f"StoredBytesChanged: partition {at} position 300: the stored event is not the one that was signed" in said
    assert f"size 600 root {remembered(settings, at).head.root.hex()} was signed" in said


def walk_round(settings: Settings) -> None:
    """Once through everything signed, from a keeper's start."""
    memory = SignerMemory(Path(settings.signer_folder), origins_of(settings))
    memory.open(published=True)
    try:
        with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
            lane = LogLane(connection, 0, memory)
            lane.resume(lane.signed.size)
            walk = OldEntries(connection, lane)
            for _ in range(2 * (lane.signed.size // 256 + 2)):
                walk.walk_on()
    finally:
        memory.close()


def test_the_walk_finds_nothing_where_nothing_is(log: Settings) -> None:
    walk_round(log)


def test_an_event_edited_together_with_its_leaf(log: Settings) -> None:
    as_owner(log, f"{EDIT} 5")
    with psycopg.connect(log.owner_database, autocommit=True) as owner:
        rows = owner.execute("select body from events where position <= 256 order by position").fetchall()
        leaves = b"".join(leaf_hashes([row[0] for row in rows]))
        owner.execute("update log_tiles set hashes = %s where level = 0 and tile_index = 0", [leaves])
    with pytest.raises(StoredBytesChanged, match="hash 0 of tile 0 at level 1 is not the root of the tile below"):
        walk_round(log)


def rewritten_tiles(settings: Settings) -> None:
    """Every tile made anew from the events as they are now, with all that the owner may do."""
    with psycopg.connect(settings.owner_database, autocommit=True) as owner:
        owner.execute("delete from log_tiles")
        store = TileStore(owner, 0)
        rows = owner.execute("select body from events order by position").fetchall()
        tree = TileTree(store, 0).right_edge()
        store.write_tiles(tree.grown(leaf_hashes([row[0] for row in rows])).tiles)


def test_an_event_edited_together_with_every_hash(log: Settings) -> None:
    as_owner(log, f"{EDIT} 5")
    rewritten_tiles(log)
    assert_stops(log, ForkRefused, "partition 0: size 600 root [0-9a-f]{64} was signed; the store has root")


def test_an_event_edited_together_with_every_hash_under_the_running_keeper(log: Settings, tmp_path: Path) -> None:
    with started(log, KEEPER, tmp_path / "keeper.log") as process:
        wait_until(lambda: "continues" in (tmp_path / "keeper.log").read_text("utf-8"))
        as_owner(log, f"{EDIT} 5")
        rewritten_tiles(log)
        store_attendances(log, 1)
        assert process.wait(30) == STOPPED_LOUDLY
    assert "size 600" in (tmp_path / "keeper.log").read_text("utf-8")
    assert published(log)[-1].size == 600


def test_an_event_edited_between_its_tile_and_its_signature(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store_attendances(log, 100)
    with monkeypatch.context() as faulty:
        faulty.setattr(SignerMemory, "sign", None)
        with pytest.raises(TypeError):
            keep_once(log)
    as_owner(log, f"{EDIT} 650")
    assert_stops(log, StoredBytesChanged, "the events hash to another tile tile/0/002.p/188 than the stored one")


@pytest.mark.parametrize(
    ("statement", "kind", "says"),
    [
        ("delete from log_tiles where level = 1", StoredBytesChanged, "the tile tile/1/000.p/2 is missing"),
        (
            "update log_tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1",
            ForkRefused,
            "the store has root",
        ),
        (
            "update log_checkpoints set root = sha256('') where size = 600",
            ForkRefused,
            "the row of the published checkpoint says size 600 root e3b0",
        ),
        (
            "update log_checkpoints set checkpoint = set_byte(checkpoint, 60, 64) where size = 600",
            AnotherKeeper,
            "is not signed by this signer's keys",
        ),
    ],
)
def test_changed_tiles_and_checkpoints(log: Settings, statement: str, kind: type[Exception], says: str) -> None:
    as_owner(log, statement)
    assert_stops(log, kind, says)


def test_missing_leaves_at_the_end_are_made_anew_and_give_the_signed_root(log: Settings) -> None:
    as_owner(log, "delete from log_tiles where level = 0 and tile_index = 2")
    keep_once(log)
    assert_sound(log)


# --- the signer's folder, and who else keeps the log


def swap_memories(folder: Path) -> None:
    shutil.move(folder / "signed-0", folder / "x")
    shutil.move(folder / "signed-1", folder / "signed-0")
    shutil.move(folder / "x", folder / "signed-1")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "swapped": (swap_memories, "partition 0: the signer's memory .* is not the checkpoint that .*/log/0 signed last"),
    "no memory": (lambda folder: (folder / "signed-0").unlink(), "partition 0: the signer's memory .* is missing"),
    "no keys": (lambda folder: (folder / "keys").unlink(), "has no keys and no memory of them. Put back the newest"),
    "nothing": (lambda folder: shutil.rmtree(folder), "has no keys and no memory of them. Put back the newest"),
    "empty memory": (lambda folder: (folder / "signed-0").write_bytes(b""), "partition 0: the signer's memory"),
    "cut keys": (lambda folder: (folder / "keys").write_text("PRIVATE+KEY+x\n"), "signer folder.*damaged|is damaged"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_signer_folder(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, change: str) -> None:
    settings = emptied_ledger(postgres, kafka, tmp_path, 3)
    for partition in range(3):
        store_attendances(settings, 3, partition=partition)
    keep_once(settings)
    do, says = CHANGES[change]
    do(Path(settings.signer_folder))
    assert_stops(settings, SignerMemoryWrong, says)


def test_keys_gone_after_a_signature_that_nobody_saw(log: Settings) -> None:
    as_owner(log, "delete from log_checkpoints")
    (Path(log.signer_folder) / "keys").unlink()
    assert_stops(log, SignerMemoryWrong, "signed-0 remembers a signed checkpoint, and the keys are gone")


def test_an_older_memory_put_back(log: Settings) -> None:
    kept = (Path(log.signer_folder) / "signed-0").read_bytes()
    store_attendances(log, 1)
    keep_once(log)
    (Path(log.signer_folder) / "signed-0").write_bytes(kept)
    assert_stops(log, SignerMemoryWrong, "partition 0: size 601 root .* is published, the signer remembers size 600")


def test_a_folder_open_to_others_and_another_origin_are_wrong_settings(log: Settings) -> None:
    with pytest.raises(WrongSetting, match=r"the keys in .* are those of volunteer-hours.localhost/log/0"):
        keep_once(log.model_copy(update={"log_origin": "hours.example/log"}))
    for path, mode in ((Path(log.signer_folder) / "keys", 0o640), (Path(log.signer_folder), 0o750)):
        path.chmod(mode)
        with pytest.raises(WrongSetting, match=f"has mode {mode:04o}, open to others"):
            keep_once(log)


def test_files_of_the_signer_are_its_owner_s_alone(log: Settings) -> None:
    folder = Path(log.signer_folder)
    assert {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {
        "signer": 0o700,
        "keys": 0o600,
        "signed-0": 0o600,
        "mapped-0": 0o600,
        "0.vkeys": 0o600,
        "lock": 0o600,
    }
    keys = read_keys(folder, origins_of(log))
    assert verifier_lines(log, None) == keys[0].verifier_lines(), "what `hours-ledger keys --verifier` prints"


def test_two_keepers_on_one_folder(log: Settings, tmp_path: Path) -> None:
    with started(log, KEEPER, tmp_path / "keeper.log"):
        wait_until(lambda: "continues" in (tmp_path / "keeper.log").read_text("utf-8"))
        assert_stops(log, AnotherKeeper, "another keeper signs with this signer folder: .* is in use by process")


def test_two_keepers_on_one_database(log: Settings, tmp_path: Path) -> None:
    with started(log, KEEPER, tmp_path / "keeper.log"):
        wait_until(lambda: "continues" in (tmp_path / "keeper.log").read_text("utf-8"))
        other = log.model_copy(update={"signer_folder": str(tmp_path / "other")})
        assert_stops(other, SignerMemoryWrong, "the database holds published checkpoints")
        assert memory_bytes(other) == {}


def test_a_second_keeper_with_a_copy_of_the_folder(log: Settings, tmp_path: Path) -> None:
    shutil.copytree(log.signer_folder, tmp_path / "copy")
    copy = log.model_copy(update={"signer_folder": str(tmp_path / "copy")})
    with started(log, KEEPER, tmp_path / "keeper.log"):
        wait_until(lambda: "continues" in (tmp_path / "keeper.log").read_text("utf-8"))
        failed: list[BaseException] = []
        waiting = threading.Thread(target=lambda: failed.append(raised_by(copy)))
        waiting.start()
        waiting.join(1.0)
        # It waits for the first one to end, until that one signs.
        assert waiting.is_alive()
        store_attendances(log, 1)
        waiting.join(20)
    assert isinstance(failed[0], SignerMemoryWrong)
    assert "another keeper signs with a copy" in str(failed[0])


def raised_by(settings: Settings) -> BaseException:
    with pytest.raises(LogStopped) as stopped:
        keep_once(settings)
    return stopped.value


def test_two_first_starts_at_once(postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path) -> None:
    settings = emptied_ledger(postgres, kafka, tmp_path, 1)
    store_attendances(settings, 5)
    failed: list[BaseException] = []
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as first:
        first.execute("select pg_advisory_lock(%s)", [0x6C_6F_67])
        second = threading.Thread(target=lambda: failed.append(raised_by(settings)))
        second.start()
        wait_until(lambda: "keys" in memory_bytes(settings))
        (origin,) = origins_of(settings)
        signed = LogKeys.fresh(origin).sign(0, EMPTY_ROOT, 1)
        TileStore(first, 0).insert_checkpoint(signed.head, signed.note)
        second.join(20)
    assert isinstance(failed[0], AnotherKeeper)
    assert [one.note for one in published(settings)] == [signed.note]


def test_other_signatures_of_the_same_tree_head(log: Settings) -> None:
    memory = SignerMemory(Path(log.signer_folder), origins_of(log))
    memory.open(published=True)
    again = memory.keys[0].sign(600, memory.last(0).head.root, 1)
    memory.close()
    with psycopg.connect(log.owner_database, autocommit=True) as owner:
        owner.execute("update log_checkpoints set checkpoint = %s where size = 600", [again.note])
    assert_stops(log, AnotherKeeper, "is published with other signatures than were made here")


def test_the_signer_refuses_a_second_history_by_itself(tmp_path: Path) -> None:
    memory = SignerMemory(tmp_path / "signer", ["hours.example/log/0"])
    memory.open(published=False)
    leaves = leaf_hashes([b"one", b"two", b"three"])
    empty = memory.last(0)
    two = memory.sign(0, empty, 2, root_of(leaves[:2]), [])
    assert memory.sign(0, two, 2, two.head.root, []) == two
    three = root_of(leaves)
    for size, root, proof in ((1, leaves[0], []), (2, leaves[1], []), (3, three, []), (3, three, [leaves[1]])):
        with pytest.raises(
            ForkRefused, match=f"partition 0: size 2 root {two.head.root.hex()} was signed; size {size}"
        ):
            memory.sign(0, two, size, root, proof)
    with pytest.raises(SignerMemoryWrong, match="another process changed it"):
        memory.sign(0, empty, 3, three, [leaves[2]])
    with pytest.raises(SignerMemoryWrong, match="another process changed it"):
        memory.sign(0, replace(two, note=two.note + b"x"), 3, three, [leaves[2]])
    assert memory.last(0) == two
    assert memory.sign(0, two, 3, three, [leaves[2]]).head.size == 3


def test_missing_settings_are_named(log: Settings) -> None:
    for name in ("log_keeper_database", "signer_folder"):
        with pytest.raises(WrongSetting, match=f"LEDGER_{name.upper()} is not set"):
            keeper.run(log.model_copy(update={name: ""}), stop=threading.Event())
