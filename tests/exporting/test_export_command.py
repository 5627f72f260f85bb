"""`hours-ledger export` from a server with the paths of `serve`, whatever that server does; and what is said of DIR."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.export_audit import bundles_in_order
from ledger.exporting import log_client
from tests.exporting.sample_ledger import SampleLedger
from tests.exporting.sample_server import TOKEN, SampleServer, sample_server
from tests.exporting.synthetic_log import history
from tests.system.served_ledger import Done, answered, hours_ledger

SIZES = (600, 300)


@pytest.fixture(scope="module")
def source() -> SampleLedger:
    return SampleLedger([telling.events for telling in history(SIZES)])


@pytest.fixture
def server(source, monkeypatch) -> Iterator[SampleServer]:
    monkeypatch.setattr(log_client, "_PAUSE_SECONDS", 0.001)
    with sample_server(source) as served:
        yield served


@pytest.fixture(scope="module")
def keys(source, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("keys") / "log.vkeys"
    file.write_text("".join(f"{line}\n" for line in source.vkeys))
    return f"@{file}"


@pytest.fixture(scope="module")
def exported(source, keys, tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("exported") / "out"
    with sample_server(source) as server:
        assert export(folder, server, "--key", keys).returncode == 0
    return folder


def export(folder: Path, server: SampleServer, *more: str, token: str = TOKEN) -> Done:
    return hours_ledger("export", folder, "--url", server.url, *more, LEDGER_AUDITOR_TOKEN=token, LEDGER_DATABASE="x")


def test_it_prints_what_it_fetched_and_the_audit_finds_nothing(server, keys, tmp_path):
    out = tmp_path / "out"
    told = answered(export(out, server, "--key", keys, "--json"))
    assert [log["size"] for log in told["partitions"]] == list(SIZES)
    assert told["folder"] == str(out)
    audited = answered(hours_ledger("audit", "--export", out, "--key", keys, "--json"))
    assert (audited["findings"], audited["first"]) == (0, [])
    verified = answered(hours_ledger("verify", out, "--key", keys, "--json"))
    assert verified["verified"] == "export"
    assert len(server.connections) <= 6  # kept open between questions


def test_without_keys_it_says_that_nobody_signed(server, tmp_path):
    done = export(tmp_path / "out", server)
    assert done.returncode == 0
    assert "signatures were not checked" in done.stderr
    audited = hours_ledger("audit", "--export", tmp_path / "out")
    assert audited.returncode == 0
    assert "NO SIGNATURE WAS CHECKED" in audited.stdout
    assert hours_ledger("verify", tmp_path / "out").returncode == 2


def refuse_twice(server: SampleServer, status: int) -> None:
    times: dict[str, int] = {}

    def fault(handler: Any) -> bool:
        times[handler.path] = times.get(handler.path, 0) + 1
        if times[handler.path] > 2:
            return False
        handler.answer(status, b"not now\n")
        return True

    server.fault = fault


def cut_twice(server: SampleServer) -> None:
    times: dict[str, int] = {}

    def fault(handler: Any) -> bool:
        times[handler.path] = times.get(handler.path, 0) + 1
        if times[handler.path] > 2:
            return False
        body = server.page(handler.path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True
        return True

    server.fault = fault


@pytest.mark.parametrize("fault", [lambda server: refuse_twice(server, 503), cut_twice], ids=["busy", "cut"])
def test_a_server_that_fails_for_a_moment_is_asked_again(server, keys, tmp_path, fault):
    fault(server)
    assert export(tmp_path / "out", server, "--key", keys).returncode == 0
    assert hours_ledger("audit", "--export", tmp_path / "out", "--key", keys).returncode == 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": 500, "body": b"INTERNAL\n"}, "500 INTERNAL"),
        ({"status": 302, "body": b"", "Location": "http://127.0.0.1:1/"}, "302"),
        ({"status": 403, "body": b"\x1b[31mgo away\n"}, r"403 \x1b[31mgo away"),
        ({"status": 200, "body": b"\0" * 70_000}, "none"),
        ({"status": 404, "body": b"NOT_FOUND\n"}, "404"),
    ],
)
def test_a_server_that_gives_something_else_is_told_of_and_leaves_no_export(server, keys, tmp_path, answer, says):
    def fault(handler: Any) -> bool:
        if not handler.path.startswith("/log/0/tile/entries/001"):
            return False
        handler.answer(**answer)
        return True

    server.fault = fault
    done = export(tmp_path / "out", server, "--key", keys)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out/manifest.json").exists()
    server.fault = lambda _: False
    assert export(tmp_path / "out", server, "--key", keys).returncode == 0


def test_without_the_token_nothing_is_fetched(server, keys, tmp_path):
    done = export(tmp_path / "out", server, "--key", keys, token="a guess")
    assert done.returncode == 1
    assert "auditors" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--url", "ftp://hours.example"], "https://"),
        (["--url", "http://hours.example:port"], "https://"),
        (["--url", "http://"], "https://"),
        ([], "--url"),
        (["--url", "http://127.0.0.1:1", "--key", "rubbish"], "verifier key"),
        (["--url", "http://127.0.0.1:1", "--witnesses", "1"], "witnesses"),
    ],
)
def test_wrong_use_ends_with_2(tmp_path, arguments, says):
    done = hours_ledger("export", tmp_path / "out", *arguments, LEDGER_AUDITOR_TOKEN="x", LEDGER_DATABASE="x")
    assert done.returncode == 2, done
    assert says in done.stderr
    assert not (tmp_path / "out").exists()


def test_nobody_there_ends_with_1(tmp_path, monkeypatch):
    monkeypatch.setattr(log_client, "_PAUSE_SECONDS", 0.001)
    done = hours_ledger("export", tmp_path / "out", "--url", "http://127.0.0.1:1", LEDGER_AUDITOR_TOKEN="x")
    assert done.returncode == 1
    assert "asked 6 times" in done.stderr


@pytest.mark.parametrize(
    ("path", "at", "step"),
    [
        ("manifest.json", 60, 1),
        ("0/checkpoint", 60, 2),
        ("0/balances", 60, 2),
        ("0/tile/entries/000", 4, 3),
        ("0/tile/entries/000", 60, 4),
        ("0/tile/1/000.p/2", 60, 4),
    ],
)
def test_verify_names_the_step_at_which_an_export_fails(exported, keys, tmp_path, path, at, step):
    copy = shutil.copytree(exported, tmp_path / "copy")
    data = (copy / path).read_bytes()
    (copy / path).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    done = hours_ledger("verify", copy, "--key", keys)
    assert done.returncode == 1
    assert done.stderr.startswith(f"step {step} ("), done.stderr
    as_json = hours_ledger("verify", copy, "--key", keys, "--json")
    assert json.loads(as_json.stdout)["step"] == step
    audited = hours_ledger("audit", "--export", copy, "--key", keys)
    assert (audited.returncode, audited.stdout.splitlines()[-1][:10]) == (1, "findings: ")


def test_a_checkpoint_kept_from_earlier_must_still_hold(source, exported, keys, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes(source.checkpoint(0, 311))
    audit = ("audit", "--export", exported, "--key", keys, "--checkpoint", kept)
    assert hours_ledger(*audit).returncode == 0
    forked = [telling.events for telling in history(SIZES)]
    forked[0][300] = forked[0][300].replace(b"7200", b"9200")
    kept.write_bytes(SampleLedger(forked).checkpoint(0, 311))
    done = hours_ledger(*audit)
    assert done.returncode == 1
    assert "export kept checkpoint, partition 0, position 311: root is" in done.stdout
    kept.write_bytes(SampleLedger([telling.events for telling in history((700, 300))]).checkpoint(0, 700))
    assert "at least 700" in hours_ledger(*audit).stdout


def test_a_reading_process_that_ends_is_told_of_and_nothing_is_said_of_the_export(exported, keys, monkeypatch):
    monkeypatch.setattr(bundles_in_order, "ALONE_EVENTS_MAX", 0)
    monkeypatch.setattr(bundles_in_order, "READER", (sys.executable, "-c", "raise SystemExit(7)"))
    for command in (("audit", "--export"), ("verify",)):
        done = hours_ledger(*command, exported, "--key", keys)
        assert done.returncode == 1
        assert "ended with exit code 7; run it again" in done.stderr
        assert done.stdout == ""


def test_what_does_not_go_together_is_wrong_use(exported, keys, tmp_path):
    for arguments in (
        ["audit", "--export", exported, "--settled"],
        ["audit", "--export", exported, "--data-dir", tmp_path],
        ["audit", "--export", tmp_path / "nothing"],
        ["audit", "--witnesses", "1"],
        ["verify", exported, "--key", keys, "--event", keys[1:]],
        ["rebuild", "--from", "export"],
        ["rebuild", "--from", "kafka", "--export", exported],
        ["rebuild", "--export", exported],
        ["rebuild", "--store", "--from", "store"],
    ):
        done = hours_ledger(*arguments)
        assert done.returncode == 2, (arguments, done)
        assert "Traceback" not in done.stderr
