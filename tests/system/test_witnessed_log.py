"""A log that is published with the cosignatures of a quorum: witnesses up, down, late, restored, and a forked log."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping import keeper, witness_call
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.signer_folder import origins_of, read_keys
from ledger.log_keeping.signer_keys import LogKeys, SignedCheckpoint
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import StoredBytesChanged
from ledger.log_keeping.tile_store import TileStore
from ledger.log_keeping.witness_call import WitnessCaller
from ledger.settings import Settings, WrongSetting
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import CheckpointVerdict, verify_checkpoint
from ledger.transparency.witness_protocol import monitoring_path
from ledger.witness_quorum import quorum_of
from tests.system.crash import Crash, crash_at
from tests.system.kept_log import (
    assert_sound,
    copied_database,
    emptied,
    is_caught_up,
    keep_once,
    published,
    remembered,
)
from tests.system.served_witness import ServedWitness
from tests.system.stored_history import opened_store, store_attendances, wait_until

NAMES = ("audit.example/w1", "court.example/w", "university.example/w")


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[ServedWitness]]:
    """Three of them, all away."""
    made = [ServedWitness(tmp_path / f"witness-{number}", name) for number, name in enumerate(NAMES)]
    yield made
    for witness in made:
        witness.stop()


@pytest.fixture
def log(postgres: EmbeddedPostgres, tmp_path: Path, witnesses: list[ServedWitness]) -> Settings:
    """A ledger of one partition without events, whose log asks two of the three; nothing is signed."""
    return asking(emptied(opened_store(postgres, 1), tmp_path), witnesses)


def asking(settings: Settings, witnesses: Sequence[ServedWitness], **more: Any) -> Settings:
    told = {"witnesses": ",".join(witness.setting for witness in witnesses), "witnesses_required": 2, **more}
    return settings.model_copy(update=told)


def vkeys_of(settings: Settings) -> list[str]:
    folder = Path(settings.signer_folder)
    return [line for keys in read_keys(folder, origins_of(settings)) for line in keys.verifier_lines()]


def signer_made(settings: Settings) -> None:
    """The first start of the signer: from then on there are keys to give away."""
    memory = SignerMemory(Path(settings.signer_folder), origins_of(settings))
    memory.open(published=False)
    memory.close()


def all_up(settings: Settings, witnesses: Sequence[ServedWitness]) -> None:
    signer_made(settings)
    for witness in witnesses:
        witness.start(vkeys_of(settings))


@contextmanager
def kept(settings: Settings) -> Iterator[None]:
    """The keeper at work, in a thread."""
    stop, failed = threading.Event(), list[BaseException]()

    def keep() -> None:
        try:
            keeper.run(settings, stop=stop)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
        assert not failed, failed
    finally:
        stop.set()
        thread.join(30)


def verdict_of(settings: Settings, witnesses: Sequence[ServedWitness], note: bytes, required: int) -> CheckpointVerdict:
    """What a stranger says who asks for so many witnesses."""
    keys = [key.line() for witness in witnesses for key in witness.keys.verifier_keys]
    return verify_checkpoint(note, read_policy(vkeys_of(settings), keys, required))


def cosigners(settings: Settings, witnesses: Sequence[ServedWitness], size: int) -> set[str]:
    (note,) = (one.note for one in published(settings) if one.size == size)
    return {one.key.name for one in verdict_of(settings, witnesses, note, 0).cosigned}


def assert_witnessed(settings: Settings, witnesses: Sequence[ServedWitness], required: int = 2) -> None:
    """The log is whole, and every checkpoint that was ever published carries a quorum."""
    assert_sound(settings)
    for one in published(settings):
        verdict_of(settings, witnesses, one.note, required)


# --- a quorum


def test_nothing_is_published_without_a_quorum_from_the_empty_tree_on(log: Settings, witnesses: list[ServedWitness]):
    all_up(log, witnesses)
    for count in (0, 1, 255, 300):
        if count:
            store_attendances(log, count)
        keep_once(log)
    assert [one.size for one in published(log)] == [0, 1, 256, 556]
    assert_witnessed(log, witnesses)


def test_with_one_of_three_away_it_is_never_more_than_five_seconds_behind(
    log: Settings, witnesses: list[ServedWitness]
):
    all_up(log, witnesses[:2])
    with kept(log):
        wait_until(lambda: is_caught_up(log))
        for _ in range(3):
            store_attendances(log, 40)
            wait_until(lambda: is_caught_up(log), seconds=5)
        begun, before = time.monotonic(), len(published(log))
        while time.monotonic() < begun + 3:
            store_attendances(log, 60)
        wait_until(lambda: is_caught_up(log), seconds=5)
        # Still about one a second: asking costs no signature.
        assert len(published(log)) - before <= time.monotonic() - begun + 2
        assert_witnessed(log, witnesses)
        size = published(log)[-1].size
        assert cosigners(log, witnesses, size) == set(NAMES[:2])
        note = published(log)[-1].note
        witnesses[2].start(vkeys_of(log))
        wait_until(lambda: cosigners(log, witnesses, size) == set(NAMES), seconds=40)
        # Lines are added, and nothing that was given away is taken back.
        assert published(log)[-1].note.startswith(note)
    assert_witnessed(log, witnesses)


def test_partitions_are_witnessed_each_for_itself(
    postgres: EmbeddedPostgres, tmp_path: Path, witnesses: list[ServedWitness]
):
    settings = asking(emptied(opened_store(postgres, 3), tmp_path), witnesses)
    all_up(settings, witnesses)
    for partition in range(3):
        store_attendances(settings, 10 + partition, partition=partition)
    keep_once(settings)
    for partition, origin in enumerate(origins_of(settings)):
        shown = witnesses[0].folder / f"cosigned-{monitoring_path(origin).split('/')[0]}"
        assert f"\n{10 + partition}\n".encode() in shown.read_bytes()
    assert_sound(settings)


# --- without one


def test_hold_publishes_nothing_signs_no_second_head_and_tiles_grow(
    log: Settings, witnesses: list[ServedWitness], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    signed, sign = list[int](), LogKeys.sign

    def noted(keys: LogKeys, size: int, root: bytes, unix_seconds: int) -> SignedCheckpoint:
        signed.append(size)
        return sign(keys, size, root, unix_seconds)

    monkeypatch.setattr(LogKeys, "sign", noted)
    all_up(log, witnesses[:1])
    store_attendances(log, 9_000)
    with kept(log):
        wait_until(lambda: tiles_size(log) >= 8_192)
        time.sleep(1.5)
        assert published(log) == []
        assert signed == [0]
        witnesses[1].start(vkeys_of(log))
        wait_until(lambda: is_caught_up(log))
    assert signed == [0, 9_000]
    assert f"witness {NAMES[2]}: it does not answer: ConnectionRefusedError" in caplog.text
    assert_witnessed(log, witnesses)


def tiles_size(settings: Settings) -> int:
    with psycopg.connect(settings.log_keeper_database, autocommit=True) as connection:
        return TileStore(connection, 0).size()


def test_publish_is_a_fallback_that_says_so_and_the_quorum_is_added_when_it_comes(
    log: Settings, witnesses: list[ServedWitness], caplog: pytest.LogCaptureFixture
):
    falling = asking(log, witnesses, witnesses_fallback="publish", witnesses_fallback_seconds=1.0)
    all_up(falling, witnesses[:1])
    store_attendances(falling, 10)
    with kept(falling):
        wait_until(lambda: is_caught_up(falling), seconds=10)
        assert cosigners(falling, witnesses, 10) == {NAMES[0]}
        assert "size 10 root" in caplog.text
        assert "is published without its quorum: 1 of 2 witnesses cosigned it within 1 s" in caplog.text
        (before,) = (one.note for one in published(falling) if one.size == 10)
        witnesses[1].start(vkeys_of(falling))
        wait_until(lambda: cosigners(falling, witnesses, 10) == set(NAMES[:2]), seconds=40)
    (after,) = (one.note for one in published(falling) if one.size == 10)
    assert after.startswith(before)
    assert_sound(falling)


# --- every crash


STEPS: dict[str, tuple[object, str]] = {
    "remember": (SignerMemory, "sign"),
    "ask": (WitnessCaller, "ask"),
    "publish": (TileStore, "insert_checkpoint"),
    "answer": (LogLane, "keep_up"),
}


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("remember", True),
        ("ask", True),
        ("publish", False),
        *(pytest.param(step, after, marks=pytest.mark.proof) for step in STEPS for after in (False, True)),
    ],
)
def test_a_crash_at_any_step_is_carried_on_from(
    log: Settings, witnesses: list[ServedWitness], monkeypatch: pytest.MonkeyPatch, step: str, after: bool
):
    all_up(log, witnesses)
    store_attendances(log, 100)
    keep_once(log)
    store_attendances(log, 700)
    with monkeypatch.context() as faulty:
        owner, name = STEPS[step]
        crash_at(faulty, owner, name, after=after)
        with pytest.raises(Crash):
            keep_once(log)
    kept_note = remembered(log, 0).note
    store_attendances(log, 50)
    keep_once(log)
    assert_witnessed(log, witnesses)
    # What was remembered was published, under these very signatures.
    assert any(one.note.startswith(kept_note) for one in published(log))


def test_a_crash_before_late_cosignatures_are_added(
    log: Settings, witnesses: list[ServedWitness], monkeypatch: pytest.MonkeyPatch
):
    all_up(log, witnesses[:2])
    store_attendances(log, 5)
    keep_once(log)
    witnesses[2].start(vkeys_of(log))
    with monkeypatch.context() as faulty:
        crash_at(faulty, TileStore, "add_cosignatures", after=False)
        with pytest.raises(Crash):
            keeper.run(log, stop=threading.Event())
    with kept(log):
        wait_until(lambda: cosigners(log, witnesses, 5) == set(NAMES))
    assert_witnessed(log, witnesses)


def test_witnesses_that_have_what_the_log_never_heard_of(
    log: Settings, witnesses: list[ServedWitness], monkeypatch: pytest.MonkeyPatch
):
    """Every answer is lost on its way; the next start is told the size, and the same root is cosigned again."""
    all_up(log, witnesses)
    store_attendances(log, 5)
    keep_once(log)
    store_attendances(log, 5)
    stop = threading.Event()
    with monkeypatch.context() as lossy:
        lossy.setattr(WitnessCaller, "_understood", lambda *_: witness_call.NoAnswer("lost"))
        lost = threading.Thread(target=keeper.run, args=[log], kwargs={"stop": stop})
        lost.start()
        shown = witnesses[0].folder / f"cosigned-{monitoring_path(origins_of(log)[0]).split('/')[0]}"
        wait_until(lambda: b"\n10\n" in shown.read_bytes())
        stop.set()
        lost.join(20)
    assert published(log)[-1].size == 5
    keep_once(log)
    assert published(log)[-1].size == 10
    assert_witnessed(log, witnesses)


def test_a_cosignature_that_somebody_changed_stops_the_keeper(log: Settings, witnesses: list[ServedWitness]):
    all_up(log, witnesses)
    store_attendances(log, 5)
    keep_once(log)
    *rest, last = published(log)[-1].note.splitlines(keepends=True)
    dash, name, signature = last.split(b" ")
    other = b"B" if signature[60:61] == b"A" else b"A"
    changed = b" ".join((dash, name, signature[:60] + other + signature[61:]))
    with psycopg.connect(log.owner_database, autocommit=True) as owner:
        owner.execute("update log_checkpoints set checkpoint = %s where size = 5", [b"".join([*rest, changed])])
    with pytest.raises(StoredBytesChanged, match="the published checkpoint carries a wrong signature: step 4"):
        keep_once(log)


# --- witnesses that are wrong


def test_a_witness_whose_folder_was_restored_is_named_and_led_on(
    log: Settings, witnesses: list[ServedWitness], caplog: pytest.LogCaptureFixture
):
    all_up(log, witnesses[:2])
    store_attendances(log, 5)
    keep_once(log)
    witnesses[1].stop()
    shutil.copytree(witnesses[1].folder, witnesses[1].folder.with_suffix(".backup"))
    witnesses[1].start(vkeys_of(log))
    store_attendances(log, 5)
    keep_once(log)
    witnesses[1].stop()
    shutil.rmtree(witnesses[1].folder)
    shutil.move(witnesses[1].folder.with_suffix(".backup"), witnesses[1].folder)
    witnesses[1].start(vkeys_of(log))
    store_attendances(log, 5)
    keep_once(log)
    assert (
        f"witness {NAMES[1]}: it says that it cosigned size 5 last, and it cosigned 10: its folder was" in caplog.text
    )
    assert_witnessed(log, witnesses)


def test_a_witness_that_does_not_know_the_log_is_named_with_what_to_do(
    log: Settings, witnesses: list[ServedWitness], caplog: pytest.LogCaptureFixture
):
    all_up(log, witnesses[:2])
    stranger = LogKeys.fresh("elsewhere.example/log")
    witnesses[2].start(stranger.verifier_lines())
    store_attendances(log, 5)
    keep_once(log)
    with kept(log):
        said = f"witness {NAMES[2]}: it refuses with 404: it does not watch this log; give its operator"
        wait_until(lambda: said in caplog.text, seconds=20)
        witnesses[2].stop()
        witnesses[2].start(LogKeys.fresh(origins_of(log)[0]).verifier_lines())
        said = f"witness {NAMES[2]}: it refuses with 403: it knows other keys of this log; give its operator"
        wait_until(lambda: said in caplog.text, seconds=40)


# --- two instances signing


@pytest.mark.parametrize(
    ("events", "fallback", "says"),
    [
        (60, "hold", "what it cosigned at size 350 is not continued by this log, so another history was signed"),
        (60, "publish", "what it cosigned at size 350 is not continued by this log, so another history was signed"),
        pytest.param(50, "publish", "it cosigned another root of size 350 root", marks=pytest.mark.proof),
        pytest.param(10, "publish", "it cosigned size 350, which was not signed here", marks=pytest.mark.proof),
    ],
)
def test_two_keepers_with_copies_of_one_folder_on_two_databases(
    postgres: EmbeddedPostgres,
    log: Settings,
    witnesses: list[ServedWitness],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    events: int,
    fallback: str,
    says: str,
):
    all_up(log, witnesses)
    store_attendances(log, 300)
    keep_once(log)
    shutil.copytree(log.signer_folder, tmp_path / "copy")
    second = log.model_copy(
        update={
            "signer_folder": str(tmp_path / "copy"),
            "witnesses_fallback": fallback,
            "witnesses_fallback_seconds": 0.5,
            **copied_database(postgres, log),
        }
    )
    store_attendances(log, 50)
    keep_once(log)
    store_attendances(second, events)
    with kept(second):
        wait_until(lambda: all(f"ALARM: partition 0: witness {name}: {says}" in caplog.text for name in NAMES), 20)
        time.sleep(1.0)
        # It was signed, by a signer that cannot know better; nobody is shown it.
        assert remembered(second, 0).head.size == 300 + events
        assert published(second)[-1].size == 300
    # The first history goes on.
    store_attendances(log, 5)
    keep_once(log)
    assert published(log)[-1].size == 355
    assert_witnessed(log, witnesses)


# --- settings


def test_settings_of_witnesses(witnesses: list[ServedWitness], tmp_path: Path):
    for number, witness in enumerate(witnesses):
        lines = "".join(f"{key.line()}\n" for key in witness.keys.verifier_keys)
        tmp_path.joinpath(f"{number}.vkeys").write_text(lines, "utf-8")
    as_files = [f"{one.setting.split()[0]}/  @{tmp_path}/{number}.vkeys" for number, one in enumerate(witnesses)]
    for given in (as_files, "\n".join(as_files), ", ".join(one.setting for one in witnesses)):
        quorum = quorum_of(Settings.model_validate({"witnesses": given, "witnesses_required": 2}))
        assert [one.name for one in quorum.witnesses] == list(NAMES)
        assert [one.url for one in quorum.witnesses] == [f"http://{one.address}" for one in witnesses]
        assert [one.keys for one in quorum.witnesses] == [tuple(one.keys.verifier_keys) for one in witnesses]
        assert (quorum.required, quorum.fallback_seconds) == (2, None)
    assert quorum_of(Settings(witnesses="", witnesses_required=0)).witnesses == ()


@pytest.mark.parametrize(
    ("given", "required", "says"),
    [
        ("", 1, "LEDGER_WITNESSES_REQUIRED must be 0 to 0"),
        ("{0}", 0, "LEDGER_WITNESSES_REQUIRED must be 1 to 1"),
        ("{0},{1}", 3, "LEDGER_WITNESSES_REQUIRED must be 1 to 2"),
        ("{0},{0}", 1, "names a witness twice"),
        ("ftp://w.example {k}", 1, "'ftp://w.example' must be the URL of a witness"),
        ("http://[ {k}", 1, "must be the URL of a witness"),
        ("https://w.example", 1, "after https://w.example must stand the verifier keys"),
        ("https://w.example {k} {k1}", 1, "of one name"),
        ("https://w.example x", 1, "it must be <name>"),
        ("https://w.example @/nowhere", 1, "@/nowhere cannot be read"),
    ],
)
def test_wrong_settings_are_named(witnesses: list[ServedWitness], given: str, required: int, says: str):
    each = [one.setting for one in witnesses]
    keys = [one.keys.verifier_keys[0].line() for one in witnesses]
    settings = Settings(witnesses=given.format(*each, k=keys[0], k1=keys[1]), witnesses_required=required)
    with pytest.raises(WrongSetting, match=f"^(?=LEDGER_WITNESSES).*{re.escape(says)}"):
        quorum_of(settings)
