"""docs/witness.md as it is printed: an audit office makes keys and runs a witness, and a log is published with it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from ledger.child_process import ChildProcess
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.settings import Settings
from tests.system.kept_log import assert_sound, emptied, keep_once, published
from tests.system.running_witness import RunningWitness, running
from tests.system.served_log import PROJECT
from tests.system.stored_history import opened_store, store_attendances
from tests.system.witnessed_log import signer_made, vkeys_of

PAGE = (PROJECT / "docs" / "witness.md").read_text("utf-8")


def test_the_page_from_keys_to_a_published_checkpoint(postgres: EmbeddedPostgres, tmp_path: Path):
    show_key, run_it, fetch, verify = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
    settings = emptied(opened_store(postgres, 1), tmp_path)
    signer_made(settings)
    tmp_path.joinpath("log.vkeys").write_text("".join(f"{line}\n" for line in vkeys_of(settings)), "utf-8")
    typed(tmp_path, show_key)
    witness = as_printed(tmp_path, run_it)
    with running(witness):
        assert "".join(f"{key.line()}\n" for key in witness.keys) == tmp_path.joinpath("audit-office.vkeys").read_text()
        (url, required, fallback) = re.findall(r"^LEDGER_WITNESSES\w*=\"?([^\"\n]+)\"?$", PAGE, re.MULTILINE)
        office = url.split(",")[0].replace("https://witness.audit-office.example", witness.url)
        assert (required, fallback) == ("2", "hold")
        keeping = Settings.model_validate(
            {
                **settings.model_dump(),
                "witnesses": office.replace("@", f"@{tmp_path}/"),
                "witnesses_required": 1,
                "witnesses_fallback": fallback,
            }
        )
        store_attendances(keeping, 17)
        keep_once(keeping)
        typed(tmp_path, fetch.replace("http://127.0.0.1:8081", witness.url))
        told = typed(tmp_path, verify)
        assert "size 17" in told
        assert "signed by audit-office.example/w1 " in told
        # What the office shows is what the ledger published.
        assert tmp_path.joinpath("seen.checkpoint").read_bytes() == published(keeping)[-1].note
    assert_sound(keeping)


def typed(folder: Path, command: str) -> str:
    """What a command of the page prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_printed(folder: Path, command: str) -> RunningWitness:
    """The command that runs the witness, on a free port; it names no key: they are in its folder."""
    arguments = shlex.split(command)[1:]
    arguments[arguments.index("--listen") + 1] = "127.0.0.1:0"
    child = ChildProcess(
        "witness", [sys.executable, "-m", "ledger", *arguments], folder / "said.log", working_directory=folder
    )
    return RunningWitness("audit-office.example/w1", folder / "witness", child)


def test_every_alarm_of_the_page_is_one_of_the_code():
    files = [*(PROJECT / "ledger" / "witnessing").glob("*.py"), PROJECT / "ledger" / "commands" / "witness.py"]
    code = "".join(path.read_text("utf-8") for path in files)
    table = PAGE[PAGE.index("## What an alarm means") :]
    said = [text.removeprefix("ALARM: ").rstrip(": ") for text in re.findall(r"^\| `([^`…]+)", table, re.MULTILINE)]
    assert len(said) == 5
    assert [text for text in said if not text or text not in code] == []
