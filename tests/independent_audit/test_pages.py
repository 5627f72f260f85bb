"""The examples of the pages are a ledger that the independent auditor accepts, hash by hash."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from examples import independent_audit as auditor
from tests.independent_audit.export_builder import ORIGIN, SEED, b64, ed25519_public, vkey, write_export
from tests.independent_audit.page_examples import (
    code_blocks,
    example_events,
    example_hashes,
    example_signed_note,
    example_vkeys,
    page,
    section,
)
from tests.independent_audit.running import run


def test_the_worked_example_of_provable_balances(tmp_path: Path) -> None:
    hashes = example_hashes()
    small = write_export(tmp_path / "export", [example_events()])
    code, lines = run(small, "--balances", "--json", "--key", vkey(ORIGIN))
    *holders, summary = [json.loads(line) for line in lines]
    assert code == 0
    assert summary["findings"] == 0
    assert summary["signatures"] == "checked"
    assert summary["partitions"][0]["root"] == re.findall("^log root (.*)$", hashes, re.MULTILINE)[0]
    assert summary["partitions"][0]["map_root"] == re.findall("map root (.*)$", hashes, re.MULTILINE)[0]
    assert [row["holder"] for row in holders] == ["opportunities/garden", "volunteers/amal", "volunteers/badr"]
    assert [row["attended_seconds"] for row in holders] == [86400, 0, 7200]
    assert [row["verified_seconds"] for row in holders] == [0, 7200, 0]
    assert [row["withheld_seconds"] for row in holders] == [0, 0, 3600]
    assert [row["reversed_seconds"] for row in holders] == [0, 3600, 0]
    assert [row["entry_count"] for row in holders] == [1, 3, 2]
    note = (small / "0" / "balances").read_text("utf-8").split("\n\n")[0] + "\n"
    assert note.encode() == auditor.read_note(example_signed_note(), "balances").text


def test_every_hash_of_the_worked_example() -> None:
    hashes, events = example_hashes(), example_events()
    leaves = [auditor.log_leaf(body).hex() for body in events]
    assert leaves == re.findall(r"^event \d leaf hash (.*)$", hashes, re.MULTILINE)
    reader, accounts = auditor.EventReader("tiny-ledger", 0, 1), auditor.Accounts()
    for position, body in enumerate(events, start=1):
        accounts.apply(reader.read(body, position), auditor.log_leaf(body))
    for paragraph in hashes.split("\n\n")[1:4]:
        holder, *lines = paragraph.splitlines()
        rows = dict(line.rsplit(" ", 1) for line in lines)
        account, empty = accounts.by_holder[holder], auditor.open_account(holder)
        heads = [row for name, row in rows.items() if name.startswith("head")]
        assert rows["key"] == account.key.hex()
        assert rows["head 0"] == empty.head.hex()
        assert heads[-1] == account.head.hex()
        assert rows["balance"] == account.balance().hex()
        assert rows["value"] == auditor.sha256(b"\x13", account.balance()).hex()
        assert rows["leaf"] == account.leaf().hex()
        head = empty.head  # the entries as printed lead from head to head
        for number in range(1, len(heads)):
            head = auditor.sha256(b"\x12", head, bytes.fromhex(rows[f"entry {number}"]))
            assert head.hex() == rows[f"head {number}"]
    subtrees = dict(re.findall("^subtree ([01]+) (.*)$", hashes, re.MULTILINE))
    leaf = {holder: accounts.by_holder[holder].leaf() for holder in accounts.by_holder}
    node = auditor.sha256(b"\x11", leaf["volunteers/amal"], leaf["opportunities/garden"])
    assert node.hex() == subtrees["11"]
    assert auditor.sha256(b"\x11", leaf["volunteers/badr"], node).hex() == subtrees["1"]


def test_the_printed_note_carries_the_signatures_of_the_printed_keys() -> None:
    keys = [replace(auditor.read_vkey(line), name=f"{ORIGIN}/balances") for line in example_vkeys()]
    note = auditor.read_note(example_signed_note(), "balances")
    auditor.check_signatures(note, f"{ORIGIN}/balances", keys, "balances")
    assert [key.kind for key in keys] == [auditor.ED25519, auditor.ML_DSA_44]
    assert keys[0].public_key == ed25519_public(SEED)
    spoilt = example_signed_note().replace(b"\n5\n", b"\n6\n", 1)
    with pytest.raises(auditor.Stop):
        auditor.check_signatures(auditor.read_note(spoilt, "balances"), f"{ORIGIN}/balances", keys, "balances")


def test_the_example_of_the_transparency_page() -> None:
    text = section("transparency.md", "### An example to try a verifier on")
    vkeys, proof_file = code_blocks(text)[:2]
    log_key, witness_key = (auditor.read_vkey(line) for line in vkeys.splitlines())
    checkpoint = proof_file.split("\n\n", 1)[1].encode("utf-8")
    note = auditor.read_note(checkpoint, "checkpoint")
    auditor.check_signatures(note, "hours.example/log/0", [log_key, witness_key], "checkpoint")
    assert {name for name, _, _ in note.signatures} == {log_key.name, witness_key.name}
    log = auditor.LogRoot()
    for entry in (b"first event", b"second event", b"third event"):
        log.add(auditor.log_leaf(entry))
    assert note.text.decode() == f"hours.example/log/0\n3\n{b64(log.root())}\n"
    assert log_key.public_key == ed25519_public(SEED)
    assert witness_key.public_key == ed25519_public(bytes(range(32, 64)))
    for key, offset in ((log_key, 40), (witness_key, 60)):
        broken = bytearray(checkpoint)
        start = checkpoint.rindex(key.name.encode()) + len(key.name)
        broken[start + offset] ^= 1
        with pytest.raises(auditor.Stop):
            auditor.check_signatures(auditor.read_note(bytes(broken), "c"), log_key.name, [log_key, witness_key], "c")


def test_the_event_of_the_format_page_is_read() -> None:
    body = code_blocks(page("format.md"))[0].strip().encode()
    assert hashlib.sha256(body).hexdigest() in page("format.md")
    reader = auditor.EventReader("volunteer-hours", 0, 1, {"volunteers/v1/attendances/a1": 1})
    assert reader.read(body, 57).type == "hours-verified"


def test_the_events_with_entries_are_those_of_the_page() -> None:
    sentence = page("provable-balances.md").split("These events have entries")[1].split("all with")[0]
    named = set(re.findall("`([a-z-]+)`", sentence.split(":", 1)[1]))
    assert named == {name for name, (_, fields) in auditor.EVENTS.items() if " entries " in f" {fields} "}


def test_the_table_of_events_is_that_of_the_page() -> None:
    table = section("format.md", "## Data of each event").split("### Fields")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([A-Za-z]+) \|", table, re.MULTILINE))
    assert rows == {name: stream for name, (stream, _) in auditor.EVENTS.items()}
