"""The auditor as it is run, and what it said."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Final

from examples import independent_audit as auditor

PROGRAM: Final = Path(__file__).parents[2] / "examples" / "independent_audit.py"


def run(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = auditor.main([str(folder), *arguments])
    return code, output.getvalue().splitlines()


def first_finding(folder: Path, *arguments: str):
    code, lines = run(folder, "--json", *arguments)
    summary = json.loads(lines[-1])
    assert code == 1
    assert summary["findings"] >= 1
    return summary["first"]
