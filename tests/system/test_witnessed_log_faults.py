"""Crashes while witnesses are asked, witnesses that are wrong, and a log that is kept twice."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping import keeper, witness_call
from ledger.log_keeping.log_lane import LogLane
from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_keys import LogKeys
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.log_keeping.stops import StoredBytesChanged
from ledger.log_keeping.tile_store import TileStore
from ledger.log_keeping.witness_call import WitnessCaller
from ledger.settings import Settings
from ledger.transparency.witness_protocol import monitoring_path
from tests.system.crash import Crash, crash_at
from tests.system.kept_log import (
    copied_database,
    keep_once,
    published,
    remembered,
)
from tests.system.served_witness import ServedWitness
from tests.system.stored_history import store_attendances, wait_until
from tests.system.witnessed_log import (
    NAMES,
    all_up,
    assert_witnessed,
    cosigners,
    kept,
    three_witnesses,
    vkeys_of,
    witnessed_ledger,
)


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[ServedWitness]]:
    yield from three_witnesses(tmp_path)


@pytest.fixture
def log(postgres: EmbeddedPostgres, tmp_path: Path, witnesses: list[ServedWitness]) -> Settings:
    return witnessed_ledger(postgres, tmp_path, witnesses)


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


@pytest.mark.proof
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
        (60, "publish", "what it cosigned at size 350 is not continued by this log, so another history was signed"),
        pytest.param(60, "hold", "what it cosigned at size 350 is not continued by", marks=pytest.mark.proof),
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
    # All three see the first history; two of them would be enough to keep the second from a quorum.
    keep_once(log.model_copy(update={"witnesses_required": 3}))
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
