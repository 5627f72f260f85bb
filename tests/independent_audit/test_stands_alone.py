"""The independent auditor is one file that anybody can take away: no part of the ledger, nothing but Python itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.independent_audit.export_builder import ORIGIN, vkey
from tests.independent_audit.running import PROGRAM


def test_it_imports_nothing_but_the_standard_library() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(PROGRAM.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").partition(".")[0])
    assert imported
    assert imported <= sys.stdlib_module_names


def test_it_runs_alone_in_another_folder(small: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken_away.py"
    taken.write_bytes(PROGRAM.read_bytes())
    # -I: no folder of ours on the path, no variable of ours; -S: no installed package either.
    command = [sys.executable, "-I", "-S", str(taken), str(small), "--key", vkey(ORIGIN)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "findings: 0"
    (small / "stray").touch()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "finding: manifest, field stray: the file does not belong to an export"
