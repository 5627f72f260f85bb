"""The tables of docs/format.md, and the tables the audit of an export reads by: they say the same."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from ledger.export_audit.event_table import DECODERS, EVENTS
from ledger.export_audit.value_forms import Date
from ledger.transparency.event_types import KNOWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "format.md").read_text("utf-8").partition("## Data of each event")[2].partition("### Fields")[0]
GOLDEN = sorted((ROOT / "tests" / "stored_formats").glob("*.json"))


def test_the_streams_of_the_page_are_those_of_the_table():
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-zA-Z]+) \|", PAGE, re.MULTILINE)
    assert dict(rows) == {name: collection for name, (collection, _, _) in EVENTS.items()}
    assert set(EVENTS) == KNOWN


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.name)
def test_the_data_of_every_golden_event_is_read(file):
    DECODERS[file.name.partition(".")[0]].decode(file.read_bytes())


def test_a_date_is_a_day_of_the_calendar():
    decode = msgspec.json.Decoder(Date).decode
    days = {date(year, 1, 1) + timedelta(days=at) for year in (1, 1900, 2000, 2023, 2024, 9999) for at in range(365)}
    for day in days:
        assert decode(f'"{day:%Y-%m-%d}"'.replace('"1-', '"0001-')) == day.isoformat()
    right = {day.isoformat() for day in days}
    for year in (0, 1, 1900, 2000, 2023, 2024, 9999):
        for month in range(14):
            for number in range(33):
                told = f"{year:04}-{month:02}-{number:02}"
                try:
                    date.fromisoformat(told)
                except ValueError:
                    with pytest.raises(msgspec.ValidationError):
                        decode(f'"{told}"')
    assert right


def test_every_event_has_a_reader():
    assert set(DECODERS) == set(EVENTS)
