"""A proof shows all hours of a holder, or that there are none, and no other bytes show anything else."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_map import MemoryNodeStore, PageBroken, updated
from ledger.transparency.balance_proof import (
    PROOF_BYTES_MAX,
    BalanceProof,
    OtherLeaf,
    parse_balance_proof,
    prove_balance,
)
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.entry_chain import chain_start
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.holder_key import account_key
from ledger.transparency.map_hash import EMPTY, inner_hash, leaf_hash, map_root
from ledger.transparency.verify_balance import verify_balance_proof, verify_entries
from tests.transparency import naive_balances as naive
from tests.transparency.balance_mutations import (
    HOLDERS,
    STRANGERS,
    Maps,
    change_bytes,
    change_end,
    change_entries,
    change_siblings,
    loosely_written,
)
from tests.transparency.tiny_ledger import EXAMPLE, TinyLedger

STRUCTURAL_SHARE = 0.75
HARMLESS_SHARE_MAX = 0.25
"""A change may give back what was there: the same content, so it may verify."""


@pytest.fixture(scope="module")
def maps() -> Maps:
    return Maps(random.Random(1))


def noted(root: bytes) -> BalancesNote:
    """The note of a map in a ledger of one partition."""
    return BalancesNote("tiny.example/log/0", 5, root, bytes(32), 0, 1)


@pytest.mark.parametrize("name", [*HOLDERS, *STRANGERS])
def test_all_hours_of_everybody_are_proven(maps, name):
    for published in maps.published:
        proof = published.proof(name).to_bytes()
        if naive.sha256(name.encode())[7] & 1 != published.note.partition:
            with pytest.raises(StepFailed, match=r"step 2 .*ask partition"):
                verify_balance_proof(proof, name, published.note)
            continue
        verdict = verify_balance_proof(proof, name, published.note)
        assert (verdict.holder, verdict.balance, verdict.note) == (name, published.truth(name), published.note)
        assert verdict.is_known == bool(published.entries(name))
        verify_entries(name, published.entries(name), verdict.balance)


@given(st.sets(st.integers(0, 400), max_size=60), st.integers(0, 400))
def test_proofs_have_the_bytes_of_the_naive_ones(numbers, wanted):
    balances = {
        account_key(f"volunteers/v{number}"): AccountBalance(number, 0, 0, 0, 0, 0, 1, bytes(32)) for number in numbers
    }
    leaves = {key: balance.value() for key, balance in balances.items()}
    ledger, holder = TinyLedger(), f"volunteers/v{wanted}"
    update = updated(ledger.store, EMPTY, leaves)
    ledger.store.write(update.pages)
    ledger.balances = balances
    key = account_key(holder)
    proof = prove_balance(ledger.store, ledger, update.root, holder)
    raw = balances[key].to_bytes() if key in balances else b""
    assert proof.to_bytes() == naive.proof(leaves, key, raw)
    assert verify_balance_proof(proof.to_bytes(), holder, noted(update.root)).is_known == (wanted in numbers)


def test_absence_is_shown_by_an_empty_place_or_by_the_leaf_in_it(maps):
    ends = Counter(type(maps.published[0].proof(name).end).__name__ for name in STRANGERS)
    assert set(ends) == {"NoneType", "OtherLeaf"}


def test_in_an_empty_map_there_is_nobody():
    proof = prove_balance(MemoryNodeStore(), TinyLedger(), EMPTY, "volunteers/amal")
    assert proof.to_bytes() == b"\x01\x02\x00\x00"
    verdict = verify_balance_proof(proof.to_bytes(), "volunteers/amal", noted(EMPTY))
    assert not verdict.is_known
    assert verdict.balance.head == chain_start(account_key("volunteers/amal"))
    verify_entries("volunteers/amal", [], verdict.balance)


def test_beside_a_single_leaf_everybody_else_is_absent():
    ledger = TinyLedger()
    ledger.add(EXAMPLE[:2])
    for name in ("volunteers/amal", "volunteers/badr"):
        proof = prove_balance(ledger.store, ledger, ledger.root, name)
        assert proof.siblings == ()
        assert verify_balance_proof(proof.to_bytes(), name, noted(ledger.root)).is_known == (name == "volunteers/amal")


def failing_step(proof: bytes, holder: str, note: BalancesNote) -> int:
    with pytest.raises(StepFailed) as caught:
        verify_balance_proof(proof, holder, note)
    return caught.value.number


def test_each_step_has_something_that_fails_at_it(maps):
    published = next(one for one in maps.published if one.note.partition == 0)
    holder = next(name for name in HOLDERS if published.entries(name))
    good, note = published.proof(holder), published.note
    balance = published.truth(holder)
    empty = replace(good, siblings=(*good.siblings, EMPTY))
    none = replace(good, end=AccountBalance.without_entries(account_key(holder)))
    stranger = replace(good, end=OtherLeaf(sha256(b"far away").digest(), bytes(32)), siblings=good.siblings * 10)
    assert failing_step(good.to_bytes(), "outside", note) == 1
    assert failing_step(good.to_bytes(), holder, replace(note, partition=1)) == 2
    assert failing_step(good.to_bytes() + b"x", holder, note) == 3
    assert failing_step(none.to_bytes(), holder, note) == 4
    assert (
        failing_step(replace(good, end=OtherLeaf(account_key(holder), balance.value())).to_bytes(), holder, note) == 4
    )
    assert failing_step(stranger.to_bytes(), holder, note) == 4
    assert failing_step(empty.to_bytes(), holder, note) == 5
    assert failing_step(replace(good, end=None).to_bytes(), holder, note) == 6
    with pytest.raises(StepFailed, match=f"step 6 .*not to {note.map_root.hex()}"):
        verify_balance_proof(replace(good, siblings=()).to_bytes(), holder, note)


def test_a_list_that_is_not_all_entries_is_refused_at_its_step(maps):
    published = maps.published[1]
    holder = next(name for name in HOLDERS if len(published.entries(name)) > 4)
    entries, balance = published.entries(holder), published.truth(holder)
    last = entries[-1]
    wrong = {
        1: ("outside", entries),
        2: (holder, entries[:-1]),
        3: (holder, [entries[1], entries[0], *entries[2:]]),
        4: (holder, [*entries[:-1], replace(last, seconds=last.seconds - 1)]),
        5: (holder, [*entries[:-1], replace(last, reason="KINDNESS")]),
    }
    for step, (name, listed) in wrong.items():
        with pytest.raises(StepFailed) as caught:
            verify_entries(name, listed, balance)
        assert caught.value.number == step


def test_hiding_a_reversal_breaks_the_proof(maps):
    published = maps.published[1]
    holder = next(name for name in HOLDERS if any(entry.to_class == 6 for entry in published.entries(name)))
    kept = [entry for entry in published.entries(holder) if entry.to_class != 6]
    hidden = AccountBalance.without_entries(account_key(holder)).after(kept)
    verify_entries(holder, kept, hidden)
    assert failing_step(replace(published.proof(holder), end=hidden).to_bytes(), holder, published.note) == 6
    with pytest.raises(StepFailed, match="step 2"):
        verify_entries(holder, kept, published.truth(holder))


def test_a_hash_of_one_kind_is_never_one_of_another():
    """The same 64 bytes are a leaf, a node of the map, a node of the log, an event and part of a chain."""
    left, right = sha256(b"left").digest(), sha256(b"right").digest()
    both = left + right
    balance = AccountBalance(1, 2, 3, 4, 5, 6, 7, right)
    hashes = [
        leaf_hash(left, right),
        inner_hash(left, right),
        chain_start(left),
        sha256(b"\x12" + both).digest(),
        sha256(b"\x13" + both).digest(),
        sha256(b"\x00" + both).digest(),
        sha256(b"\x01" + both).digest(),
        sha256(both).digest(),
        balance.value(),
        EMPTY,
    ]
    assert len(set(hashes)) == len(hashes)


def test_an_inner_node_is_no_leaf_and_a_leaf_no_inner_node(maps):
    published, holder = maps.published[1], next(name for name in HOLDERS if maps.published[1].entries(name))
    proof, key = published.proof(holder), account_key(holder)
    # The node above the leaf, as the leaf of "somebody else"; then the leaf, as a node over its own two halves.
    shorter = BalanceProof(
        OtherLeaf(proof.siblings[-1], leaf_hash(key, published.truth(holder).value())), proof.siblings[:-1]
    )
    assert failing_step(loosely_written(shorter), holder, published.note) in (4, 6)
    longer = BalanceProof(None, (*proof.siblings, published.truth(holder).value()))
    assert failing_step(loosely_written(longer), holder, published.note) == 6


def test_no_root_however_made_gives_a_key_two_ends(seed):
    """Not only honest maps: even leaves in wrong places are read in one way."""
    chance, holder = random.Random(seed), "volunteers/amal"
    key = account_key(holder)
    value = AccountBalance(1, 0, 0, 0, 0, 0, 1, bytes(32))
    sibling = chance.randbytes(32)
    own = leaf_hash(key, value.value())
    root = inner_hash(sibling, own) if key[0] >> 7 else inner_hash(own, sibling)
    note = noted(root)
    assert verify_balance_proof(BalanceProof(value, (sibling,)).to_bytes(), holder, note).balance == value
    for end in (None, OtherLeaf(key, value.value()), OtherLeaf(chance.randbytes(32), value.value())):
        for siblings in ((), (sibling,), (own,), (EMPTY,), (sibling, own)):
            assert failing_step(loosely_written(BalanceProof(end, siblings)), holder, note) in (4, 5, 6)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read_back(raw):
    for candidate in (raw, b"\x01\x02" + raw, b"\x01\x01" + bytes(88) + raw, b"\x01\x03" + bytes(64) + raw):
        try:
            proof = parse_balance_proof(candidate)
        except Malformed:
            continue
        assert proof.to_bytes() == candidate


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x02\x02\x00\x00", id="another version"),
        pytest.param(b"\x01\x00\x00\x00", id="no kind"),
        pytest.param(b"\x01\x04\x00\x00", id="an unknown kind"),
        pytest.param(b"\x01\x02\x00", id="half a depth"),
        pytest.param(b"\x01\x02\x01\x01" + bytes(33), id="deeper than a key"),
        pytest.param(b"\x01\x02\xff\xff" + b"\xff" * 8_192, id="much deeper"),
        pytest.param(b"\x01\x02\x00\x01\x80" + b"s" * 31, id="half a sibling"),
        pytest.param(b"\x01\x02\x00\x01\x80" + b"s" * 33, id="more behind it"),
        pytest.param(b"\x01\x02\x00\x01\x80" + bytes(32), id="an empty sibling in full"),
        pytest.param(b"\x01\x02\x00\x01\xc0" + b"s" * 64, id="a bit without depth"),
        pytest.param(b"\x01\x02\x00\x01\xc0" + b"s" * 32, id="an unused bit set"),
        pytest.param(b"\x01\x02\x00\x00\x00", id="a byte too many"),
        pytest.param(b"\x01\x01" + b"\x80" + bytes(87) + b"\x00\x00", id="seconds beyond 63 bits"),
        pytest.param(b"\x01\x03" + bytes(63), id="half another leaf"),
        pytest.param(bytes(PROOF_BYTES_MAX + 1), id="too long"),
    ],
)
def test_another_spelling_is_refused(raw):
    with pytest.raises(Malformed):
        parse_balance_proof(raw)


@given(st.lists(st.sampled_from([EMPTY, b"s" * 32, b"t" * 32]), max_size=256), st.integers(1, 3))
@settings(max_examples=50)
def test_every_proof_is_read_back_and_has_one_spelling(siblings, kind):
    end = {1: AccountBalance(1, 2, 3, 4, 5, 6, 7, b"h" * 32), 2: None, 3: OtherLeaf(b"k" * 32, b"v" * 32)}[kind]
    proof = BalanceProof(end, tuple(siblings))
    raw = proof.to_bytes()
    assert raw == loosely_written(proof)
    assert parse_balance_proof(raw) == proof
    assert len(raw) <= PROOF_BYTES_MAX
    for length in range(0, len(raw), 7):
        with pytest.raises(Malformed):
            parse_balance_proof(raw[:length])


def test_a_proof_that_could_not_be_read_back_is_never_made():
    for proof in (BalanceProof(None, (b"s" * 31,)), BalanceProof(OtherLeaf(b"k", b"v"), ())):
        with pytest.raises(Malformed):
            proof.to_bytes()


def test_a_balance_that_is_not_the_one_in_the_map_is_met():
    ledger = TinyLedger()
    ledger.add(EXAMPLE)
    key = account_key("volunteers/badr")
    ledger.balances[key] = replace(ledger.balances[key], withheld_seconds=0)
    with pytest.raises(PageBroken, match="volunteers/badr"):
        prove_balance(ledger.store, ledger, ledger.root, "volunteers/badr")


def test_proofs_of_many_accounts_stay_small(seed):
    chance = random.Random(seed)
    leaves = {chance.randbytes(32): bytes(32) for _ in range(20_000)}
    ledger = TinyLedger()
    update = updated(ledger.store, EMPTY, leaves)
    ledger.store.write(update.pages)
    assert update.root == map_root(leaves)
    proofs = [prove_balance(ledger.store, ledger, update.root, name).to_bytes() for name in STRANGERS]
    assert max(map(len, proofs)) <= 1_024
    for name, proof in zip(STRANGERS, proofs, strict=True):
        assert not verify_balance_proof(proof, name, noted(update.root)).is_known


class Dose:
    """So many changes from one seed, and what became of them."""

    def __init__(self, seed: int, count: int) -> None:
        self.chance = random.Random(seed)
        self.maps = Maps(self.chance)
        self.structural = 0
        self.outcomes: Counter[int] = Counter()
        """By failed step; 0 for a verdict."""
        for _ in range(count):
            self.change_one()
        assert sum(self.outcomes.values()) == count
        assert self.structural >= count // 2
        assert self.outcomes[0] <= HARMLESS_SHARE_MAX * count
        if count >= 10_000:
            assert set(self.outcomes) - {0} == set(range(2, 7)), "a step that nothing ever failed at checks nothing"

    def change_one(self) -> None:
        chance, maps = self.chance, self.maps
        published = maps.any_map()
        holder = maps.any_of(published)
        proof = published.proof(holder)
        if chance.random() < STRUCTURAL_SHARE:
            self.structural += 1
            match chance.randrange(6):
                case 0:
                    proof = maps.any_proof()
                case 1:
                    holder = maps.any_holder()
                case 2:
                    published = maps.any_map()
                case 3 | 4:
                    proof = change_siblings(maps, proof)
                case _:
                    proof = change_end(maps, proof, holder)
            raw = loosely_written(proof)
        else:
            raw = change_bytes(chance, proof.to_bytes())
        try:
            verdict = verify_balance_proof(raw, holder, published.note)
        except StepFailed as failure:
            self.outcomes[failure.number] += 1
            return
        self.outcomes[0] += 1
        assert (verdict.holder, verdict.balance) == (holder, published.truth(holder))


def test_changed_proofs_show_nothing_else(seed):
    Dose(seed, 2_000)


@pytest.mark.proof
def test_changed_proofs_show_nothing_else_in_the_full_dose(seed):
    Dose(seed, 100_000)


def test_changed_lists_of_entries_are_refused(seed):
    chance = random.Random(seed)
    maps = Maps(chance)
    refused = 0
    for _ in range(2_000):
        published, other = maps.any_map(), maps.any_map()
        holder = chance.choice([name for name in HOLDERS if published.entries(name)])
        entries = published.entries(holder)
        changed = change_entries(chance, entries, other.entries(maps.any_holder()))
        try:
            verify_entries(holder, changed, published.truth(holder))
            assert changed == entries
        except StepFailed:
            assert changed != entries
            refused += 1
    assert refused > 1_000
