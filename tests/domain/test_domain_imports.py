"""The domain decides from what it is handed: it imports nothing that could read a clock, a socket or a database."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import ledger.domain

DOMAIN = Path(next(iter(ledger.domain.__path__)))
FILES = sorted(DOMAIN.rglob("*.py"))
ALLOWED = {"pydantic", "msgspec"}
"""Libraries of values."""
FORBIDDEN_FROM_THE_STANDARD_LIBRARY = {
    "asyncio",
    "http",
    "io",
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
    "uuid",
}


def imported_by(file: Path) -> set[str]:
    """Every module a file imports, wherever in the file it does."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            modules.add(node.module or "")
    return modules


def allowed(module: str) -> bool:
    root = module.split(".")[0]
    if root == "ledger":
        return module == "ledger.domain" or module.startswith("ledger.domain.")
    if root in FORBIDDEN_FROM_THE_STANDARD_LIBRARY:
        return False
    return root in ALLOWED or root in sys.stdlib_module_names


def test_the_domain_has_files():
    assert {"hours.py", "attendance.py", "registration.py"} <= {file.name for file in FILES}


def test_the_domain_imports_only_itself_libraries_of_values_and_pure_parts_of_the_standard_library():
    wrong = {(file.name, module) for file in FILES for module in imported_by(file) if not allowed(module)}
    assert not wrong


def test_what_the_rule_must_forbid_is_forbidden():
    for module in ("kafka", "psycopg", "grpc", "google.protobuf.message", "ledger.grpc", "ledger.access", "time"):
        assert not allowed(module), module


def test_the_domain_reads_no_clock():
    wrong = [
        (file.name, node.lineno)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
    ]
    assert not wrong
