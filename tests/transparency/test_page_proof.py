"""Proofs of whole pages: equal to the recursion they are defined by, and none of another page."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from ledger.transparency.failures import Malformed, OutOfTree, ProofRejected, StepFailed
from ledger.transparency.page_proof import page_ranges, root_of_page
from ledger.transparency.proof_ranges import inclusion_ranges
from ledger.transparency.tree_hash import leaf_hash, leaf_hashes, node_hash
from ledger.transparency.verify import verify_page
from tests.transparency.mutations import SIZES, Logs, change_bytes, change_checkpoint, change_hashes
from tests.transparency.naive_tree import NaiveTree, largest_power_of_two_below
from tests.transparency.sample_log import SampleLog, sample_entries

LOG = SampleLog("log.example/hours/0", sample_entries(1_200))
NAIVE = NaiveTree(LOG.entries)
SIZE_MAX_OF_ALL = 200


def naive_proof(indexes: Sequence[int], start: int, end: int) -> list[bytes]:
    """As docs/transparency.md says it."""
    if not any(start <= index < end for index in indexes):
        return [NAIVE.mth(start, end)]
    if end - start == 1:
        return []
    middle = start + largest_power_of_two_below(end - start)
    return naive_proof(indexes, start, middle) + naive_proof(indexes, middle, end)


def hashes_of(indexes: Sequence[int]) -> list[bytes]:
    return leaf_hashes(LOG.entries[index] for index in indexes)


def agree(indexes: Sequence[int], size: int) -> list[bytes]:
    """Proof, ranges and root as the definition gives them."""
    proof = LOG.tree.page_proof(indexes, size)
    assert proof == naive_proof(indexes, 0, size)
    assert len(page_ranges(indexes, size)) == len(proof)
    assert root_of_page(indexes, hashes_of(indexes), size, proof) == NAIVE.root(size)
    return proof


def test_every_page_of_small_trees():
    for size in range(1, 9):
        for count in range(1, size + 1):
            for indexes in combinations(range(size), count):
                agree(indexes, size)


def test_pages_at_every_size(seed):
    chance = random.Random(seed)
    for size in range(1, SIZE_MAX_OF_ALL + 1):
        first, last = sorted(chance.choices(range(size), k=2))
        side_by_side = agree(range(first, last + 1), size)
        assert len(side_by_side) <= 2 * size.bit_length()
        agree(sorted(chance.sample(range(size), chance.randint(1, size))), size)
        assert agree(range(size), size) == []
        [index] = chance.choices(range(size))
        assert len(agree([index], size)) == len(inclusion_ranges(index, size))


@pytest.mark.parametrize("count", [40, pytest.param(2_000, marks=pytest.mark.proof)])
def test_pages_of_larger_trees(seed, count):
    chance = random.Random(seed)
    for _ in range(count):
        size = chance.randint(SIZE_MAX_OF_ALL, LOG.size)
        agree(sorted(chance.sample(range(size), chance.choice((1, 2, 10, 150)))), size)


def test_a_page_s_tiles_are_read_once_each():
    LOG.tiles.reads = 0
    LOG.tree.page_proof(range(0, 1_200, 3), 1_200)
    assert LOG.tiles.reads <= 6


@pytest.mark.parametrize(
    ("indexes", "size"),
    [([], 5), ([], 0), ([5], 5), ([-1], 5), ([1, 1], 5), ([2, 1], 5), ([0], 0), ([0, 9], 5), ([0], 2**63)],
)
def test_leaves_that_are_no_page(indexes, size):
    with pytest.raises(OutOfTree):
        page_ranges(indexes, size)
    with pytest.raises(OutOfTree):
        root_of_page(indexes, [b"\0" * 32] * len(indexes), size, [])


def test_a_size_beyond_every_log_costs_a_path_and_no_more():
    assert len(page_ranges([0, 2**62, 2**63 - 2], 2**63 - 1)) <= 3 * 63


@pytest.mark.parametrize("change", ["one more", "one less", "swapped", "cut", "leaf cut", "leaf missing"])
def test_another_number_or_length_of_hashes_is_rejected(change):
    indexes = [3, 4, 90]
    leaves, proof = hashes_of(indexes), agree(indexes, 100)
    match change:
        case "one more":
            proof.append(proof[-1])
        case "one less":
            proof.pop()
        case "swapped":
            proof[0], proof[1] = proof[1], proof[0]
        case "cut":
            proof[2] = proof[2][:31]
        case "leaf cut":
            leaves[1] = leaves[1][:31]
        case _:
            leaves.pop()
    if change == "swapped":
        assert root_of_page(indexes, leaves, 100, proof) != NAIVE.root(100)
        return
    with pytest.raises(ProofRejected):
        root_of_page(indexes, leaves, 100, proof)


def page_of(log: SampleLog, indexes: Sequence[int]) -> list[tuple[int, bytes]]:
    return [(index + 1, log.entries[index]) for index in indexes]


def test_each_step_of_a_page_can_fail():
    indexes, size = [3, 4, 90], 100
    page, proof, note, policy = page_of(LOG, indexes), agree(indexes, size), LOG.checkpoint(size), LOG.policy()
    assert verify_page(note, proof, page, policy).checkpoint.size == size
    inner = LOG.tree.leaf_hash(2) + LOG.tree.leaf_hash(3)
    assert leaf_hash(inner) != node_hash(inner[:32], inner[32:])
    for changed_page, changed_proof, number in (
        ([], proof, 8),
        (page[::-1], proof, 8),
        ([*page, (101, b"event")], proof, 8),
        ([(0, b"event"), *page], proof, 8),
        ([page[0], (5, b""), page[2]], proof, 9),
        ([page[0], (5, b"x" * 65_536), page[2]], proof, 9),
        ([page[0], page[1], (90, page[2][1])], proof, 10),
        ([page[0], (5, page[2][1]), (91, page[1][1])], proof, 10),
        (page[:2], proof, 10),
        ([*page, (92, LOG.entries[91])], proof, 10),
        (page, proof[::-1], 10),
        (page, agree(indexes, 101), 10),
    ):
        with pytest.raises(StepFailed) as failed:
            verify_page(note, changed_proof, changed_page, policy)
        assert failed.value.number == number
    with pytest.raises(StepFailed) as failed:
        verify_page(note.replace(b"\n100\n", b"\n101\n"), proof, page, policy)
    assert failed.value.number == 4


@pytest.mark.parametrize("count", [200, pytest.param(30_000, marks=pytest.mark.proof)])
def test_no_changed_page_has_a_verdict_for_other_content(seed, count):
    chance = random.Random(seed)
    logs = Logs(chance)
    verdicts, failures = 0, dict.fromkeys(range(1, 11), 0)
    for _ in range(count):
        number, size = chance.choice((0, 1)), chance.choice(SIZES)
        indexes = sorted(chance.sample(range(size), chance.randint(1, min(size, 20))))
        page, note = page_of(logs.all[number], indexes), logs.checkpoint(number, size)
        hashes = logs.all[number].tree.page_proof(indexes, size)
        match chance.randrange(8):
            case 0:
                hashes = change_hashes(logs, hashes)
            case 1:
                note = change_checkpoint(logs, note)
            case 2:
                note = change_bytes(chance, note)
            case 3:
                at = chance.randrange(len(page))
                page[at] = (page[at][0], change_bytes(chance, page[at][1]))
            case 4:  # moved to another position
                at = chance.randrange(len(page))
                page[at] = (page[at][0] + chance.choice((-1, 1, 256)), page[at][1])
            case 5:
                del page[chance.randrange(len(page))]
            case 6:
                other = chance.choice(logs.all)
                page.append((size, other.entries[size - 1]))
            case _:  # the page of one history under the proof or the checkpoint of another
                note = logs.checkpoint(1 - number, size)
        try:
            verdict = verify_page(note, hashes, page, logs.policy)
        except StepFailed as failure:
            failures[failure.number] += 1
            continue
        verdicts += 1
        truth = logs.signed[verdict.checkpoint.size, verdict.checkpoint.root]
        assert page
        assert all(truth[position - 1] == event for position, event in page)
    assert verdicts < count / 3, "harmless: a line of a stranger, an end that both histories share"
    if count >= 2_000:  # of fewer changes chance may leave a step out
        assert min(failures[step] for step in (3, 4, 8, 10)) > 0


def test_malformed_is_what_another_root_is():
    with pytest.raises(StepFailed) as failed:
        verify_page(LOG.checkpoint(9), LOG.tree.page_proof([1], 8), page_of(LOG, [1]), LOG.policy())
    assert isinstance(failed.value.__cause__, Malformed | ProofRejected)
