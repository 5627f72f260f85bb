"""A witness that is broken, slow or hostile: in time there is an answer, which says what is the matter."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ledger.log_keeping import witness_call
from ledger.log_keeping.witness_call import Cosigned, NoAnswer, OtherSize, Refused, Reply, WitnessCaller
from ledger.transparency.signed_note import parse_note, parse_signature_lines
from ledger.witness_quorum import Witness
from tests.system.running_witness import growth, log_vkeys
from tests.system.served_witness import ServedWitness
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

LOG = SampleLog("hours.example/log/0", sample_entries(300))
KEYS = tuple(signer.key for signer in LOG.witnesses[:1])
DEADLINE_SECONDS = 0.4

Answering = Callable[[socket.socket], None]


@contextmanager
def listening(answer: Answering) -> Iterator[WitnessCaller]:
    """Whatever connects is read from and answered like this."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=[client], daemon=True).start()

    def one(client: socket.socket) -> None:
        with client, client.makefile("rb") as sent:
            head = b"".join(iter(sent.readline, b"\r\n")).decode()
            length = re.search(r"^content-length: (\d+)\r$", head, re.MULTILINE | re.IGNORECASE)
            assert length is not None, head
            sent.read(int(length[1]))
            with suppress(OSError):
                answer(client)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield WitnessCaller(Witness(f"http://127.0.0.1:{server.getsockname()[1]}/prefix", KEYS))
    finally:
        # A thread that waits in accept() holds the socket: shutting it down wakes it.
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def reply_to(answer: Answering) -> Reply:
    with listening(answer) as caller:
        begun = time.monotonic()
        reply = caller.ask_now(growth(LOG, 0, 5), parse_note(LOG.checkpoint(5)).text)
        assert time.monotonic() - begun < 4 * DEADLINE_SECONDS
    return reply


def saying(status: str, body: bytes, headers: str = "") -> Answering:
    def answer(client: socket.socket) -> None:
        client.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return answer


def dripping(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.sendall(b"X-More: 1\r\n")
        time.sleep(0.05)


def dripping_body(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.05)


def endless(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        client.sendall(b"x" * 65_536)


def silent(client: socket.socket) -> None:
    client.recv(1)


RIGHT = LOG.witnesses[0].sign(parse_note(LOG.checkpoint(5)).text, SIGNED_AT).line().encode()
OTHER = LOG.witnesses[0].sign(parse_note(LOG.checkpoint(6)).text, SIGNED_AT).line().encode()
STRANGER = LOG.witnesses[1].sign(parse_note(LOG.checkpoint(5)).text, SIGNED_AT).line().encode()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_call, "CALL_SECONDS_MAX", DEADLINE_SECONDS)


@pytest.mark.parametrize("answer", [dripping, dripping_body, silent], ids=lambda answer: answer.__name__)
def test_slow_ones_are_given_up(answer: Answering):
    reply = reply_to(answer)
    assert isinstance(reply, NoAnswer)
    assert "Timeout" in reply.reason


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (endless, "its answer is longer than 1000000 bytes"),
        (lambda client: client.close(), "RemoteDisconnected"),
        (lambda client: client.sendall(b"SSH-2.0-x\r\n"), "BadStatusLine"),
        (
            lambda client: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nx"),
            "at least one signature must follow",
        ),
        (saying("200 OK", b""), "status 200, and signed note: at least one signature must follow"),
        (saying("200 OK", b"\xff\n"), "it must be UTF-8"),
        (saying("200 OK", STRANGER), "a cosignature of the witness must be there"),
        (saying("200 OK", OTHER), "it must be the signature of hours.example/log/0/w1"),
        (saying("200 OK", RIGHT + OTHER), "it must be the signature of hours.example/log/0/w1"),
        (saying("409 Conflict", b"many\n"), "status 409, and add-checkpoint answer: the size must be a decimal"),
        (saying("409 Conflict", b""), "status 409, and"),
    ],
)
def test_what_is_no_answer_of_this_protocol(answer: Answering, says: str):
    reply = reply_to(answer)
    assert isinstance(reply, NoAnswer)
    assert says in reply.reason


def test_answers_of_this_protocol():
    assert reply_to(saying("200 OK", STRANGER + RIGHT)) == Cosigned(parse_signature_lines(RIGHT.decode()))
    assert reply_to(saying("409 Conflict", b"17\n")) == OtherSize(17)
    assert reply_to(saying("403 Forbidden", b"no\x1b[31m\nkey \xd8\n")) == Refused(403, "no[31m key \ufffd")
    # Nobody is followed to another place.
    assert reply_to(saying("307 Elsewhere", b"", "Location: http://127.0.0.1:1/\r\n")) == Refused(307, "")


def test_nobody_there():
    caller = WitnessCaller(Witness("http://127.0.0.1:1", KEYS))
    reply = caller.ask_now(growth(LOG, 0, 5), parse_note(LOG.checkpoint(5)).text)
    assert isinstance(reply, NoAnswer)
    assert "ConnectionRefused" in reply.reason


def test_a_connection_is_kept_and_made_anew_when_it_was_closed(tmp_path: Path):
    witness = ServedWitness(tmp_path / "witness", "audit.example/w")
    witness.start(log_vkeys(LOG))
    caller = WitnessCaller(Witness(f"http://{witness.address}", tuple(witness.keys.verifier_keys)))
    try:
        for old, new in ((0, 5), (5, 9)):
            reply = caller.ask_now(growth(LOG, old, new), parse_note(LOG.checkpoint(new)).text)
            assert isinstance(reply, Cosigned)
        kept = caller._connection.sock
        assert isinstance(caller.ask_now(growth(LOG, 9, 9), parse_note(LOG.checkpoint(9)).text), Cosigned)
        assert caller._connection.sock is kept
        witness.stop()
        witness.start(log_vkeys(LOG))
        assert isinstance(caller.ask_now(growth(LOG, 9, 12), parse_note(LOG.checkpoint(12)).text), Cosigned)
        assert caller._connection.sock is not kept
    finally:
        witness.stop()
