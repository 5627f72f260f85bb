"""An importer, a generator and a report are ordinary clients: what they load can reach no database and no topic."""

from __future__ import annotations

import subprocess
import sys

FORBIDDEN = ("psycopg", "kafka", "ledger.application", "ledger.event_store", "ledger.projections", "ledger.settings")


MODULES = (
    "ledger.importing.leeds2023_import",
    "ledger.generator.synthetic_send",
    "ledger.feeds.importing",
    "ledger.bulk.importing",
    "ledger.commands.import_history",
    "ledger.commands.import_opportunities",
    "ledger.commands.sheet_import",
    "ledger.commands.save",
    "ledger.commands.generate",
    "ledger.commands.report",
    "ledger.commands.demo_story",
)


def test_they_load_nothing_that_could_write_a_table():
    """One after the other in one process: the first that loads something is named."""
    program = f"""
import importlib, sys
for module in {MODULES!r}:
    importlib.import_module(module)
    found = [name for name in {FORBIDDEN!r} if name in sys.modules]
    if found:
        sys.exit(f"{{module}} loads {{found}}")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
