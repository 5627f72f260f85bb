"""The verifiers that other people wrote, in Go: built once a run. A machine without Go fails these tests."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("go_check")
FSCK: Final = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"
BUILD_SECONDS_MAX: Final = 250.0
ANSWER_SECONDS_MAX: Final = 60.0
FSCK_SECONDS_MAX: Final = 60.0

Field = str | int | bytes | Sequence[str] | Sequence[bytes]


@dataclass(frozen=True)
class Answer:
    """What Go says to one question."""

    good: bool
    said: str
    note: bytes


def run_go(*arguments: str, folder: Path, seconds_max: float = BUILD_SECONDS_MAX, **variables: str) -> None:
    """Run Go's own command, one compiler at a time: the tests share the machine with servers."""
    go = shutil.which("go")
    assert go is not None, "the program `go` is missing: `make test` installs it when run as root"
    done = subprocess.run(
        [go, *arguments],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=seconds_max,
        check=False,
    )
    assert done.returncode == 0, f"go {' '.join(arguments)}:\n{done.stderr}"


def build_go_check(folder: Path) -> Path:
    """Build the program beside this file, with the module versions that its go.sum pins."""
    program = folder / "go_check"
    run_go("build", "-p", "1", "-mod=readonly", "-o", str(program), ".", folder=SOURCE)
    return program


def build_fsck(folder: Path) -> Path:
    """Build Tessera's fsck. Not `go run`: a child of it would outlive the timeout that fsck needs."""
    run_go("install", "-p", "1", FSCK, folder=folder, GOBIN=str(folder))
    return folder / "fsck"


def ask_go(program: Path, questions: Sequence[Mapping[str, Field]]) -> list[Answer]:
    """The answers, in order. Bytes are sent as base64."""
    asked = json.dumps([{name: _plain(value) for name, value in question.items()} for question in questions])
    done = subprocess.run(
        [str(program)], input=asked, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    answers = [Answer(each["Good"], each["Said"], base64.b64decode(each["Note"] or "")) for each in said]
    assert len(answers) == len(questions)
    return answers


def fsck_accepts(program: Path, log_folder: Path, vkey: str, size: int, seconds_max: float) -> tuple[bool, str]:
    """Whether fsck finds a whole log of this size, and what it wrote.

    Version 1.0.4 exits with 0 on every failure, and some failures make it hang for ever: only its line counts.
    """
    key_file = log_folder.with_suffix(".vkey")
    key_file.write_text(vkey, "utf-8")
    return fsck_accepts_at(program, f"file://{log_folder}/", key_file, size, seconds_max)


def fsck_accepts_at(
    program: Path, log_url: str, key_file: Path, size: int, seconds_max: float, bearer_token: str = ""
) -> tuple[bool, str]:
    """The same for a log at an address; the token opens entry bundles."""
    command = [str(program), "--ui=false", f"--storage_url={log_url}", f"--public_key={key_file}"]
    command += [f"--bearer_token={bearer_token}"] if bearer_token else []
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds_max, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f"no end within {seconds_max} s"
    return f"Successfully fsck'd log with size {size} " in done.stderr, done.stderr


def write_log(folder: Path, resources: Mapping[str, bytes]) -> None:
    """A log as files: paths as they are served."""
    for path, data in resources.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _plain(value: Field) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str | int):
        return value
    return [_plain(each) for each in value]
