"""A witness as an audit office runs it: every answer of the protocol over real HTTP, a memory that never goes back."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ledger.command_line import FAILED
from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.signed_note import parse_note
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.verify import verify_checkpoint
from ledger.transparency.witness_protocol import (
    REQUEST_BYTES_MAX,
    AddCheckpoint,
    format_add_checkpoint,
    monitoring_path,
    parse_cosignatures,
    parse_size_body,
)
from ledger.web import http_server
from ledger.web.http_server import HttpServer
from ledger.witnessing import witness_pages
from ledger.witnessing.watched_logs import read_watched_logs
from ledger.witnessing.witness_folder import WitnessStopped
from ledger.witnessing.witness_memory import WitnessMemory
from ledger.witnessing.witness_pages import WitnessPages
from tests.system.running_witness import RunningWitness, growth, log_vkeys, running, watching
from tests.system.served_ledger import hours_ledger
from tests.transparency.go_checks import Field, ask_go, build_go_check
from tests.transparency.sample_log import SampleLog, sample_entries

LOGS = [SampleLog(f"hours.example/log/{number}", sample_entries(300)) for number in range(24)]
_unused = iter(LOGS)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWitness]:
    """One witness of many logs: each test takes a log that nobody asked about yet."""
    with running(watching(tmp_path_factory.mktemp("office") / "witness", log_vkeys(*LOGS))) as started:
        yield started
        assert "Traceback" not in started.said()


@pytest.fixture
def log() -> SampleLog:
    return next(_unused)


def forked(log: SampleLog) -> SampleLog:
    """The same keys over another history."""
    other = SampleLog(log.origin, sample_entries(300, "forked"))
    assert other.ed25519.key == log.ed25519.key
    return other


# --- every answer of the protocol


def test_growth_is_cosigned_by_both_keys(witness: RunningWitness, log: SampleLog):
    for old, new in ((0, 0), (0, 1), (1, 1), (1, 257), (257, 300)):
        answer = witness.add(growth(log, old, new))
        assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8"), answer.body
        text = parse_note(log.checkpoint(new)).text
        lines = parse_cosignatures(answer.body, text, witness.keys)
        assert [one.key_id for one in lines] == [key.key_id for key in witness.keys]
        assert answer.body.decode() == "".join(line.line() for line in lines)
    kinds = [key.type for key in witness.keys]
    assert kinds == [SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44]


def test_what_was_cosigned_last_is_shown_to_everybody(witness: RunningWitness, log: SampleLog):
    path = f"/{monitoring_path(log.origin)}"
    assert witness.get(path).status == 404
    for old, new in ((0, 20), (20, 300)):
        stranger = LOGS[0].witnesses[0]
        note = log.checkpoint(new, [log.ed25519, log.ml_dsa, stranger])
        assert witness.add(replace(growth(log, old, new), checkpoint=note)).status == 200
        shown = witness.get(path)
        keys = [key.line() for key in witness.keys]
        verdict = verify_checkpoint(shown.body, read_policy(log_vkeys(log), keys, witnesses_required=1))
        assert verdict.checkpoint.size == new
        assert len(verdict.cosigned) == 2
        # Lines of others are not ours to show.
        assert len(parse_note(shown.body).signatures) == 4
    assert witness.get(f"/{'0' * 64}/checkpoint").status == 404


def test_400_for_what_is_no_request(witness: RunningWitness, log: SampleLog):
    good = format_add_checkpoint(growth(log, 0, 5))
    for body in (
        b"",
        b"old 5",
        good[:-1],
        good.replace(b"old 0", b"old 00"),
        good.replace(b"\n5\n", b"\n05\n"),
        b"\xff",
    ):
        answer = witness.send("POST", "/add-checkpoint", body)
        assert answer.status == 400, (body, answer.body)
        assert answer.line


def test_400_for_an_old_size_above_the_checkpoint_s(witness: RunningWitness, log: SampleLog):
    answer = witness.add(AddCheckpoint(6, (), log.checkpoint(5, [log.ed25519])))
    assert (answer.status, answer.line) == (400, "old size 6 is above the checkpoint's 5")


def test_404_for_a_log_that_is_not_watched(witness: RunningWitness):
    foreign = SampleLog("elsewhere.example/log", sample_entries(5))
    answer = witness.add(growth(foreign, 0, 5))
    assert (answer.status, answer.line) == (404, "no log of this origin is watched")


def test_403_without_a_right_signature_of_the_log(witness: RunningWitness, log: SampleLog):
    stranger = SampleLog(log.origin, sample_entries(300), seed=2)
    other_text = log.checkpoint(5, [log.ed25519]).replace(b"\n5\n", b"\n6\n")
    for note in (log.checkpoint(5, log.witnesses), stranger.checkpoint(5, [stranger.ed25519]), other_text):
        assert witness.add(AddCheckpoint(0, (), note)).status == 403


@pytest.mark.parametrize("old", [0, 50, 150])
def test_409_tells_the_size_from_which_to_go_on(witness: RunningWitness, log: SampleLog, old: int):
    assert witness.add(growth(log, 0, 100)).status == 200
    answer = witness.add(growth(log, old, 200))
    assert (answer.status, answer.headers["content-type"]) == (409, "text/x.tlog.size")
    assert answer.body == b"100\n"
    assert witness.add(growth(log, parse_size_body(answer.body), 200)).status == 200


def test_409_for_another_root_of_the_size_cosigned_last_and_it_is_kept(witness: RunningWitness, log: SampleLog):
    assert witness.add(growth(log, 0, 100)).status == 200
    request = AddCheckpoint(100, (), forked(log).checkpoint(100, [log.ed25519]))
    answer = witness.add(request)
    assert (answer.status, answer.headers["content-type"], answer.body) == (409, "text/x.tlog.size", b"100\n")
    assert f"ALARM: the log signed two roots of one size: {log.origin}: size 100" in witness.said()
    root = forked(log).tree.root(100).hex()
    (kept,) = (witness.folder / "refused").glob(f"*-100-{root[:16]}")
    assert kept.read_bytes() == format_add_checkpoint(request)
    assert f'ledger_witness_alarms_total{{origin="{log.origin}"}} 1.0' in witness.get("/metrics").body.decode()


def test_422_for_a_proof_that_does_not_hold(witness: RunningWitness, log: SampleLog):
    assert witness.add(growth(log, 0, 100)).status == 200
    good = growth(log, 100, 300)
    other = forked(log)
    forged = [
        replace(good, hashes=good.hashes[:-1]),
        replace(good, hashes=()),
        replace(good, hashes=(*good.hashes, good.hashes[0])),
        AddCheckpoint(100, tuple(other.tree.consistency_proof(100, 300)), other.checkpoint(300, [log.ed25519])),
    ]
    for request in forged:
        assert witness.add(request).status == 422
    assert witness.add(good).status == 200


def test_a_refusal_changes_nothing(witness: RunningWitness, log: SampleLog):
    assert witness.add(growth(log, 0, 100)).status == 200
    shown = witness.get(f"/{monitoring_path(log.origin)}").body
    for request in (
        growth(log, 0, 50),
        growth(log, 50, 100),
        AddCheckpoint(100, (), log.checkpoint(300, [log.ed25519])),
    ):
        assert witness.add(request).status in (409, 422)
    assert witness.get(f"/{monitoring_path(log.origin)}").body == shown


def test_other_methods_and_paths(witness: RunningWitness):
    answer = witness.get("/add-checkpoint")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert witness.send("POST", "/health").status == 405
    for path in ("/", "/checkpoint", "/add-checkpoint/", "/x/../add-checkpoint", "/%61dd-checkpoint"):
        assert witness.send("POST", path, b"").status in (400, 404, 405)
    assert witness.get("/health").body == f"watching {len(LOGS)} logs\n".encode()


# --- hostile clients


def test_bodies_that_are_too_long(witness: RunningWitness):
    host, port = witness.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(
            b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % (REQUEST_BYTES_MAX + 1)
        )
        assert client.recv(64).startswith(b"HTTP/1.1 413 ")
    endless = (b"x" * 65_536 for _ in range(100))
    # It may hang up on us while we are still sending.
    with suppress(BrokenPipeError, ConnectionResetError):
        assert witness.send("POST", "/add-checkpoint", endless).status == 413
    longest = b"old 0\n\n" + b"x" * (REQUEST_BYTES_MAX - 7)
    assert witness.send("POST", "/add-checkpoint", longest).status == 400


@pytest.mark.parametrize("amount", [400, pytest.param(20_000, marks=pytest.mark.proof)])
def test_changed_requests_are_never_an_error_inside(witness: RunningWitness, log: SampleLog, seed: int, amount: int):
    chance = random.Random(seed)
    assert witness.add(growth(log, 0, 100)).status == 200
    good = format_add_checkpoint(growth(log, 100, 300))
    for _ in range(amount):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        answer = witness.send("POST", "/add-checkpoint", bytes(body))
        assert answer.status in (200, 400, 403, 404, 409, 422), (answer, bytes(body))
        if answer.status == 200:
            # Only lines of strangers or the second signature were changed out of recognition: it is the same text.
            assert parse_cosignatures(answer.body, parse_note(log.checkpoint(300)).text, witness.keys)
            good = format_add_checkpoint(growth(log, 300, 300))


@asynccontextmanager
async def served(folder: Path, log: SampleLog, stopped: list[WitnessStopped]):
    """A witness in this process, so that its patience can be shortened."""
    vkeys = folder / "log.vkeys"
    vkeys.write_text("\n".join(log_vkeys(log)), "utf-8")
    memory = WitnessMemory(folder / "witness", read_watched_logs([vkeys]))
    memory.open("audit.example/w")
    server = HttpServer("127.0.0.1:0", WitnessPages(memory, stopped.append).application(), 1.0)
    host, port = server.bind().split(":")
    server.start()
    try:
        yield host, int(port)
    finally:
        await server.stop()
        memory.close()


async def test_slow_bodies_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(witness_pages, "BODY_SECONDS_MAX", 0.2)
    async with served(tmp_path, LOGS[0], []) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 500\r\n\r\nold 0\n")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_silent_and_slow_heads_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_server, "HEAD_SECONDS_MAX", 0.3)
    async with served(tmp_path, LOGS[0], []) as address:
        for whole, begun in (
            (b"", b""),
            (b"", b"POST /add-check"),
            (b"GET /health HTTP/1.1\r\nHost: w\r\n\r\n", b"GET /hea"),
        ):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(whole)
            if whole:
                await asyncio.wait_for(reader.readuntil(b"watching 1 logs\n"), 5)
            writer.write(begun)
            assert await asyncio.wait_for(reader.read(), 2) == b""
            writer.close()


async def test_a_memory_that_vanishes_under_it_stops_it(tmp_path: Path):
    stopped = list[WitnessStopped]()
    async with served(tmp_path, LOGS[0], stopped) as address:
        next((tmp_path / "witness").glob("cosigned-*")).unlink()
        body = format_add_checkpoint(growth(LOGS[0], 0, 100))
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"POST /add-checkpoint HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        said = await asyncio.wait_for(reader.read(), 5)
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"this witness cosigns nothing until its operator has looked" in said
        writer.close()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(f"GET /{monitoring_path(LOGS[0].origin)} HTTP/1.0\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 503 ")
        writer.close()
    assert [" is missing beside the keys" in str(why) for why in stopped] == [True, True]


# --- one at a time


def test_of_requests_at_once_one_is_cosigned(witness: RunningWitness, log: SampleLog):
    at, sizes = 0, random.Random(1)
    for _ in range(6):
        wanted = sorted(sizes.sample(range(at + 1, at + 40), 6))
        answers = at_once([partial(witness.add, growth(log, at, size)) for size in wanted])
        cosigned = [size for size, answer in zip(wanted, answers, strict=True) if answer.status == 200]
        assert len(cosigned) == 1, [answer.status for answer in answers]
        assert {answer.body for answer in answers if answer.status == 409} == {b"%d\n" % cosigned[0]}
        assert sum(answer.status == 409 for answer in answers) == 5
        at = cosigned[0]


def at_once(calls: list[Callable[[], object]]) -> list:
    start, found = threading.Barrier(len(calls)), dict[int, object]()

    def one(number: int, call: Callable[[], object]) -> None:
        start.wait(10)
        found[number] = call()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [found[number] for number in range(len(calls))]


def test_a_second_witness_cannot_use_the_folder(witness: RunningWitness):
    done = hours_ledger("witness", "--folder", witness.folder, "--log", witness.folder.with_suffix(".vkeys"))
    assert done.returncode == FAILED
    assert f"is in use by process {witness.child.pid}" in " ".join(done.stderr.split())


# --- the verifiers of others


def test_go_opens_what_was_cosigned_over_http(witness: RunningWitness, log: SampleLog, tmp_path: Path):
    questions: list[dict[str, Field]] = []
    for old, new in ((0, 100), (100, 300)):
        note = growth(log, old, new).checkpoint + witness.add(growth(log, old, new)).body
        assert len(verified_signatures(parse_note(note), witness.keys)) == 2
        keys = [*log_vkeys(log), *(key.line() for key in witness.keys)]
        root = log.tree.root(new)
        questions.append({"Kind": "note", "Note": note, "Keys": keys, "Origin": log.origin, "Size": new, "Root": root})
        other_text = note.replace(b"\n%d\n" % new, b"\n%d\n" % (new - 1))
        questions.append({**questions[-1], "Note": other_text, "Size": new - 1})
    answers = ask_go(build_go_check(tmp_path), questions)
    assert [answer.good for answer in answers] == [True, False, True, False], answers
