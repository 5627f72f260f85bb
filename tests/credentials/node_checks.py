"""The verifier of SD-JWT VCs that other people wrote, in JavaScript: installed once a run. Without Node: a failure."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("node_check")
INSTALL_SECONDS_MAX: Final = 200.0
ANSWER_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True)
class Answer:
    """What it says to one credential."""

    good: bool
    said: str
    payload: dict[str, object] | None


def install_node_check(folder: Path) -> Path:
    """The program beside this file, with the packages whose hashes its package-lock.json pins."""
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, INSTALL_SECONDS_MAX)
    return folder


def ask_node(folder: Path, questions: Sequence[dict[str, object]]) -> list[Answer]:
    """The answers, in order."""
    said = json.loads(_run(["node", "verify.mjs"], folder, ANSWER_SECONDS_MAX, json.dumps(questions)))
    assert len(said) == len(questions)
    return [Answer(one["good"], one["said"], one["payload"]) for one in said]


def _run(command: list[str], folder: Path, seconds_max: float, given: str = "") -> str:
    program = shutil.which(command[0])
    assert program is not None, f"the program `{command[0]}` is missing: `make test` installs it when run as root"
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=seconds_max,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stderr}"
    return done.stdout
