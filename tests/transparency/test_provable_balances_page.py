"""docs/provable-balances.md is enough to write the map a second time: its worked example is recomputed in full."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.event_bytes import decode, recorded_event
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import parse_balances_note
from ledger.transparency.event_types import MOVES_HOURS
from ledger.transparency.failures import StepFailed
from ledger.transparency.signed_note import parse_note
from ledger.transparency.signing import SeedSigner
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verifier_key import SignatureType, parse_vkey
from ledger.transparency.verify_balance import verify_balance_proof, verify_entries
from ledger.transparency.verify_balances_note import verify_balances_note
from tests.transparency import naive_balances as naive
from tests.transparency.go_checks import Field, ask_go
from tests.transparency.tiny_ledger import EXAMPLE, TinyLedger

importlib.import_module("ledger.domain.catalogue")  # makes all stored names known
PAGE = (Path(__file__).parents[2] / "docs" / "provable-balances.md").read_text("utf-8")
ABSENT = ("volunteers/nobody", "volunteers/nobody2")


def block(title: str, number: int = 0) -> list[str]:
    """The lines of a block of code under a heading."""
    _, _, section = PAGE.partition(f"\n### {title}\n")
    blocks = re.findall(r"^```\w*\n(.*?)\n```$", section.split("\n### ")[0], re.MULTILINE | re.DOTALL)
    return str(blocks[number]).split("\n")


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


def signed_note() -> bytes:
    return ("\n".join(block("The note", 1)) + "\n").encode()


def test_the_printed_note_is_signed_by_the_keys_it_names():
    """Ed25519 signs alike each time and is made anew; ML-DSA-44 does not, so its signature is verified."""
    verdict = verify_balances_note(signed_note(), read_policy(block("The note")))
    assert [one.key.type for one in verdict.signed] == [SignatureType.ED25519, SignatureType.ML_DSA_44]
    assert verdict.signed[1].unix_seconds == 1_795_000_000
    first, second = (bytes(range(start, start + 32)) for start in (0, 32))
    ed25519 = SeedSigner("tiny.example/log/0", SignatureType.ED25519, first)
    ml_dsa = SeedSigner("tiny.example/log/0", SignatureType.ML_DSA_44, second)
    assert [ed25519.key.line(), ml_dsa.key.line()] == block("The note")
    parsed = parse_note(signed_note())
    assert parsed.signatures[0] == ed25519.named(verdict.note.origin).sign(parsed.text, 0)
    spoilt = signed_note().replace(b"/balances\n5\n", b"/balances\n6\n")
    with pytest.raises(StepFailed, match="step 4"):
        verify_balances_note(spoilt, read_policy(block("The note")))


def test_go_takes_the_printed_note_by_keys_that_only_got_another_name(go_check):
    note = parse_balances_note(parse_note(signed_note()).text)
    keys = [replace(parse_vkey(line), name=note.origin).line() for line in block("The note")]
    question: dict[str, Field] = {
        "Kind": "note",
        "Note": signed_note(),
        "Keys": keys,
        "Origin": note.origin,
        "Size": note.size,
    }
    answers = ask_go(go_check, [{**question, "Root": root} for root in (note.map_root, note.log_root)])
    assert [answer.good for answer in answers] == [True, False], answers


def test_the_printed_message_is_what_ml_dsa_44_signed():
    (message,) = map(bytes.fromhex, block("The note", 2))
    line = parse_note(signed_note()).signatures[1]
    public_key = parse_vkey(block("The note")[1]).public_key
    MLDSA44PublicKey.from_public_bytes(public_key).verify(line.signature[8:], message)
    origin = b"tiny.example/log/0/balances"
    assert message == b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(origin)]) + origin,
            line.signature[:8],
            bytes([len(origin)]) + origin,
            bytes(8),
            len(EXAMPLE).to_bytes(8, "big"),
            parse_balances_note(parse_note(signed_note()).text).map_root,
        )
    )


def test_the_printed_note_and_proofs_verify():
    note = parse_balances_note(parse_note(signed_note()).text)
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
