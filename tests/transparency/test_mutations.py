"""Changed proofs, checkpoints and requests: none yields a verdict for other content than was signed."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.tlog_proof import TlogProof
from ledger.transparency.verify import CheckpointVerdict, verify_checkpoint, verify_event, verify_growth
from ledger.transparency.witness_protocol import (
    AddCheckpoint,
    Status,
    WitnessedLog,
    decide,
    format_add_checkpoint,
    parse_add_checkpoint,
)
from tests.transparency.mutations import (
    ORIGIN,
    SIZES,
    Logs,
    change_bytes,
    change_checkpoint,
    change_hashes,
    change_proof,
    loosely_written,
)

STRUCTURAL_SHARE = 0.6
HARMLESS_SHARE_MAX = 0.25
"""Another order of signatures, a line of a stranger: the same content, so it may verify."""


class Dose:
    """So many changes from one seed, and what became of them."""

    def __init__(self, seed: int, count: int) -> None:
        self.chance = random.Random(seed)
        self.logs = Logs(self.chance)
        self.count = count
        self.structural = 0
        self.outcomes: Counter[int] = Counter()
        """By failed step; 0 for a verdict."""

    def by_structure(self) -> bool:
        chosen = self.chance.random() < STRUCTURAL_SHARE
        self.structural += chosen
        return chosen

    def close(self, steps: range) -> None:
        assert sum(self.outcomes.values()) == self.count
        assert self.structural >= self.count // 2
        assert self.outcomes[0] <= HARMLESS_SHARE_MAX * self.count
        if self.count >= 10_000:
            assert set(self.outcomes) - {0} == set(steps), "a step that nothing ever failed at checks nothing"

    def need_true(self, verdict: CheckpointVerdict) -> list[bytes]:
        """The entries of the tree that the log's keys signed: there must be one, as the verdict says it."""
        head = verdict.checkpoint
        assert head == Checkpoint(ORIGIN, head.size, head.root)
        assert {one.key for one in verdict.signed} == set(self.logs.policy.keys)
        return self.logs.signed[head.size, head.root]


def small_and_full(small: int, full: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("count", [small, pytest.param(full, marks=pytest.mark.proof)])


@small_and_full(1_000, 50_000)
def test_events(seed, count):
    dose = Dose(seed, count)
    logs, chance = dose.logs, dose.chance
    for _ in range(count):
        number, size = chance.choice((0, 1)), chance.choice(SIZES)
        index = chance.randrange(size)
        hashes = tuple(logs.all[number].tree.inclusion_proof(index, size))
        proof, event = TlogProof(index, hashes, logs.checkpoint(number, size)), logs.all[number].entries[index]
        if dose.by_structure():
            proof, event = change_proof(logs, proof, event)
            data = loosely_written(proof)
        elif chance.random() < 0.2:
            data, event = loosely_written(proof), change_bytes(chance, event)
        else:
            data = change_bytes(chance, loosely_written(proof))
        try:
            verdict = verify_event(data, event, logs.policy)
        except StepFailed as failure:
            dose.outcomes[failure.number] += 1
        else:
            dose.outcomes[0] += 1
            assert dose.need_true(verdict.checkpoint)[verdict.position - 1] == event
    dose.close(range(1, 11))


@small_and_full(500, 25_000)
def test_growths(seed, count):
    dose = Dose(seed, count)
    logs, chance = dose.logs, dose.chance
    for _ in range(count):
        number, (old_size, new_size) = chance.choice((0, 1)), sorted(chance.choices(SIZES, k=2))
        old, new = logs.checkpoint(number, old_size), logs.checkpoint(number, new_size)
        hashes = logs.all[number].tree.consistency_proof(old_size, new_size)
        if dose.by_structure():
            match chance.randrange(4):
                case 0:
                    old = change_checkpoint(logs, old)
                case 1:
                    new = change_checkpoint(logs, new)
                case 2:
                    hashes = change_hashes(logs, hashes)
                case _:
                    old, new = new, old
        elif chance.random() < 0.5:
            old = change_bytes(chance, old)
        else:
            new = change_bytes(chance, new)
        try:
            verdict = verify_growth(old, new, hashes, logs.policy)
        except StepFailed as failure:
            dose.outcomes[failure.number] += 1
        else:
            dose.outcomes[0] += 1
            before, after = dose.need_true(verdict.old), dose.need_true(verdict.new)
            assert after[: len(before)] == before
    dose.close(range(1, 16))


@small_and_full(250, 15_000)
def test_checkpoints(seed, count):
    dose = Dose(seed, count)
    logs, chance = dose.logs, dose.chance
    for _ in range(count):
        data = logs.checkpoint(0, chance.choice(SIZES))
        data = change_checkpoint(logs, data) if dose.by_structure() else change_bytes(chance, data)
        try:
            verdict = verify_checkpoint(data, logs.policy)
        except StepFailed as failure:
            dose.outcomes[failure.number] += 1
        else:
            dose.outcomes[0] += 1
            dose.need_true(verdict)
    dose.close(range(1, 8))


@small_and_full(250, 10_000)
def test_requests_to_a_witness(seed, count):
    """What a witness cosigns continues what it cosigned last, and the log signed it."""
    dose = Dose(seed, count)
    logs, chance = dose.logs, dose.chance
    for _ in range(count):
        old_size, new_size = sorted(chance.choices(SIZES, k=2))
        known = WitnessedLog((logs.own.ed25519.key,), old_size, logs.own.tree.root(old_size))
        hashes = logs.own.tree.consistency_proof(old_size, new_size)
        asked = AddCheckpoint(old_size, tuple(hashes), logs.checkpoint(0, new_size))
        if dose.by_structure():
            match chance.randrange(3):
                case 0:
                    asked = AddCheckpoint(old_size, asked.hashes, change_checkpoint(logs, asked.checkpoint))
                case 1:
                    asked = AddCheckpoint(old_size, tuple(change_hashes(logs, hashes)), asked.checkpoint)
                case _:
                    asked = AddCheckpoint(chance.choice(SIZES), asked.hashes, logs.any_checkpoint())
        else:
            try:
                asked = parse_add_checkpoint(change_bytes(chance, format_add_checkpoint(asked)))
            except Malformed:
                dose.outcomes[Status.MALFORMED] += 1
                continue
        decision = decide(asked, known)
        dose.outcomes[0 if decision.checkpoint else decision.status] += 1
        if decision.checkpoint is not None:
            head = decision.checkpoint
            before, after = logs.own.entries[:old_size], logs.signed[head.size, head.root]
            assert head == Checkpoint(ORIGIN, head.size, head.root)
            assert after[: len(before)] == before
            assert decision.text == head.text()
    assert dose.outcomes[0] <= 0.5 * count, "its witness asks for one signature only, so more changes are harmless"
    assert {400, 403, 409, 422} <= set(dose.outcomes)
