"""Which stream an event lies in: the page, the code and the known names say the same."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.domain.catalogue import EVOLVE
from ledger.domain.event import event_classes
from ledger.export_audit.stream_names import COLLECTION_OF
from ledger.transparency.event_types import KNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text("utf-8")


def test_the_table_of_the_page_is_the_table_of_the_code():
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-zA-Z]+) \|", PAGE.partition("## Data of each event")[2], re.MULTILINE)
    assert dict(rows) == dict(COLLECTION_OF)


def test_every_known_event_has_its_stream():
    assert EVOLVE
    assert set(COLLECTION_OF) == KNOWN == set(event_classes())
