"""What a witness answers, by the rules of tlog-witness in their order; and what both sides read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.failures import Malformed, SignatureRejected
from ledger.transparency.signed_note import parse_note
from ledger.transparency.tree_hash import EMPTY_ROOT
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.witness_protocol import (
    AddCheckpoint,
    Decision,
    Status,
    WitnessedLog,
    decide,
    format_add_checkpoint,
    monitoring_path,
    parse_add_checkpoint,
    parse_cosignatures,
    parse_size_body,
    size_body,
)
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

LOG = SampleLog("log.example/hours/0", sample_entries(300))
FORK = SampleLog("log.example/hours/0", sample_entries(300, "forked"))
KEYS = (LOG.ed25519.key, LOG.ml_dsa.key)
WITNESS = LOG.witnesses[0]


def known(size: int) -> WitnessedLog:
    return WitnessedLog(KEYS, size, LOG.tree.root(size))


def request(old: int, new: int, log: SampleLog = LOG) -> AddCheckpoint:
    proof = tuple(log.tree.consistency_proof(old, new)) if old <= new else ()
    return AddCheckpoint(old, proof, log.checkpoint(new, [log.ed25519]))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (0, 300), (1, 2), (255, 257), (256, 300), (300, 300)])
def test_growth_is_cosigned(old, new):
    decision = decide(request(old, new), known(old))
    assert decision.status is Status.COSIGNED
    assert decision.checkpoint is not None
    assert (decision.checkpoint.size, decision.checkpoint.root) == (new, LOG.tree.root(new))
    assert decision.text == parse_note(request(old, new).checkpoint).text


def test_a_witness_begins_with_the_empty_tree():
    assert decide(request(0, 300), WitnessedLog(KEYS)).status is Status.COSIGNED
    assert WitnessedLog(KEYS).root == EMPTY_ROOT


def test_a_log_that_is_not_watched():
    assert decide(request(0, 5), None).status is Status.UNKNOWN_LOG


def test_a_checkpoint_that_the_log_did_not_sign():
    by_a_witness = AddCheckpoint(0, (), LOG.checkpoint(5, LOG.witnesses))
    assert decide(by_a_witness, known(0)).status is Status.NOT_SIGNED_BY_THE_LOG
    other_text = LOG.checkpoint(5, [LOG.ed25519]).replace(b"\n5\n", b"\n6\n")
    assert decide(AddCheckpoint(0, (), other_text), known(0)).status is Status.NOT_SIGNED_BY_THE_LOG
    foreign = SampleLog("log.example/hours/0", LOG.entries, seed=2)
    assert decide(request(0, 5, foreign), known(0)).status is Status.NOT_SIGNED_BY_THE_LOG


def test_either_key_of_the_log_is_enough():
    only_ml_dsa = AddCheckpoint(0, (), LOG.checkpoint(5, [LOG.ml_dsa]))
    assert decide(only_ml_dsa, known(0)).status is Status.COSIGNED


def test_an_old_size_above_the_new_one():
    assert decide(request(9, 8), known(9)).status is Status.MALFORMED


@pytest.mark.parametrize("size", [0, 7, 299, 300])
def test_another_old_size_than_the_witness_s(size):
    decision = decide(request(256, 300), known(size))
    assert decision.status is Status.OTHER_SIZE
    assert parse_size_body(size_body(size)) == size


def test_two_roots_of_one_size_are_a_fork():
    forked = AddCheckpoint(300, (), FORK.checkpoint(300, [FORK.ed25519]))
    assert decide(forked, known(300)).status is Status.OTHER_SIZE
    assert "another root" in decide(forked, known(300)).reason


def test_a_fork_that_grew():
    decision = decide(request(256, 300, FORK), known(256))
    assert decision.status is Status.NOT_CONSISTENT


@pytest.mark.parametrize(
    "change",
    [
        lambda hashes: (),
        lambda hashes: hashes[:-1],
        lambda hashes: hashes[::-1],
        lambda hashes: (*hashes, hashes[0]),
        lambda hashes: (bytes(32), *hashes[1:]),
    ],
)
def test_a_proof_that_does_not_hold(change):
    good = request(100, 300)
    decision = decide(replace(good, hashes=change(good.hashes)), known(100))
    assert (decision.status, decision.checkpoint, decision.text) == (Status.NOT_CONSISTENT, None, b"")


@pytest.mark.parametrize("size", [0, 300])
def test_a_proof_where_none_belongs(size):
    good = request(size, 300)
    assert decide(replace(good, hashes=(bytes(32),)), known(size)).status is Status.NOT_CONSISTENT


@pytest.mark.parametrize("note", [b"", b"text\n", b"text\n\n\xe2\x80\x94 name AAAAAAE=\n"])
def test_what_is_no_checkpoint(note):
    assert decide(AddCheckpoint(0, (), note), known(0)).status is Status.MALFORMED


def test_nothing_refused_carries_anything_to_cosign():
    with pytest.raises(ValueError, match="exactly if it is 200"):
        Decision(Status.COSIGNED, "no checkpoint")


@given(st.integers(0, 300), st.integers(0, 300))
def test_requests_come_back(old, new):
    asked = request(min(old, new), max(old, new))
    assert parse_add_checkpoint(format_add_checkpoint(asked)) == asked


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 5",
        "old 5\n",
        "old 05\n\nnote",
        "old -1\n\nnote",
        "old  5\n\nnote",
        "Old 5\n\nnote",
        "old 9223372036854775808\n\nnote",
        "old 5\nAAAA\n\nnote",
        "old 5\nnot base64\n\nnote",
        "old 5\r\n\r\nnote",
        "\nold 5\n\nnote",
        "old 5\n" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + "\nnote",
        "old 5\n\n" + "x" * 1_100_000,
    ],
)
def test_what_is_no_request(body):
    with pytest.raises(Malformed, match="add-checkpoint request"):
        parse_add_checkpoint(body.encode())


def test_requests_that_could_not_be_read_back_are_not_written():
    for bad in (AddCheckpoint(-1, (), b""), AddCheckpoint(1, (b"short",), b""), AddCheckpoint(1, (), b"\xff")):
        with pytest.raises(Malformed):
            format_add_checkpoint(bad)


@pytest.mark.parametrize("body", [b"", b"5", b"\n", b"05\n", b"5\n\n", b"-5\n", b"5 \n", b"9" * 100 + b"\n", b"\xff\n"])
def test_what_is_no_size(body):
    with pytest.raises(Malformed):
        parse_size_body(body)


def test_cosignatures_of_known_keys_are_taken_and_others_left():
    text = parse_note(LOG.checkpoint(5)).text
    keys = [witness.key for witness in LOG.witnesses]
    own = [witness.sign(text, SIGNED_AT) for witness in LOG.witnesses]
    stranger = FORK.witnesses[0].sign(text, SIGNED_AT)
    body = "".join(line.line() for line in (stranger, own[0], own[0], own[1])).encode()
    assert parse_cosignatures(body, text, keys) == tuple(own)
    assert parse_cosignatures(body, text, keys[:1]) == (own[0],)
    note = replace(parse_note(LOG.checkpoint(5)), signatures=parse_cosignatures(body, text, keys))
    assert len(verified_signatures(note, keys)) == 2


def test_an_answer_without_a_right_cosignature_is_refused():
    text, other = (parse_note(LOG.checkpoint(size)).text for size in (5, 6))
    line = WITNESS.sign(text, SIGNED_AT).line().encode()
    for body, about, keys in (
        (line, other, [WITNESS.key]),
        (line, text, [LOG.witnesses[1].key]),
        (LOG.ed25519.sign(text, SIGNED_AT).line().encode(), text, [LOG.ed25519.key]),
    ):
        with pytest.raises(SignatureRejected):
            parse_cosignatures(body, about, keys)
    for bad in (b"", b"\n", line[:-1], line + b"\n", b"OK\n"):
        with pytest.raises(Malformed):
            parse_cosignatures(bad, text, [WITNESS.key])
    assert WITNESS.key.type is SignatureType.ED25519_COSIGNATURE


def test_where_a_witness_shows_what_it_cosigned():
    digest = "f2251eb70456185cb99502dd04e9ff063584dc590c00e9dd064cb096c15e2403"
    assert monitoring_path("log.example/hours/0") == f"{digest}/checkpoint"
