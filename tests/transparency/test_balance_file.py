"""A balance proof file is enough for a stranger who has the log's keys, and nothing else passes for one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.balance_file import HEADER, BalanceFile, format_balance_file, parse_balance_file
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.holder_key import partition_of_holder
from ledger.transparency.signed_note import Note, format_note, parse_note
from ledger.transparency.signing import sign_balances, sign_checkpoint
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import verify_checkpoint
from ledger.transparency.verify_balance import verify_entries
from ledger.transparency.verify_balance_file import (
    ENTRIES_FIRST_STEP,
    verify_balance_file,
    verify_checkpoint_of_note,
)
from ledger.transparency.verify_balances_note import balances_policy, verify_balances_note
from tests.transparency.sample_log import SIGNED_AT, SampleLog
from tests.transparency.tiny_ledger import EXAMPLE, TinyLedger

HOLDER = "volunteers/amal"
LOG = SampleLog("tiny.example/log/0", EXAMPLE)
NAME = f"{LOG.origin}/balances"
SIGNERS = [LOG.ed25519.named(NAME), LOG.ml_dsa.named(NAME)]
POLICY = read_policy([LOG.ed25519.key.line(), LOG.ml_dsa.key.line()])


def told() -> TinyLedger:
    ledger = TinyLedger()
    ledger.add(EXAMPLE)
    return ledger


LEDGER = told()
NOTE = BalancesNote(LOG.origin, len(EXAMPLE), LEDGER.root, LOG.tree.root(len(EXAMPLE)), 0, 1)
SIGNED = sign_balances(NOTE, SIGNERS, SIGNED_AT)
GOOD = BalanceFile(HOLDER, prove_balance(LEDGER.store, LEDGER, LEDGER.root, HOLDER).to_bytes(), SIGNED)


def failed_step(check: Callable[[], object]) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        check()
    return caught.value


def test_the_log_s_keys_are_enough():
    verdict = verify_balance_file(format_balance_file(GOOD), POLICY)
    assert verdict.balance.holder == HOLDER
    assert verdict.balance.balance.verified_seconds == 7_200
    assert verdict.balance.note == NOTE
    assert [one.key for one in verdict.signed] == [signer.key for signer in SIGNERS]
    verify_entries(HOLDER, LEDGER.entries[next(iter(LEDGER.entries))], verdict.balance.balance, ENTRIES_FIRST_STEP)
    without_ml_dsa = read_policy([LOG.ed25519.key.line()])
    assert verify_balance_file(format_balance_file(GOOD), without_ml_dsa).balance == verdict.balance


def test_the_keys_of_the_note_follow_from_the_log_s_by_what_is_public():
    own = balances_policy(POLICY)
    assert (own.origin, own.log_key.name) == (NAME, NAME)
    assert own.keys == tuple(signer.key for signer in SIGNERS)
    # What the page tells a reader to do, by hand: the other name, the key id over it, the same key.
    _, key_id, key = LOG.ed25519.key.line().split("+", 2)
    own_id = sha256(f"{NAME}\n".encode() + base64.b64decode(key)).hexdigest()[:8]
    assert own.log_key.line() == f"{NAME}+{own_id}+{key}"
    assert own_id != key_id


def with_note(note: bytes) -> bytes:
    return format_balance_file(replace(GOOD, note=note))


def resigned(note: BalancesNote) -> bytes:
    return with_note(sign_balances(note, SIGNERS, SIGNED_AT))


def with_signatures(note: bytes, signatures: bytes) -> bytes:
    """The text of one note under the signatures of another."""
    return format_note(Note(parse_note(note).text, parse_note(signatures).signatures))


def test_each_step_has_something_that_fails_at_it():
    checkpoint = LOG.checkpoint(LOG.size)
    other = SampleLog("tiny.example/log/0", EXAMPLE, seed=2)
    others = [other.ed25519.named(NAME), other.ml_dsa.named(NAME)]
    wrong = {
        1: b"volunteer-hours/balance-proof@v2" + format_balance_file(GOOD)[len(HEADER) :],
        2: with_note(b"no note\n"),
        3: with_note(checkpoint),
        4: resigned(replace(NOTE, log_origin="tiny.example/log/1")),
        5: with_note(with_signatures(sign_balances(replace(NOTE, size=6), SIGNERS, SIGNED_AT), SIGNED)),
        6: with_note(sign_balances(NOTE, others, SIGNED_AT)),
        7: with_note(sign_balances(NOTE, SIGNERS[:1], SIGNED_AT)),
        8: format_balance_file(replace(GOOD, holder="outside")),
        9: resigned(replace(NOTE, partition=1 - partition_of_holder(HOLDER, 2), partitions=2)),
        10: format_balance_file(replace(GOOD, proof=GOOD.proof + b"x")),
        13: resigned(replace(NOTE, map_root=bytes(32))),
    }
    for number, data in wrong.items():
        found = failed_step(partial(verify_balance_file, data, POLICY))
        assert found.number == number, found
    assert failed_step(lambda: verify_balances_note(checkpoint, POLICY)).number == 2


def test_no_signature_of_the_log_s_checkpoints_stands_under_a_balances_note():
    by_log_keys = sign_balances(NOTE, [LOG.ed25519, LOG.ml_dsa], SIGNED_AT)
    assert failed_step(lambda: verify_balances_note(by_log_keys, POLICY)).number == 5
    # And the other way round: the text is a checkpoint's with further lines, its name another log's.
    with pytest.raises(StepFailed, match=r"step 3 .*origin"):
        verify_checkpoint(SIGNED, POLICY)


def test_the_checkpoint_behind_the_note_brings_the_witnesses():
    policy = LOG.policy(witnesses_required=2)
    checkpoint = LOG.checkpoint(LOG.size)
    assert len(verify_checkpoint_of_note(checkpoint, NOTE, policy).cosigned) == 2
    alone = sign_checkpoint(Checkpoint(LOG.origin, LOG.size, NOTE.log_root), [LOG.ed25519, LOG.ml_dsa], SIGNED_AT)
    assert failed_step(lambda: verify_checkpoint_of_note(alone, NOTE, policy)).number == 25
    for other in (replace(NOTE, size=4), replace(NOTE, log_root=bytes(32))):
        assert failed_step(partial(verify_checkpoint_of_note, checkpoint, other, policy)).number == 26


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v01"), (b"\nholder ", b"\nHolder "), (b"\nholder ", b"\n\nholder "), (b"amal", b"Amal"),
        (b"amal", b"am al"), (b"amal", b""), (b"\nproof ", b"\nproof  "), (b"\nproof ", b"\nextra 0\nproof "),
        (b"\n\n", b"\n"), (b"\n\n", b"\n \n"), (b"\nproof AQE", b"\nproof AQF="), (b"\n", b"\r\n"),
    ],
)  # fmt: skip
def test_another_spelling_is_refused(old, new):
    data = format_balance_file(GOOD)
    other = data.replace(old, new, 1)
    assert other != data
    with pytest.raises((Malformed, StepFailed)):
        verify_balance_file(other, POLICY)
    with pytest.raises(Malformed):
        format_balance_file(parse_balance_file(other[:-1] + b"\x00"))


@given(st.integers(0, len(format_balance_file(GOOD)) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_says_nothing_else(at, byte):
    data = format_balance_file(GOOD)
    other = data[:at] + bytes([byte]) + data[at + 1 :]
    try:
        verdict = verify_balance_file(other, read_policy([LOG.ed25519.key.line()]))
    except StepFailed:
        return
    # Only what no signature covers may differ: a line of a key that was not asked for.
    assert (verdict.balance.holder, verdict.balance.note) == (HOLDER, NOTE)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(raw):
    for candidate in (raw, HEADER.encode() + raw, f"{HEADER}\nholder {HOLDER}\nproof ".encode() + raw):
        with pytest.raises(StepFailed):
            verify_balance_file(candidate, POLICY)
