"""A stranger's verification: the right bytes get a verdict, and what is wrong is named by its step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import cycle

import pytest

from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.signed_note import Note, format_note, parse_note
from ledger.transparency.signing import SeedSigner, sign_checkpoint
from ledger.transparency.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verifier_key import SignatureType, VerifierKey
from ledger.transparency.verify import verify_checkpoint, verify_event, verify_growth, verify_whole_log
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

LOG = SampleLog("log.example/hours/0", sample_entries(300))
OTHER = SampleLog("log.example/hours/1", sample_entries(300, "other"))
FORK = SampleLog("log.example/hours/0", [*LOG.entries[:250], *sample_entries(50, "forked")])
POLICY = LOG.policy()
EVENT = LOG.entries[41]
PROOF = LOG.proof(41, 300)


def without_signature(checkpoint: bytes, key: VerifierKey) -> bytes:
    note = parse_note(checkpoint)
    return format_note(Note(note.text, tuple(line for line in note.signatures if line.key_id != key.key_id)))


def failed_step(ask: Callable[[], object]) -> int:
    with pytest.raises(StepFailed) as failure:
        ask()
    assert str(failure.value).startswith(f"step {failure.value.number} (")
    return failure.value.number


def event_step(proof: TlogProof, event: bytes = EVENT, policy: TrustPolicy = POLICY) -> int:
    return failed_step(lambda: verify_event(format_tlog_proof(proof), event, policy))


def test_an_event_that_is_there():
    verdict = verify_event(format_tlog_proof(PROOF), EVENT, POLICY)
    assert verdict.position == 42
    assert verdict.checkpoint.checkpoint == Checkpoint(LOG.origin, 300, LOG.tree.root(300))
    assert [one.key for one in verdict.checkpoint.signed] == [signer.key for signer in LOG.signers]
    assert [(one.key, one.unix_seconds) for one in verdict.checkpoint.cosigned] == [
        (witness.key, SIGNED_AT) for witness in LOG.witnesses
    ]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (255, 256), (256, 257), (299, 300), (0, 300)])
def test_events_at_the_edges(index, size):
    assert verify_event(LOG.proof_file(index, size), LOG.entries[index], POLICY).position == index + 1


def test_step_1_the_file():
    assert failed_step(lambda: verify_event(b"", EVENT, POLICY)) == 1
    assert failed_step(lambda: verify_event(PROOF.checkpoint, EVENT, POLICY)) == 1


def test_steps_2_and_3_the_checkpoint_s_form():
    assert event_step(replace(PROOF, checkpoint=b"")) == 2
    assert event_step(replace(PROOF, checkpoint=PROOF.checkpoint[:-1])) == 2
    no_checkpoint = format_note(Note(b"text\n", (LOG.ed25519.sign(b"text\n", SIGNED_AT),)))
    assert event_step(replace(PROOF, checkpoint=no_checkpoint)) == 3


def test_step_4_another_log_s_origin():
    assert event_step(OTHER.proof(41, 300), OTHER.entries[41]) == 4
    head = Checkpoint(OTHER.origin, 300, LOG.tree.root(300))
    assert event_step(replace(PROOF, checkpoint=sign_checkpoint(head, LOG.signers, SIGNED_AT))) == 4


def test_step_5_a_wrong_signature_of_any_known_key():
    for number in range(4):
        changed = parse_note(PROOF.checkpoint).signatures[number]
        blob = changed.signature[:-1] + bytes([changed.signature[-1] ^ 1])
        lines = list(parse_note(PROOF.checkpoint).signatures)
        lines[number] = replace(changed, signature=blob)
        checkpoint = format_note(Note(parse_note(PROOF.checkpoint).text, tuple(lines)))
        assert event_step(replace(PROOF, checkpoint=checkpoint)) == 5
    resized = PROOF.checkpoint.replace(b"\n300\n", b"\n301\n")
    assert event_step(replace(PROOF, checkpoint=resized)) == 5


def test_steps_6_to_8_a_missing_signature():
    for signer, step in ((LOG.ed25519, 6), (LOG.ml_dsa, 7), (LOG.witnesses[0], 8), (LOG.witnesses[1], 8)):
        checkpoint = without_signature(PROOF.checkpoint, signer.key)
        assert event_step(replace(PROOF, checkpoint=checkpoint)) == step


def test_signatures_that_nobody_asks_for_are_not_needed():
    only_the_log = replace(PROOF, checkpoint=LOG.checkpoint(300, [LOG.ed25519]))
    lenient = LOG.policy(witnesses_required=0, post_quantum=False)
    assert verify_event(format_tlog_proof(only_the_log), EVENT, lenient).checkpoint.cosigned == ()
    one_of_two = replace(PROOF, checkpoint=LOG.checkpoint(300, [LOG.ed25519, LOG.ml_dsa, LOG.witnesses[1]]))
    assert verify_event(format_tlog_proof(one_of_two), EVENT, LOG.policy(witnesses_required=1))
    assert event_step(one_of_two, policy=LOG.policy(witnesses_required=2)) == 8


def test_a_cosignature_by_the_log_s_own_ed25519_key_is_not_its_signature():
    seed = bytes(range(32))
    plain = SeedSigner(LOG.origin, SignatureType.ED25519, seed)
    timed = SeedSigner(LOG.origin, SignatureType.ED25519_COSIGNATURE, seed)
    policy = TrustPolicy(plain.key)
    head = Checkpoint(LOG.origin, 300, LOG.tree.root(300))
    checkpoint = sign_checkpoint(head, [timed], SIGNED_AT)
    assert failed_step(lambda: verify_checkpoint(checkpoint, policy)) == 5
    with pytest.raises(Malformed, match="each public key"):
        TrustPolicy(plain.key, witnesses=(timed.key,))


def test_step_9_what_is_no_event():
    assert event_step(PROOF, b"") == 9
    assert event_step(PROOF, b"x" * 65_536) == 9


def test_step_10_another_event_index_or_path():
    assert event_step(PROOF, LOG.entries[40]) == 10
    assert event_step(PROOF, EVENT + b" ") == 10
    assert event_step(replace(PROOF, index=40)) == 10
    assert event_step(replace(PROOF, index=300)) == 10
    assert event_step(replace(PROOF, hashes=PROOF.hashes[:-1])) == 10
    assert event_step(replace(PROOF, hashes=(*PROOF.hashes, bytes(32)))) == 10
    assert event_step(replace(LOG.proof(41, 299), checkpoint=PROOF.checkpoint)) == 10
    assert event_step(replace(FORK.proof(270, 300), checkpoint=PROOF.checkpoint), FORK.entries[270]) == 10


def test_two_nodes_of_the_tree_are_no_event():
    """The attack that the leaf's prefix is for: an inner node shown as an entry, with a proof that is one shorter."""
    inner = LOG.tree.leaf_hash(40) + LOG.tree.leaf_hash(41)
    shorter = replace(PROOF, index=20, hashes=PROOF.hashes[1:])
    assert event_step(shorter, inner) == 10


def test_extra_data_is_not_part_of_the_verdict():
    with_extra = replace(PROOF, extra=b"anything")
    assert verify_event(format_tlog_proof(with_extra), EVENT, POLICY) == verify_event(
        format_tlog_proof(PROOF), EVENT, POLICY
    )
    assert parse_tlog_proof(format_tlog_proof(with_extra)).extra == b"anything"


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 300), (1, 300), (255, 257), (256, 300), (300, 300)])
def test_growth(old, new):
    hashes = LOG.tree.consistency_proof(old, new)
    verdict = verify_growth(LOG.checkpoint(old), LOG.checkpoint(new), hashes, POLICY)
    assert (verdict.old.checkpoint.size, verdict.new.checkpoint.size) == (old, new)


def test_growth_names_which_checkpoint_is_wrong():
    old, new, hashes = LOG.checkpoint(200), LOG.checkpoint(300), LOG.tree.consistency_proof(200, 300)

    def step(old: bytes = old, new: bytes = new, hashes: list[bytes] = hashes) -> int:
        return failed_step(lambda: verify_growth(old, new, hashes, POLICY))

    assert step(old=b"") == 1
    assert step(new=b"") == 8
    assert step(old=OTHER.checkpoint(200)) == 3
    assert step(new=OTHER.checkpoint(300)) == 10
    assert step(old=LOG.checkpoint(200, LOG.signers[1:])) == 5
    assert step(new=LOG.checkpoint(300, LOG.signers[:1])) == 13
    assert step(new=LOG.checkpoint(300, LOG.signers[:3])) == 14
    assert step(hashes=[]) == step(hashes=hashes[1:]) == step(hashes=hashes[::-1]) == 15
    assert step(old=new, new=old) == 15


def test_a_fork_is_found_by_whoever_kept_a_checkpoint():
    """Both are signed by the log's keys: only the consistency proof shows it."""
    for old in (260, 300):
        with pytest.raises(StepFailed, match="step 15"):
            verify_growth(LOG.checkpoint(old), FORK.checkpoint(300), FORK.tree.consistency_proof(old, 300), POLICY)
    shared = FORK.tree.consistency_proof(250, 300)
    assert verify_growth(LOG.checkpoint(250), FORK.checkpoint(300), shared, POLICY)


def test_a_cut_tail_is_found_by_whoever_kept_a_checkpoint():
    with pytest.raises(StepFailed, match=r"step 15 .* keep both checkpoints, they are the evidence"):
        verify_growth(LOG.checkpoint(300), LOG.checkpoint(299), [], POLICY)


def test_sizes_are_compared_before_a_proof_is_read():
    """Of a log that went back nobody can fetch a proof: that must not hide what the two checkpoints show."""
    read: list[str] = []

    def hashes() -> list[bytes]:
        read.append("proof")
        raise Malformed("consistency proof", "it must be there")

    with pytest.raises(StepFailed, match=r"step 15 .*smaller size"):
        verify_growth(LOG.checkpoint(300), LOG.checkpoint(299), hashes, POLICY)
    assert not read
    with pytest.raises(StepFailed, match=r"step 15 .*it must be there"):
        verify_growth(LOG.checkpoint(299), LOG.checkpoint(300), hashes, POLICY)
    assert read


@pytest.mark.parametrize("size", [0, 1, 256, 300])
def test_a_whole_log(size):
    verdict = verify_whole_log(LOG.checkpoint(size), iter(LOG.entries[:size]), POLICY)
    assert verdict.checkpoint.size == size


def test_a_whole_log_with_anything_else_in_it():
    def step(entries: Iterable[bytes]) -> int:
        return failed_step(lambda: verify_whole_log(LOG.checkpoint(300), entries, POLICY))

    assert step(LOG.entries[:299]) == 8
    assert step([*LOG.entries, b"one more"]) == 8
    assert step(cycle(LOG.entries)) == 8
    assert step(FORK.entries) == 9
    assert step([*LOG.entries[:-2], LOG.entries[-1], LOG.entries[-2]]) == 9
    assert step([LOG.entries[0] + b" ", *LOG.entries[1:]]) == 9
    assert failed_step(lambda: verify_whole_log(b"", [], POLICY)) == 1


def test_policies_from_lines():
    own = [LOG.ml_dsa.key.line(), LOG.ed25519.key.line()]
    others = [witness.key.line() for witness in LOG.witnesses]
    assert read_policy(own, others, 2) == POLICY
    assert read_policy(own[1:]) == TrustPolicy(LOG.ed25519.key)
    for wrong in ([], own[:1], own * 2, [*own, others[0]], [own[1], own[1]], ["no key"], [own[1] + "\n"]):
        with pytest.raises(Malformed):
            read_policy(wrong)


def test_a_policy_of_another_note_of_the_log():
    head = Checkpoint("log.example/hours/0/balances", 300, bytes(32))
    policy = TrustPolicy(LOG.ed25519.key, other_origin="log.example/hours/0/balances")
    assert verify_checkpoint(sign_checkpoint(head, [LOG.ed25519], SIGNED_AT), policy).checkpoint == head
    assert failed_step(lambda: verify_checkpoint(LOG.checkpoint(300), policy)) == 3


def test_policies_that_would_say_something_else_than_they_seem_to():
    ed25519, ml_dsa, (w1, w2) = LOG.ed25519.key, LOG.ml_dsa.key, (witness.key for witness in LOG.witnesses)
    for wrong in (
        lambda: TrustPolicy(ml_dsa),
        lambda: TrustPolicy(w1),
        lambda: TrustPolicy(ed25519, w1),
        lambda: TrustPolicy(ed25519, None, (OTHER.ed25519.key,)),
        lambda: TrustPolicy(ed25519, None, (w1, w1)),
        lambda: TrustPolicy(ed25519, None, (w1, replace(w1, name="second.example")), 2),
        lambda: TrustPolicy(ed25519, ml_dsa, (ml_dsa,)),
        lambda: TrustPolicy(ed25519, None, (w1, w2), 3),
        lambda: TrustPolicy(ed25519, None, (w1, w2), -1),
        lambda: TrustPolicy(ed25519, None, (), 1),
    ):
        with pytest.raises(Malformed, match="trust policy"):
            wrong()


def test_two_keys_of_one_name_are_one_witness():
    seeds = (bytes([number] * 32) for number in range(2))
    kinds = (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44)
    both = [SeedSigner("office.example/w", kind, seed) for kind, seed in zip(kinds, seeds, strict=True)]
    keys = tuple(signer.key for signer in both)
    with pytest.raises(Malformed, match="0 to 1 witnesses"):
        TrustPolicy(LOG.ed25519.key, None, keys, 2)
    checkpoint = LOG.checkpoint(300, [LOG.ed25519, *both])
    policy = TrustPolicy(LOG.ed25519.key, None, (*keys, LOG.witnesses[0].key), 2)
    assert failed_step(lambda: verify_checkpoint(checkpoint, policy)) == 7
