"""What proves things stands alone: no other part of the ledger, no I/O, and no signer in a verifier."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import ledger.transparency

FOLDER = Path(next(iter(ledger.transparency.__path__)))
FILES = sorted(FOLDER.rglob("*.py"))
ALLOWED = {"cryptography", "msgspec"}
FORBIDDEN_FROM_THE_STANDARD_LIBRARY = {
    "asyncio",
    "http",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "urllib",
}
SIGNERS = "ledger.transparency.signing"


def imported_by(file: Path) -> set[str]:
    """Every module a file imports, wherever in the file it does."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            modules.add(node.module or "")
    return modules


def allowed(module: str) -> bool:
    root = module.split(".")[0]
    if root == "ledger":
        return module.startswith("ledger.transparency")
    if root in FORBIDDEN_FROM_THE_STANDARD_LIBRARY:
        return False
    return root in ALLOWED or root in sys.stdlib_module_names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_only_itself_two_pure_libraries_and_pure_parts_of_the_standard_one(file):
    assert not {module for module in imported_by(file) if not allowed(module)}


def test_what_the_rule_must_forbid_is_forbidden():
    for module in ("kafka", "psycopg", "grpc", "ledger.event_bytes", "ledger.domain.event", "time", "socket"):
        assert not allowed(module), module


def test_no_verifier_reaches_a_signer():
    imports = {f"ledger.transparency.{file.stem}": imported_by(file) for file in FILES}
    reached = set[str]()
    waiting = {f"ledger.transparency.{name}" for name in ("verify", "verify_balance_file", "witness_protocol")}
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= imports.get(module, set()) - reached
    assert SIGNERS in imports
    assert SIGNERS not in reached
    assert not {module for module in reached if "PrivateKey" in module}


def test_only_the_signers_name_private_keys():
    naming = {file.stem for file in FILES if "PrivateKey" in file.read_text("utf-8")}
    assert naming == {"signing"}


def test_no_file_reads_a_clock_or_opens_a_file():
    wrong = [
        (file.name, node.lineno)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "utcnow", "today"))
            or (isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input"))
        )
    ]
    assert not wrong
