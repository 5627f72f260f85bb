"""The log over HTTP as strangers meet it: Tessera's fsck takes it whole, and nobody gets more of it than is theirs."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.transparency.tiles import EntryBundle, HashTile, decode_bundle, width_at
from ledger.transparency.verify import verify_checkpoint, verify_event, verify_whole_log
from tests.system.access_store import with_access_store
from tests.system.served_ledger import HISTORY, hours_ledger
from tests.system.served_log import TOKEN, Page, ServedLog, served_log
from tests.system.stored_history import heads_of, settings_environment
from tests.system.superuser import changed, removed
from tests.transparency.go_checks import build_fsck, fsck_accepts_at

SIZES = [0, 1, 255, 256, 257, 3_000]
SIZES_OF_THE_FULL_DOSE = [65_535, 65_536, 66_000]
FSCK_SECONDS_MAX = 60.0
HANGING_SECONDS_MAX = 3.0
"""Without entries fsck does not end, or ends in vain."""
FOR_EVER = "max-age=31536000, immutable"


@pytest.fixture(scope="module")
def fsck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fsck(tmp_path_factory.mktemp("fsck"))


@pytest.fixture(scope="module")
def log(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    """A log of size 3,000 that had checkpoints at all of SIZES; ten events more are stored and not signed."""
    with served_log(postgres, tmp_path_factory.mktemp("log"), SIZES[-1] + 10) as served:
        assert served.get("/log/0/checkpoint").line.startswith("LOG_NOT_KEPT: ")
        for size in SIZES:
            served.writer.grow_to(size)
        yield served


def accepted(fsck: Path, log: ServedLog, size: int, token: str, seconds_max: float) -> tuple[bool, str]:
    key_file = log.child.log_file.with_name("log.vkey")
    key_file.write_text(log.writer.vkeys[0], "utf-8")
    return fsck_accepts_at(fsck, f"http://{log.http}/log/0/", key_file, size, seconds_max, token)


@pytest.mark.parametrize("sizes", [SIZES, pytest.param(SIZES_OF_THE_FULL_DOSE, marks=pytest.mark.proof)], ids=str)
def test_fsck_takes_the_whole_log_at_every_size(fsck, postgres, tmp_path, sizes):
    with served_log(postgres, tmp_path, sizes[-1] + 10) as log:
        for size in sizes:
            log.writer.grow_to(size)
            log.writer.forget_partial_tiles()
            good, wrote = accepted(fsck, log, size, TOKEN, FSCK_SECONDS_MAX)
            assert good, f"size {size}: {wrote}"
        if sizes is SIZES:
            assert not accepted(fsck, log, sizes[-1], "", HANGING_SECONDS_MAX)[0]
            assert not accepted(fsck, log, sizes[-1], TOKEN[:-1] + "_", HANGING_SECONDS_MAX)[0]


def test_fsck_takes_the_log_of_a_real_history(fsck, postgres, tmp_path):
    with served_log(postgres, tmp_path, 0) as log:
        imported = hours_ledger("import", "leeds2023", HISTORY, address=log.grpc)
        assert imported.returncode == 0, imported.stderr
        size = heads_of(log.settings)[0]
        assert size > 1_000
        log.writer.grow_to(size)
        good, wrote = accepted(fsck, log, size, TOKEN, FSCK_SECONDS_MAX)
        assert good, wrote


def test_the_checkpoint_is_the_newest_and_soon_asked_for_again(log: ServedLog):
    page = log.get("/log/0/checkpoint")
    assert page.body == log.writer.checkpoints[SIZES[-1]]
    assert verify_checkpoint(page.body, log.writer.policy).checkpoint.size == SIZES[-1]
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert page.headers["cache-control"] == "public, max-age=2"


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_tile_of_every_checkpoint_stays_and_narrow_ones_are_cut_from_wide_ones(log: ServedLog, size: int):
    for level in range(2):
        index = (size >> 8 * level) // 256
        width = width_at(level, index, size)
        if width:
            page = log.get(f"/log/0/{HashTile(level, index, width).path}")
            assert (page.status, len(page.body)) == (200, 32 * width)
            assert page.headers["content-type"] == "application/octet-stream"
            assert page.headers["cache-control"] == f"public, {FOR_EVER}"
            narrower = log.good(f"/log/0/{HashTile(level, index, 1).path}")
            assert page.body.startswith(narrower)


def test_entries_are_for_auditors_alone(log: ServedLog):
    path = f"/log/0/{EntryBundle(0).path}"
    for token in (None, "", "x", TOKEN[:-1], f"{TOKEN} "[1:], "ключ".encode().decode("latin-1")):
        refused = log.get(path, token)
        assert refused.status == 401, token
        assert refused.headers["www-authenticate"] == 'Bearer realm="entries"'
        assert "auditors" in refused.line
    page = log.get(path, TOKEN)
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["vary"] == "Authorization"
    assert len(decode_bundle(page.body, 256)) == 256


def test_who_is_refused_entries_stands_in_the_log_without_what_was_shown(log: ServedLog):
    guess = "a-guess-that-no-log-may-show"
    for token in (None, guess):
        assert log.get(f"/log/0/{EntryBundle(0).path}", token).status == 401
    told = log.child.log_file.read_text("utf-8")
    assert '"event": "security: token-refused", "client": "?", "cause": "entries over HTTP: no token was shown"' in told
    assert '"cause": "the token: malformed"' in told
    assert guess not in told


def test_without_a_token_set_nobody_is_an_auditor(postgres, tmp_path):
    with served_log(postgres, tmp_path, 3, token="") as log:
        log.writer.grow_to(3)
        for token in (None, "", "None"):
            assert log.get("/log/0/tile/entries/000.p/3", token).status == 401
        assert log.good("/log/0/tile/0/000.p/3")


def test_all_entries_hash_to_the_checkpoint_and_none_is_shown_before_it_is_signed(log: ServedLog):
    entries: list[bytes] = []
    for index in range(-(-SIZES[-1] // 256)):
        bundle = EntryBundle(index, width_at(0, index, SIZES[-1]))
        entries += decode_bundle(log.good(f"/log/0/{bundle.path}", TOKEN), bundle.width)
    verify_whole_log(log.good("/log/0/checkpoint"), entries, log.writer.policy)
    beyond = width_at(0, SIZES[-1] // 256, SIZES[-1]) + 1
    assert log.get(f"/log/0/tile/entries/011.p/{beyond}", TOKEN).status == 404
    assert log.get(f"/log/0/tile/0/011.p/{beyond}").status == 404


@pytest.mark.parametrize("position", [1, 256, 257, 1_234, SIZES[-1]])
def test_a_proof_file_proves_its_event(log: ServedLog, position: int):
    page = log.get(f"/log/0/proof/{position}")
    index = (position - 1) // 256
    bundle = EntryBundle(index, width_at(0, index, SIZES[-1]))
    event = decode_bundle(log.good(f"/log/0/{bundle.path}", TOKEN), bundle.width)[(position - 1) % 256]
    assert verify_event(page.body, event, log.writer.policy).position == position
    assert page.headers["cache-control"] == "public, max-age=2"


def test_head_says_the_same_without_a_body(log: ServedLog):
    for path in ("/log/0/checkpoint", "/log/0/tile/0/000", "/log/0/proof/1", "/health", "/log/0/tile/0/999"):
        asked, told = log.get(path, method="HEAD"), log.get(path)
        assert (asked.status, asked.body) == (told.status, b"")
        assert asked.headers["content-length"] == str(len(told.body))


BAD_PATHS = {
    404: [
        "/", "/log", "/log/", "/log/0", "/log/0/", "//log/0/checkpoint", "/log/0/checkpoint/", "/log/0/Checkpoint",
        "/log/2/checkpoint", "/log/9999999999/checkpoint", "/log/9223372036854775807/checkpoint", "/log/1/checkpoint",
        "/log/1/tile/0/000", "/log/1/proof/1", "/log/0/proof/3001", "/log/0/proof/9223372036854775807",
        "/log/0/consistency/0/3001", "/log/0/tile/0/012", "/log/0/tile/0/011", "/log/0/tile/1/001.p/1",
        "/log/0/tile/8/000", "/log/0/tile/63/000.p/1", "/log/0/tile/0/x999/x999/999", "/log/0/proof/", "/metrics/",
    ],
    400: [
        "/log/00/checkpoint", "/log/-1/checkpoint", "/log/a/checkpoint", "/log/٠/checkpoint".encode().decode("latin-1"),
        "/log/9223372036854775808/checkpoint", "/log/%30/checkpoint", "/log/0/tile/0/%30%30%30", "/log/0/tile/0/0",
        "/log/0/tile/0/000.p/0", "/log/0/tile/0/000.p/256", "/log/0/tile/0/000.p/01", "/log/0/tile/0/x000/001",
        "/log/0/tile/00/000", "/log/0/tile/64/000", "/log/0/tile/0/0000", "/log/0/tile/0/000/", "/log/0/tile/",
        "/log/0/tile/0/../0/000", "/log/0/tile/entries/1", "/log/0/tile/entries/000.p/", "/log/0/tile/-1/000",
        "/log/0/tile/0/x999/x999/x999/x999/x999/x999/999", "/log/0/proof/0", "/log/0/proof/01", "/log/0/proof/1.0",
        "/log/0/proof/%0a1", "/log/0/consistency/2/1", "/log/0/consistency/x/1", "/log/0/consistency/1/-1",
        "/log/0/tile/" + "9" * 8_000, "/log/0/proof/" + "9" * 5_000,
    ],
}  # fmt: skip


@pytest.mark.parametrize("status", BAD_PATHS)
def test_a_wrong_path_is_answered_by_one_clear_line(log: ServedLog, status: int):
    for path in BAD_PATHS[status]:
        page = raw(log, path) if not path.isascii() else log.get(path, TOKEN)
        assert page.status == status, (path, page.body)
        if path.isascii():
            assert page.line, path
    assert "Traceback" not in log.child.log_file.read_text("utf-8")


def raw(log: ServedLog, path: str) -> Page:
    """A path that no honest client sends; the server's parser may answer itself."""
    host, port = log.http.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    names = dict(line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:])
    return Page(int(head.split(b" ")[1]), {name.lower(): value for name, value in names.items()}, body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_pages_are_only_read(log: ServedLog, method: str):
    for path in ("/log/0/checkpoint", "/log/0/tile/0/000", "/metrics"):
        page = log.get(path, method=method)
        assert (page.status, page.headers["allow"]) == (405, "GET, HEAD")
        assert "GET or HEAD" in page.line


def test_a_browser_that_meets_a_page_does_nothing_with_it(log: ServedLog):
    entries = f"/log/0/{EntryBundle(0).path}"
    good = [log.get(path, TOKEN) for path in ("/log/0/checkpoint", "/log/0/tile/0/000", "/health", "/metrics", entries)]
    good.append(log.get("/health", method="HEAD"))
    bad = [log.get(entries), log.get("/nothing"), log.get("/log/00/checkpoint"), log.get("/health", method="POST")]
    bad.append(raw(log, "/\xa0"))
    assert [page.status for page in (*good, *bad)] == [200] * len(good) + [401, 404, 400, 405, 400]
    for page in (*good, *bad):
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        policy = page.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
        kind = page.headers["content-type"]
        assert kind == "application/octet-stream" or "charset=utf-8" in kind
        assert not [name for name in page.headers if name.startswith("access-control-") or name == "set-cookie"]
        assert "strict-transport-security" not in page.headers


def test_where_a_request_ends_is_read_in_one_way(log: ServedLog):
    """Nobody hides a second request in a first one's body (RFC 9112 section 6.3)."""

    def statuses(head: str) -> list[str]:
        host, port = log.http.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            hidden = "GET /log/0/checkpoint HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n"
            connection.sendall(f"GET /health HTTP/1.1\r\nHost: l\r\n{head}\r\n0\r\n\r\n{hidden}".encode())
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        return re.findall(r"HTTP/1\.1 ([0-9]{3}) ", answer.decode())

    assert statuses("Transfer-Encoding: chunked\r\n") == ["200", "200"]
    assert statuses("Content-Length: 200\r\nTransfer-Encoding: chunked\r\n") in (["200", "200"], ["400"])
    for two_truths in (
        "Content-Length: 5\r\nContent-Length: 200\r\n",
        "Content-Length: 5, 200\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Content-Length: +5\r\n",
    ):
        assert statuses(two_truths)[-1] in ("400", "501"), two_truths


def test_a_changed_or_missing_row_is_told_and_never_passed_on(log: ServedLog):
    owner = log.settings.owner_database
    with changed(owner, "events", "version", "version + 1", "position = 7"):
        page = log.get("/log/0/tile/entries/000", TOKEN)
        assert page.status == 500
        told = re.fullmatch("INTERNAL: the ledger failed inside; tell those who run it the incident (.*)", page.line)
        assert told is not None
        assert f'"incident": "{told[1]}"' in log.child.log_file.read_text("utf-8")
    with removed(owner, "events", "position = 256"):
        assert log.get("/log/0/tile/entries/000", TOKEN).status == 500
    with removed(owner, "log_tiles", "level = 0 and tile_index = 0 and width = 256"):
        assert log.get("/log/0/tile/0/000").status == 500
        assert log.get("/log/0/proof/1").status == 500
    assert "partition 0: position 256 is missing" in log.child.log_file.read_text("utf-8")


def test_metrics_and_health(log: ServedLog):
    assert log.good("/health") == b"serving\n"
    figures = dict(
        line.rsplit(" ", 1)
        for line in log.good("/metrics").decode().splitlines()
        if line.startswith("ledger_") and " " in line
    )
    assert float(figures['ledger_log_size{partition="0"}']) == SIZES[-1]
    assert float(figures['ledger_events{partition="0"}']) > SIZES[-1]
    assert 0 <= float(figures['ledger_log_checkpoint_age_seconds{partition="0"}']) < 600
    assert float(figures['ledger_http_requests_total{page="checkpoint",status="200"}']) >= 1
    assert figures["ledger_event_store_reached"] == "1.0"


def test_wrong_addresses_are_named_before_anything_is_served(log: ServedLog):
    for address, says in {
        log.http: "cannot be listened on",
        "127.0.0.1:http": "host:port",
        "0.0.0.0:0": "loopback",
    }.items():
        settings = log.settings.model_copy(update={"http_address": address})
        done = subprocess.run(
            [sys.executable, "-m", "ledger", "serve"],
            env={**settings_environment(with_access_store(settings)), "COLUMNS": "300"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert "serving" not in done.stdout
        assert "LEDGER_HTTP_ADDRESS" in done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_the_service_can_read_the_log_and_not_write_it(log: ServedLog):
    with psycopg.connect(log.settings.database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from log_tiles")
