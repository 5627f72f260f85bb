"""The audit of an export reaches no database and no network, and knows nothing of the projections it could check."""

from __future__ import annotations

import ast
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FORBIDDEN_FROM_THE_STANDARD_LIBRARY = {"asyncio", "http", "multiprocessing", "socket", "sqlite3", "ssl", "urllib"}
ALLOWED = {"cryptography", "msgspec", "pydantic", "rich"}
BEGINNINGS = ("ledger.export_audit.export_audit", "ledger.export_audit.bundle_process", "ledger.export_audit.passes")


def imported_by(module: str) -> set[str]:
    spec = find_spec(module)
    assert spec is not None, module
    if spec.origin is None:
        return set()
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= set(filter(_is_module, (f"{node.module}.{alias.name}" for alias in node.names)))
    return found


def _is_module(name: str) -> bool:
    try:
        return name.startswith("ledger.") and find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(scope="module")
def reached() -> set[str]:
    """Every module that is imported on the way, ours followed into."""
    seen, waiting = set[str](), set(BEGINNINGS)
    while waiting:
        module = waiting.pop()
        seen.add(module)
        if module.split(".")[0] == "ledger":
            waiting |= imported_by(module) - seen
    return seen


def test_only_pure_parts_of_ours_are_reached(reached):
    ours = {name for name in reached if name.startswith("ledger.")}
    assert "ledger.transparency.verify_balances_note" in ours
    wanted = ("ledger.auditing", "ledger.domain", "ledger.export_audit", "ledger.exporting", "ledger.transparency")
    assert not {name for name in ours if not name.startswith(wanted)}
    assert not {name for name in ours if "log_client" in name or "log_source" in name}


def test_nothing_that_reaches_a_database_or_a_network(reached):
    roots = {name.split(".")[0] for name in reached} - {"ledger", "__future__"}
    assert not {root for root in roots if root not in ALLOWED and root not in sys.stdlib_module_names}
    assert not roots & FORBIDDEN_FROM_THE_STANDARD_LIBRARY
