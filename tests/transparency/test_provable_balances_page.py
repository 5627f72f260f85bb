"""docs/provable-balances.md is enough to write the map a second time: its worked example is recomputed in full."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ledger.event_bytes import decode, recorded_event
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import parse_balances_note
from ledger.transparency.event_types import MOVES_HOURS
from ledger.transparency.verify_balance import verify_balance_proof, verify_entries
from tests.transparency import naive_balances as naive
from tests.transparency.tiny_ledger import EXAMPLE, TinyLedger

PAGE = (Path(__file__).parents[2] / "docs" / "provable-balances.md").read_text("utf-8")
ABSENT = ("volunteers/nobody", "volunteers/nobody2")


def block(title: str) -> list[str]:
    """The lines of the block of code under a heading."""
    found = re.search(rf"^### {title}\n.*?```\w*\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1].split("\n")


def worked_example() -> list[str]:
    """Every hash of the example, by the naive recursion."""
    accounts = naive.accounts_of(EXAMPLE)
    leaves = {account.key: account.value for account in accounts.values()}
    lines = [
        f"event {number} leaf hash {naive.sha256(bytes(1), event).hex()}" for number, event in enumerate(EXAMPLE, 1)
    ]
    for holder, account in accounts.items():
        raw = [
            entry
            for event in EXAMPLE
            if json.loads(event)["data"].get("holder") == holder
            for entry in naive.entry_bytes(event)
        ]
        lines += ["", holder, f"key {account.key.hex()}", f"head 0 {account.heads[0].hex()}"]
        for number, (entry, head) in enumerate(zip(raw, account.heads[1:], strict=True), 1):
            lines += [f"entry {number} {entry.hex()}", f"head {number} {head.hex()}"]
        lines += [f"balance {account.balance.hex()}", f"value {account.value.hex()}"]
        lines += [f"leaf {naive.leaf(account.key, account.value).hex()}"]
    hashes = {naive.bits(key): naive.leaf(key, value) for key, value in leaves.items()}
    lines.append("")
    for prefix in ("11", "1", ""):
        below = {key: value for key, value in hashes.items() if key.startswith(prefix)}
        lines.append(f"subtree {prefix or 'of all keys: map root'} {naive.subtree(below, len(prefix)).hex()}")
    log_root = naive.log_root([naive.sha256(bytes(1), event) for event in EXAMPLE])
    lines += [f"log root {log_root.hex()}", ""]
    for holder in (*accounts, *ABSENT):
        balance = accounts[holder].balance if holder in accounts else b""
        lines += [f"proof of {holder} {naive.proof(leaves, naive.key_of(holder), balance).hex()}"]
    return lines


def test_the_events_of_the_example_are_as_printed():
    assert [line.encode() for line in block("The events")] == EXAMPLE
    for event in EXAMPLE:
        recorded_event(decode(event))


def test_every_hash_of_the_example_is_as_printed():
    assert block("All hashes") == worked_example()


def test_the_printed_note_and_proofs_verify():
    note = parse_balances_note(("\n".join(block("The note")) + "\n").encode())
    ledger = TinyLedger()
    ledger.add(EXAMPLE)
    assert note.map_root == ledger.root
    assert note.log_root == naive.log_root([naive.sha256(bytes(1), event) for event in EXAMPLE])
    assert note.size == len(EXAMPLE)
    proofs = [line.removeprefix("proof of ").split() for line in block("All hashes") if line.startswith("proof of ")]
    for holder, proof in proofs:
        verdict = verify_balance_proof(bytes.fromhex(proof), holder, note)
        assert prove_balance(ledger.store, ledger, ledger.root, holder).to_bytes().hex() == proof
        verify_entries(holder, ledger.entries.get(naive.key_of(holder), []), verdict.balance)
        assert verdict.is_known == (holder not in ABSENT)
    assert len(proofs) == len(naive.accounts_of(EXAMPLE)) + len(ABSENT)


def test_every_event_that_moves_hours_is_named():
    assert set(re.findall(r"`([a-z-]+-[a-z-]+)`", PAGE.split("## 1.")[1].split("## 2.")[0])) >= MOVES_HOURS
