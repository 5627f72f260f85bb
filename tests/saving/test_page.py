"""docs/out.md lists the columns that files have, and each column has its header in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.saving.columns import with_hours
from ledger.saving.tables import TABLES, Table
from ledger.texts.saved_tables import HEADERS

PAGE = (Path(__file__).parents[2] / "docs" / "out.md").read_text("utf-8")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_the_page_lists_the_columns(table: Table):
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{table.kind}` |")]
    listed = re.sub(r"\([^)]*\)", "", line.split("|")[3])
    assert [name.strip() for name in listed.split(",")] == [column.name for column in table.columns]


def test_every_column_has_a_header_and_every_header_a_column():
    names = {column.name for table in TABLES for column in with_hours(table.columns)}
    assert set(HEADERS) == names
    assert all(header.en == name for name, header in HEADERS.items())
