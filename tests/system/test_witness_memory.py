"""The memory of a witness never goes back: crashes, kill -9, restored and damaged folders."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from itertools import count
from pathlib import Path

import pytest

from ledger.command_line import WRONG_USE
from ledger.log_keeping.durable_file import replace_file
from ledger.process_end import STOPPED_LOUDLY
from ledger.transparency.witness_protocol import (
    AddCheckpoint,
    format_add_checkpoint,
    monitoring_path,
    parse_size_body,
)
from ledger.witnessing.watched_logs import read_watched_logs
from ledger.witnessing.witness_memory import WitnessMemory
from tests.system.running_witness import RunningWitness, growth, log_vkeys, running, watching
from tests.system.served_ledger import hours_ledger
from tests.transparency.sample_log import SampleLog, sample_entries

LOGS = [SampleLog(f"hours.example/log/{number}", sample_entries(300)) for number in range(2)]


@contextmanager
def memory_of(folder: Path, *logs: SampleLog, key_name: str | None = None) -> Iterator[WitnessMemory]:
    """What a witness that is started, or started again, remembers."""
    vkeys = folder.with_suffix(".again")
    vkeys.write_text("\n".join(log_vkeys(*logs)), "utf-8")
    memory = WitnessMemory(folder, read_watched_logs([vkeys]))
    try:
        memory.open(key_name)
        yield memory
    finally:
        memory.close()


def told(memory: WitnessMemory, request: AddCheckpoint) -> tuple[int, int]:
    """Status and size."""
    answer = memory.add_checkpoint(format_add_checkpoint(request))
    return answer.decision.status, answer.size


def test_killed_between_storing_and_answering(tmp_path: Path):
    log = LOGS[0]
    dying = """
import os, signal
from ledger.witnessing import witness_memory
store = witness_memory.replace_file
def store_and_die(path, data):
    store(path, data)
    if b"\\n200\\n" in data:
        os.kill(os.getpid(), signal.SIGKILL)
witness_memory.replace_file = store_and_die
"""
    witness = watching(tmp_path / "witness", log_vkeys(log), prelude=dying)
    with running(witness):
        assert witness.add(growth(log, 0, 100)).status == 200
        with pytest.raises((ConnectionError, TimeoutError)):
            witness.add(growth(log, 100, 200))
        assert witness.child.wait(10) == -9
    with memory_of(witness.folder, log) as memory:
        # The log never got the cosignature, and asks as before.
        assert told(memory, growth(log, 100, 250)) == (409, 200)
        assert told(memory, growth(log, 200, 200)) == (200, 200)
        assert told(memory, growth(log, 200, 250)) == (200, 250)


def test_ended_before_it_could_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = LOGS[0]
    with memory_of(tmp_path / "witness", log, key_name="audit.example/w") as memory:
        assert told(memory, growth(log, 0, 100)) == (200, 100)
        with monkeypatch.context() as full:
            full.setattr("ledger.witnessing.witness_memory.replace_file", no_space)
            with pytest.raises(OSError, match="No space"):
                memory.add_checkpoint(format_add_checkpoint(growth(log, 100, 200)))
        assert told(memory, growth(log, 0, 300)) == (409, 100)


def no_space(path: Path, data: bytes) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("kills", [pytest.param(25, marks=pytest.mark.proof)])
def test_killed_under_requests_again_and_again(tmp_path: Path, seed: int, kills: int):
    log, waits = LOGS[0], random.Random(seed)
    witness = watching(tmp_path / "witness", log_vkeys(log))
    for _ in range(kills):
        with running(witness):
            stop = threading.Timer(waits.uniform(0.05, 0.4), witness.child.kill)
            stop.start()
            cosigned = cosigned_until_it_ends(witness, log)
            stop.join()
            assert witness.child.wait(10) == -9
        with memory_of(witness.folder, log) as memory:
            # One request may have been stored and not answered; no cosignature left that is not remembered.
            assert cosigned <= memory.last(log.origin).head.size <= cosigned + 1


def cosigned_until_it_ends(witness: RunningWitness, log: SampleLog) -> int:
    """Asks for one entry more again and again; gives the last size of which a cosignature came."""
    size = 0
    try:
        first = witness.add(growth(log, 300, 300))
        # A fast machine comes to the log's end before the last kill: then this is cosigned once more.
        size = 300 if first.status == 200 else parse_size_body(first.body)
        while True:
            answer = witness.add(growth(log, size, min(size + 1, 300)))
            assert answer.status == 200
            size = min(size + 1, 300)
    except (OSError, HTTPException):
        return size


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder of a witness that cosigned size 100 of one log and size 10 of another."""
    with memory_of(tmp_path / "witness", *LOGS[:2], key_name="audit.example/w") as memory:
        assert told(memory, growth(LOGS[0], 0, 100)) == (200, 100)
        assert told(memory, growth(LOGS[1], 0, 10)) == (200, 10)
        tmp_path.joinpath("own").write_text("\n".join(key.line() for key in memory.keys.verifier_keys), "utf-8")
    for name, lines in (("logs", log_vkeys(*LOGS[:2])), ("no", ["x"]), ("half", log_vkeys(LOGS[0])[1:])):
        tmp_path.joinpath(name).write_text("\n".join(lines), "utf-8")
    return tmp_path / "witness"


@pytest.mark.parametrize(
    ("folder", "log_file", "more", "says"),
    [
        ("witness", "logs", ["--key-name", "another.example/w"], "those of audit.example/w, not of another.example/w"),
        ("witness", "no", [], "must hold verifier keys, one a line"),
        ("witness", "own", [], "holds a witness's key"),
        ("witness", "half", [], "an Ed25519 key is needed too"),
        ("witness", "absent", [], "cannot be read"),
        ("witness", "logs", ["--listen", "nowhere"], "LEDGER_WITNESS_ADDRESS must be host:port, not 'nowhere'"),
        ("new", "logs", [], "name the witness for ever with --key-name"),
        ("new", "logs", ["--key-name", "a b"], "a key name must not be empty nor hold a space"),
    ],
)
def test_what_it_does_not_start_with(kept: Path, folder: str, log_file: str, more: list[str], says: str):
    done = hours_ledger("witness", "--folder", kept.with_name(folder), "--log", kept.with_name(log_file), *more)
    assert done.returncode == WRONG_USE
    assert says in " ".join(done.stderr.split())


def test_a_folder_open_to_others_and_no_log_to_watch(kept: Path):
    done = hours_ledger("witness", LEDGER_WITNESS_FOLDER=str(kept))
    assert (done.returncode, "name a file with the verifier keys" in done.stderr) == (WRONG_USE, True)
    for path, mode in ((next(kept.glob("cosigned-*")), 0o640), (kept, 0o750)):
        path.chmod(mode)
        logs = str(kept.with_name("logs"))
        done = hours_ledger("witness", LEDGER_WITNESS_FOLDER=str(kept), LEDGER_WITNESS_LOGS=logs)
        assert (done.returncode, f"has mode {mode:04o}, open to others" in " ".join(done.stderr.split())) == (2, True)


def memory_name(log: SampleLog) -> str:
    return f"cosigned-{monitoring_path(log.origin).split('/')[0]}"


ONE, TWO = memory_name(LOGS[0]), memory_name(LOGS[1])
CHANGES: dict[str, Callable[[Path], object]] = {
    "is missing beside the keys": lambda folder: (folder / ONE).unlink(),
    "is damaged": lambda folder: (folder / ONE).write_bytes((folder / ONE).read_bytes().replace(b"\n100", b"\n101")),
    "is that of hours.example/log/1": lambda folder: shutil.copy(folder / TWO, folder / ONE),
    "the keys are gone": lambda folder: (folder / "keys").unlink(),
}


@pytest.mark.parametrize("says", CHANGES)
def test_a_memory_that_is_not_what_it_was_stops_it_loudly(kept: Path, says: str):
    CHANGES[says](kept)
    for _ in range(2):
        done = hours_ledger(
            "witness", "--folder", kept, "--log", kept.with_name("logs"), "--key-name", "audit.example/w"
        )
        assert done.returncode == STOPPED_LOUDLY
        assert done.stderr.startswith("ALARM: nothing is cosigned any more: ")
        assert says in done.stderr
        assert "Put back the newest folder" in done.stderr


@pytest.mark.proof
def test_a_memory_that_vanishes_under_it_ends_it(tmp_path: Path):
    log = LOGS[0]
    with running(watching(tmp_path / "witness", log_vkeys(log))) as witness:
        assert witness.add(growth(log, 0, 100)).status == 200
        next(witness.folder.glob("cosigned-*")).unlink()
        assert witness.add(growth(log, 100, 200)).status == 503
        assert witness.child.wait(20) == STOPPED_LOUDLY
    assert "ALARM: nothing is cosigned any more" in witness.said()


def test_a_folder_restored_from_an_older_state_is_told(kept: Path, caplog: pytest.LogCaptureFixture):
    log, backup = LOGS[0], kept.with_name("backup")
    shutil.copytree(kept, backup)
    with memory_of(kept, log) as memory:
        assert told(memory, growth(log, 100, 200)) == (200, 200)
    with memory_of(backup, log) as memory:
        assert told(memory, growth(log, 200, 300)) == (409, 100)
    assert "asked to go on from size 200, remembered is 100: was this folder restored" in caplog.text


def test_a_log_watched_later_and_one_watched_no_more(tmp_path: Path):
    log, other = LOGS[:2]
    folder = tmp_path / "witness"
    with memory_of(folder, log, key_name="audit.example/w") as memory:
        assert told(memory, growth(log, 0, 100)) == (200, 100)
        assert told(memory, growth(other, 0, 10)) == (404, 0)
    with memory_of(folder, other) as memory:
        assert told(memory, growth(other, 0, 10)) == (200, 10)
        assert told(memory, growth(log, 100, 200)) == (404, 0)
    with memory_of(folder, log, other) as memory:
        assert told(memory, growth(log, 0, 200)) == (409, 100)
        assert told(memory, growth(other, 0, 20)) == (409, 10)


@pytest.mark.parametrize("turn", range(1, 7))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_in_the_first_start_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int, after: bool
):
    """The first start of two logs writes five files; the sixth is the first checkpoint."""
    calls = count(1)

    def crashing(path: Path, data: bytes) -> None:
        here = next(calls) == turn
        if not here or after:
            replace_file(path, data)
        if here:
            raise Crash

    with monkeypatch.context() as faulty:
        for module in ("witness_folder", "witness_memory"):
            faulty.setattr(f"ledger.witnessing.{module}.replace_file", crashing)
        with pytest.raises(Crash), memory_of(tmp_path / "witness", *LOGS[:2], key_name="audit.example/w") as memory:
            told(memory, growth(LOGS[0], 0, 100))
    with memory_of(tmp_path / "witness", *LOGS[:2], key_name="audit.example/w") as memory:
        size = 100 if (turn, after) == (6, True) else 0
        assert told(memory, growth(LOGS[0], size, 100)) == (200, 100)
        assert told(memory, growth(LOGS[1], 0, 10)) == (200, 10)


class Crash(Exception):
    """The process ends here."""


def test_files_are_the_owner_s_alone_and_the_key_is_shown_before_and_after(tmp_path: Path):
    folder = tmp_path / "witness"
    shown = [
        hours_ledger("witness", "--folder", folder, "--show-key", *more)
        for more in (["--key-name", "audit.example/w"], [])
    ]
    assert shown[0].stdout == shown[1].stdout
    with memory_of(folder, LOGS[0]) as memory:
        assert "".join(f"{key.line()}\n" for key in memory.keys.verifier_keys) == shown[0].stdout
        assert hours_ledger("witness", "--folder", folder, "--show-key").stdout == shown[0].stdout
        told(memory, AddCheckpoint(0, (bytes(32),), LOGS[0].checkpoint(5)))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {
        "keys": 0o600,
        "lock": 0o600,
        "watched": 0o600,
        memory_name(LOGS[0]): 0o600,
        next((folder / "refused").iterdir()).name: 0o600,
    }
