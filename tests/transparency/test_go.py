"""Go's verifiers take what we make and refuse what we refuse; ours take what Go signs."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.failures import ProofRejected, StepFailed
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.signed_note import parse_note
from ledger.transparency.signing import sign_checkpoint
from ledger.transparency.tlog_proof import format_tlog_proof
from ledger.transparency.tree_hash import EMPTY_ROOT, leaf_hash
from ledger.transparency.verify import verify_checkpoint, verify_event
from tests.transparency.go_checks import Answer, Field, ask_go
from tests.transparency.mutations import SIZES, Logs, change_bytes, change_hashes, change_proof, loosely_written
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

LOG = SampleLog("log.example/hours/0", sample_entries(600))
VKEYS = [signer.key.line() for signer in LOG.signers]
GO_SIZES = (0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 600)


def note_question(size: int, note: bytes, keys: list[str]) -> dict[str, Field]:
    return {
        "Kind": "note",
        "Note": note,
        "Keys": keys,
        "Origin": LOG.origin,
        "Size": size,
        "Root": LOG.tree.root(size),
    }


def assert_all(answers: list[Answer], good: bool) -> None:
    for number, answer in enumerate(answers):
        assert answer.good is good, (number, answer.said)


def test_checkpoints_with_every_kind_of_signature(go_check):
    questions = [note_question(size, LOG.checkpoint(size), VKEYS) for size in GO_SIZES]
    questions += [note_question(600, LOG.checkpoint(600, [one]), [one.key.line()]) for one in LOG.signers]
    assert_all(ask_go(go_check, questions), good=True)


def test_checkpoints_whose_signatures_are_another_s(go_check):
    text, other = LOG.checkpoint(600), LOG.checkpoint(599)
    questions: list[dict[str, Field]] = []
    for number, signer in enumerate(LOG.signers):
        vkey = signer.key.line()
        lines = text.split(b"\n")
        lines[4 + number] = other.split(b"\n")[4 + number]
        questions.append(note_question(600, b"\n".join(lines), [vkey]))
        questions.append(note_question(600, text.replace(b"\n600\n", b"\n601\n"), [vkey]))
        renamed = replace(signer.key, name="log.example/hours/7").line()
        questions.append(note_question(600, text, [renamed]))
    assert_all(ask_go(go_check, questions), good=False)


def test_an_empty_log_s_checkpoint(go_check):
    head = Checkpoint(LOG.origin, 0, EMPTY_ROOT)
    note = sign_checkpoint(head, [LOG.ed25519, LOG.ml_dsa], SIGNED_AT)
    assert_all(ask_go(go_check, [note_question(0, note, VKEYS[:2])]), good=True)


def test_what_go_signs_we_take(go_check):
    text = Checkpoint(LOG.origin, 600, LOG.tree.root(600)).text()
    skeys = [LOG.ed25519.skey(), LOG.ml_dsa.skey(), *(witness.skey() for witness in LOG.witnesses)]
    (signed,) = ask_go(go_check, [{"Kind": "sign", "Text": text.decode(), "Keys": skeys}])
    assert signed.good, signed.said
    assert len(verified_signatures(parse_note(signed.note), LOG.policy().keys)) == 4
    assert verify_checkpoint(signed.note, LOG.policy()).checkpoint.text() == text


def test_inclusion_and_consistency(go_check, seed):
    chance = random.Random(seed)
    questions: list[dict[str, Field]] = []
    for size in GO_SIZES:
        root = LOG.tree.root(size)
        for index in {0, size - 1, chance.randrange(max(1, size))} & set(range(size)):
            hashes = LOG.tree.inclusion_proof(index, size)
            questions.append({"Kind": "inclusion", "Index": index, "Size": size, "Entry": LOG.entries[index],
                              "Hashes": hashes, "Root": root})  # fmt: skip
        for old in {0, 1, size // 2, size, chance.randrange(size + 1)} & set(range(size + 1)):
            hashes = LOG.tree.consistency_proof(old, size)
            questions.append({"Kind": "consistency", "OldSize": old, "OldRoot": LOG.tree.root(old), "Size": size,
                              "Root": root, "Hashes": hashes})  # fmt: skip
    assert_all(ask_go(go_check, questions), good=True)


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.proof)])
def test_changed_paths_are_refused_by_both_or_by_none(go_check, seed, count):
    logs = Logs(random.Random(seed))
    questions: list[dict[str, Field]] = []
    ours: list[bool] = []
    for number in range(count):
        old, size = sorted(logs.chance.choices(SIZES, k=2))
        tree, root = logs.own.tree, logs.own.tree.root(size)
        if number % 2:
            index = logs.chance.randrange(size)
            hashes, entry = change_hashes(logs, tree.inclusion_proof(index, size)), logs.own.entries[index]
            index += logs.chance.choice((0, 0, 0, 1, size))
            questions.append({"Kind": "inclusion", "Index": index, "Size": size, "Entry": entry, "Hashes": hashes,
                              "Root": root})  # fmt: skip
            ours.append(holds_inclusion(entry, index, size, hashes, root))
        else:
            hashes, old_root = change_hashes(logs, tree.consistency_proof(old, size)), tree.root(old)
            questions.append({"Kind": "consistency", "OldSize": old, "OldRoot": old_root, "Size": size, "Root": root,
                              "Hashes": hashes})  # fmt: skip
            ours.append(holds_consistency(old, old_root, size, root, hashes))
    assert [answer.good for answer in ask_go(go_check, questions)] == ours
    assert False in ours


def holds_inclusion(entry: bytes, index: int, size: int, hashes: list[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(leaf_hash(entry), index, size, hashes, root)
    except ProofRejected:
        return False
    return True


def holds_consistency(old: int, old_root: bytes, size: int, root: bytes, hashes: list[bytes]) -> bool:
    try:
        verify_consistency(old, old_root, size, root, hashes)
    except ProofRejected:
        return False
    return True


def test_proof_files(go_check):
    questions: list[dict[str, Field]] = [
        proof_file_question(format_tlog_proof(LOG.proof(index, size, extra)), LOG.entries[index], VKEYS)
        for index, size in ((0, 1), (255, 256), (256, 257), (41, 600), (599, 600))
        for extra in (None, b"any data")
    ]
    assert_all(ask_go(go_check, questions), good=True)


def proof_file_question(data: bytes, entry: bytes, keys: list[str]) -> dict[str, Field]:
    return {"Kind": "tlog-proof", "Proof": data, "Keys": keys, "Origin": LOG.origin, "Entry": entry}


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.proof)])
def test_go_takes_every_changed_proof_file_that_we_take(go_check, seed, count):
    """We are the stricter reader: what we refuse for its spelling, Go may take, but never the other way round."""
    logs = Logs(random.Random(seed))
    policy = logs.own.policy(witnesses_required=0, post_quantum=False)
    taken: list[dict[str, Field]] = []
    for _ in range(count):
        size = logs.chance.choice(SIZES)
        index = logs.chance.randrange(size)
        proof, event = logs.own.proof(index, size), logs.own.entries[index]
        if logs.chance.random() < 0.7:
            proof, event = change_proof(logs, proof, event)
            data = loosely_written(proof)
        else:
            data = change_bytes(logs.chance, loosely_written(proof))
        try:
            verify_event(data, event, policy)
        except StepFailed:
            continue
        taken.append(proof_file_question(data, event, [policy.log_key.line()]))
    assert taken
    assert_all(ask_go(go_check, taken), good=True)
