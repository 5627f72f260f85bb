"""docs/format.md is enough to write a reader from: it names all that is stored, and its example is a true one."""

from __future__ import annotations

import hashlib
import re

import pytest

from ledger.domain.catalogue import EVOLVE
from ledger.domain.event import event_classes
from ledger.domain.ledger_opened import FORMAT_VERSION, PARTITIONS_MAX
from ledger.domain.opportunity import OpportunityDetails
from ledger.domain.streams import ROUTING_RULE, partition_of
from ledger.domain.values import Account
from ledger.domain.volunteer import DETAIL_FIELDS
from ledger.event_bytes import Envelope, decode, recorded_event
from tests.stored_formats.format_page import DOCS, PAGE, section, streams_of_events


@pytest.mark.parametrize("stored_name", sorted(event_classes()))
def test_every_event_lies_in_a_stream_that_the_page_names(stored_name):
    assert streams_of_events()[stored_name] in {kind.rpartition("/")[2] for kind in EVOLVE}


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


def test_routing_is_as_printed():
    heads, _, *rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in section("## Streams and partitions").splitlines()
        if line.startswith("| first two") or re.match(r"\| -|\| `[a-z]+/[a-z0-9]+` \| \d", line)
    ][1:]
    counts = [int(head.removeprefix("P = ")) for head in heads[1:]]
    assert counts == [1, 2, 3, 4, 8]
    assert len(rows) == 3
    for name, *printed in rows:
        for below in ("", "/attendances/a1", "/shifts/s1/registrations/v2"):
            assert [partition_of(name + below, count) for count in counts] == [int(number) for number in printed]
    assert f"P is 1 to {PARTITIONS_MAX:,} " in PAGE


def test_what_opens_a_ledger_is_as_printed():
    said = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section("### `ledger-opened`"), re.MULTILINE))
    assert said.keys() == event_classes()["ledger-opened"].model_fields.keys()
    assert f'`"{ROUTING_RULE}"`' in said["routing_rule"]
    assert said["format_version"] == str(FORMAT_VERSION)


def anchors(page: str) -> set[str]:
    """What headings of a page are called in links to them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_link_between_pages_leads_somewhere():
    for page in DOCS.rglob("*.md"):
        for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
            if not target.startswith(("http:", "https:")):
                leads_to = page.parent / target if target else page
                assert leads_to.exists(), f"{page.name}: {target}"
                assert not anchor or anchor in anchors(leads_to.read_text("utf-8")), f"{page.name}: {target}#{anchor}"
