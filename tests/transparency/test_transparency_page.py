"""The example of docs/transparency.md is a true one, and its steps are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.transparency.failures import StepFailed
from ledger.transparency.signing import SeedSigner
from ledger.transparency.tree_hash import leaf_hashes, node_hash, root_of
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.verify import verify_event
from tests.transparency.go_checks import ask_go

PAGE = (Path(__file__).parents[2] / "docs" / "transparency.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
VKEYS = next(block for block in BLOCKS if block.startswith("hours.example/log/0+")).splitlines()
PROOF_FILE = next(block for block in BLOCKS if block.startswith("c2sp.org/tlog-proof@v1\nindex 1")).encode()
ENTRIES = [b"first event", b"second event", b"third event"]


def test_the_example_verifies():
    verdict = verify_event(PROOF_FILE, ENTRIES[1], read_policy(VKEYS[:1], VKEYS[1:], 1))
    assert verdict.position == 2
    assert verdict.checkpoint.checkpoint.size == 3
    assert verdict.checkpoint.checkpoint.root == root_of(leaf_hashes(ENTRIES))
    assert [one.unix_seconds for one in verdict.checkpoint.cosigned] == [1_795_000_000]
    for entry in (ENTRIES[0], ENTRIES[2], b"Second event"):
        with pytest.raises(StepFailed, match="step 10"):
            verify_event(PROOF_FILE, entry, read_policy(VKEYS[:1]))


def test_go_takes_the_example(go_check):
    (answer,) = ask_go(
        go_check,
        [
            {
                "Kind": "tlog-proof",
                "Proof": PROOF_FILE,
                "Keys": VKEYS,
                "Origin": "hours.example/log/0",
                "Entry": ENTRIES[1],
            }
        ],
    )
    assert answer.good, answer.said


def test_its_keys_are_of_the_seeds_it_names():
    log = SeedSigner("hours.example/log/0", SignatureType.ED25519, bytes(range(0x20)))
    witness = SeedSigner("audit-office.example/w", SignatureType.ED25519_COSIGNATURE, bytes(range(0x20, 0x40)))
    assert [log.key.line(), witness.key.line()] == VKEYS


def test_its_hashes_are_right():
    leaves = leaf_hashes(ENTRIES)
    for leaf in leaves:
        assert f"`{leaf.hex()[:8]}`" in PAGE
    for whole, end in ((node_hash(*leaves[:2]), 8), (root_of(leaves), 6)):
        assert f"`{whole.hex()[:8]}…{whole.hex()[-end:]}`" in PAGE


def test_its_steps_are_those_of_the_code():
    numbers = re.findall(r"^\| (\d\d?) \| ", PAGE, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 11)]
    assert sorted(re.findall(r"^\| `(verify_\w+)`", PAGE, re.MULTILINE)) == sorted(
        ["verify_checkpoint", "verify_event", "verify_page", "verify_growth", "verify_whole_log"]
    )
