"""An importer, a generator and a report are ordinary clients: what they load can reach no database and no topic."""

from __future__ import annotations

import subprocess
import sys

import pytest

FORBIDDEN = ("psycopg", "kafka", "ledger.application", "ledger.event_store", "ledger.projections", "ledger.settings")


@pytest.mark.parametrize(
    "module",
    [
        "ledger.importing.leeds2023_import",
        "ledger.generator.synthetic_send",
        "ledger.feeds.importing",
        "ledger.commands.import_history",
        "ledger.commands.import_opportunities",
        "ledger.commands.sheet_import",
        "ledger.commands.generate",
        "ledger.commands.report",
        "ledger.commands.demo_story",
    ],
)
def test_it_loads_nothing_that_could_write_a_table(module):
    program = f"import sys, {module}; print([name for name in {FORBIDDEN!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
