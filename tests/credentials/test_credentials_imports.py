"""What checks a statement stands alone: no database, no topic, no service, and no clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import ledger.credentials

FOLDER = Path(next(iter(ledger.credentials.__path__)))
FILES = sorted(FOLDER.glob("*.py"))
FORBIDDEN = ("psycopg", "kafka", "grpc", "ledger.projections", "ledger.grpc", "ledger.application", "ledger.settings")


def test_it_loads_nothing_that_could_reach_a_service():
    modules = ", ".join(f"ledger.credentials.{file.stem}" for file in FILES if file.stem != "__init__")
    program = f"import sys, {modules}; print([name for name in {FORBIDDEN!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_file_reads_a_clock():
    calls = [
        (file.name, node.lineno)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "time", "time_ns")
        if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date", "time")
    ]
    assert not calls


def test_only_the_key_file_names_private_keys_and_opens_files():
    naming = {file.stem for file in FILES if "PrivateKey" in file.read_text("utf-8")}
    assert naming == {"issuer_key_file", "compact_jwt"}
    opening = {file.stem for file in FILES if "pathlib" in file.read_text("utf-8")}
    assert opening == {"issuer_key_file"}
