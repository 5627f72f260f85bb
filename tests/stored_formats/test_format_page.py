"""docs/format.md is enough to write a reader from: it names all that is stored, and its example is a true one."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from ledger.domain.catalogue import EVOLVE
from ledger.domain.event import event_classes
from ledger.domain.opportunity import OpportunityDetails
from ledger.domain.values import Account
from ledger.domain.volunteer import DETAIL_FIELDS
from ledger.event_bytes import Envelope, decode, recorded_event

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "format.md").read_text("utf-8")
SHARED = {
    "moves hours": {"holder", "attendance", "organization", "opportunity", "shift", "entries"},
    "Presence": {"start", "end", "counted"},
    "Decides": {"time_zone", "crediting", "served", "source", "imported_from", "flags", "withheld_reason"},
}


def named_fields(stored_name: str) -> set[str]:
    """The fields that the page's table gives an event."""
    row = re.search(rf"^\| `{stored_name}` \| \w+ \| (.*) \|$", PAGE, re.MULTILINE)
    assert row is not None, f"{stored_name} has no row"
    if row[1].startswith("as recorded"):
        return named_fields(stored_name.replace("corrected", "recorded")) | {"reason"}
    shared = (fields for words, fields in SHARED.items() if words in row[1])
    return set(re.findall(r"`(\w+)`", row[1])).union(*shared)


@pytest.mark.parametrize("stored_name", sorted(event_classes()))
def test_every_field_of_every_event_is_named(stored_name):
    assert set(event_classes()[stored_name].model_fields) <= named_fields(stored_name)


def test_every_attribute_stream_class_and_detail_is_named():
    attributes = re.findall(r"^\| `(\w+)` \| (?:string|number|object)", PAGE, re.MULTILINE)
    assert sorted(attributes) == sorted(Envelope.__struct_fields__)
    streams = {"/".join(name.split("/")[::2]) for name in re.findall(r"^\| `(\w+/\{[^`]*)`", PAGE, re.MULTILINE)}
    assert streams == set(EVOLVE)
    for word in (*Account, *DETAIL_FIELDS, *OpportunityDetails.model_fields):
        assert f"`{word}`" in PAGE


def test_the_example_is_an_event_and_has_the_hash_the_page_says():
    example = re.search(r"SHA-256 is `([0-9a-f]{64})`.*?```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert example is not None
    stored = example[2].encode()
    assert hashlib.sha256(stored).hexdigest() == example[1]
    assert recorded_event(decode(stored)).data.stored_name == "hours-verified"


def test_every_link_between_pages_leads_somewhere():
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
