"""docs/verify.md as it is printed: its commands, its program in Go, and the example, against a service that runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.request import urlopen

import pytest

from ledger.access.caller import Role
from ledger.transparency.witness_protocol import AddCheckpoint, format_add_checkpoint
from tests.system.acting import issuer_folder, token_for
from tests.system.served_log import PROJECT, ServedLog, served_log
from tests.system.served_witness import ServedWitness
from tests.transparency.go_checks import SOURCE, run_go

PAGE = (PROJECT / "docs" / "verify.md").read_text("utf-8")
OLD, NEW = 300, 1_000
WITNESS = "audit-office.example/w1"


@pytest.fixture(scope="module")
def log(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    with served_log(postgres, tmp_path_factory.mktemp("log"), NEW) as served:
        served.writer.grow_to(OLD)
        served.writer.write_vkeys(Path(served.settings.signer_folder))
        yield served


@pytest.fixture(scope="module")
def kept(log: ServedLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command of the page was typed, in order; a checkpoint was kept there before."""
    folder = tmp_path_factory.mktemp("kept")
    folder.joinpath("old.checkpoint").write_bytes(log.good("/log/0/checkpoint"))
    log.writer.grow_to(NEW)
    witness_it(log, folder)
    commands = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
    assert len(commands) == 9
    said = [run(log, folder, ["bash", "-euo", "pipefail", "-c", shown(log, one)]) for one in commands]
    assert [done.returncode for done in said] == [0] * len(commands), said
    told = "".join(done.stdout for done in said)
    assert re.findall("^verified: .*$", PAGE, re.MULTILINE)[0] in told
    assert f"verified: from size {OLD} to {NEW} the log only grew" in told
    assert f"signed by {WITNESS} " in told
    return folder


def witness_it(log: ServedLog, folder: Path) -> None:
    """An audit office has cosigned the newest checkpoint, and its keys are here."""
    witness = ServedWitness(folder / "witness", WITNESS)
    witness.start(log.writer.vkeys)
    request = format_add_checkpoint(AddCheckpoint(0, (), log.writer.checkpoints[NEW]))
    with urlopen(f"http://{witness.address}/add-checkpoint", data=request, timeout=10) as answer:
        log.writer.cosign(NEW, answer.read())
    witness.stop()
    lines = (f"{key.line()}\n" for key in witness.keys.verifier_keys)
    folder.joinpath("audit-office.vkeys").write_text("".join(lines), "utf-8")


def shown(log: ServedLog, command: str) -> str:
    return command.replace("http://127.0.0.1:8080", f"http://{log.http}")


def run(log: ServedLog, folder: Path, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LEDGER_DATABASE": log.settings.database,
        "LEDGER_SIGNER_FOLDER": log.settings.signer_folder,
        "LEDGER_GRPC_ADDRESS": log.grpc,
        "LEDGER_LOCAL_ISSUER": str(issuer_folder()),
        "LEDGER_TOKEN": token_for("staff/auditor", roles=(Role.AUDITOR,)),
        "LEDGER_HTTP_ADDRESS": log.http,
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_commands_work_as_printed(kept: Path):
    assert kept.joinpath("log.vkeys").read_text("utf-8").count("\n") == 2


def test_the_program_in_go_agrees(log: ServedLog, kept: Path, tmp_path: Path):
    [program] = re.findall(r"^```go\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    tmp_path.joinpath("main.go").write_text(program, "utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copy(SOURCE / name, tmp_path / name)
    run_go("build", "-p", "1", "-mod=readonly", "-o", "check", ".", folder=tmp_path)
    changed = tmp_path / "changed.json"
    changed.write_bytes(kept.joinpath("event.json").read_bytes().replace(b"3600", b"7200"))
    for event, code in (("event.json", 0), (changed, 1)):
        done = run(log, kept, [tmp_path / "check", "hour.tlog-proof", event, log.writer.vkeys[0]])
        assert done.returncode == code, done.stderr
        assert ("verified: " in done.stdout) == (code == 0)


def test_the_example_checks_and_remembers(log: ServedLog, kept: Path, tmp_path: Path):
    program = PROJECT / "examples" / "check_an_event.py"
    bare = run(log, tmp_path, [sys.executable, str(program)])
    assert (bare.returncode, "log.vkeys kept.checkpoint 17" in bare.stderr) == (1, True), bare.stderr
    command = [sys.executable, str(program), str(kept / "log.vkeys"), "memory", "17"]
    first = run(log, tmp_path, command)
    assert first.stdout == f"position 17 is in {log.writer.origin}, size {NEW}\n", first.stderr
    shutil.copy(kept / "old.checkpoint", tmp_path / "memory")
    second = run(log, tmp_path, command)
    assert second.stdout.endswith(f"from size {OLD} to {NEW} the log only grew\n"), second.stderr
    assert tmp_path.joinpath("memory").read_bytes() == log.writer.checkpoints[NEW]
    forked = log.writer.checkpoints[OLD].replace(f"\n{OLD}\n".encode(), f"\n{OLD + 1}\n".encode())
    tmp_path.joinpath("memory").write_bytes(forked)
    third = run(log, tmp_path, command)
    assert third.returncode == 1
    assert third.stderr.startswith("NOT verified")
    assert tmp_path.joinpath("memory").read_bytes() == forked
