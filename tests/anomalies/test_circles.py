"""Oneself, each other, around a circle; components by Tarjan beside what reachability says."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from ledger.anomalies.circles import circles
from ledger.anomalies.components import components, shortest_cycle
from ledger.anomalies.facts import Pair
from ledger.anomalies.thresholds import Thresholds

THRESHOLDS = Thresholds()


def pair(judge: str, person: str, count: int = 5, hours: int = 20, names: tuple[str, ...] = ()) -> Pair:
    return Pair(
        judge=judge,
        person=person,
        names=list(names or (judge, person)),
        organizations=["organizations/o"],
        count=count,
        seconds=hours * 3600,
        verified_seconds=200 * 3600,
        events=[count, 1],
    )


def found(*pairs: Pair) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.subjects) for one in circles(pairs, THRESHOLDS)]


def test_a_person_who_verified_another_name_of_theirs_is_shown_under_both_names():
    told = pair("volunteers/a", "volunteers/a", 1, names=("volunteers/b", "volunteers/a"))
    assert found(told) == [("self_verification", ("volunteers/a", "volunteers/b"))]


def test_two_who_verified_each_other_are_found_whichever_comes_first():
    there, back = pair("v/a", "v/b"), pair("v/b", "v/a", 3, 10)
    for pairs in ((there, back), (back, there)):
        [finding] = circles(pairs, THRESHOLDS)
        assert (finding.kind, finding.subjects) == ("mutual_verification", ("v/a", "v/b"))
        assert finding.figures == {
            "attendances": 8,
            "fewest_attendances": 3,
            "verified_seconds": 30 * 3600,
            "share_per_mille": 50,
        }
        assert (finding.events, finding.event_count) == ((1, 3, 5), 8)


@pytest.mark.parametrize(
    "pairs",
    [
        (pair("v/a", "v/b"),),
        (pair("v/a", "v/b"), pair("v/b", "v/a", 2)),  # a colleague stood in
        (pair("v/a", "v/b", hours=5), pair("v/b", "v/a", hours=4)),
        (pair("v/a", "v/b"), pair("v/b", "v/c")),
        (),
    ],
)
def test_what_does_not_come_back_is_no_circle(pairs):
    assert found(*pairs) == []


def test_a_ring_is_shown_with_its_cycle():
    ring = ["v/d", "v/b", "v/e", "v/a", "v/d"]
    pairs = [pair(one, other) for one, other in pairwise(ring)]
    [finding] = circles([*pairs, pair("v/x", "v/a"), pair("v/a", "v/y")], THRESHOLDS)
    assert (finding.kind, finding.subjects) == ("verification_ring", ("v/a", "v/b", "v/d", "v/e"))
    assert finding.cycle == ("v/a", "v/d", "v/b", "v/e")


@pytest.mark.parametrize(("size", "is_found"), [(3, True), (8, True), (9, False)])
def test_a_ring_of_more_than_eight_is_an_office(size: int, is_found: bool):
    pairs = [pair(f"v/{one}", f"v/{(one + 1) % size}") for one in range(size)]
    assert bool(found(*pairs)) == is_found


def test_components_are_those_that_reachability_says(seed: int):
    dice = random.Random(seed)
    for _ in range(200):
        nodes = [str(number) for number in range(dice.randrange(1, 9))]
        graph = {node: dice.sample(nodes, dice.randrange(0, min(4, len(nodes) + 1))) for node in nodes}
        reached = {node: reach(graph, node) for node in nodes}
        expected = {frozenset(o for o in nodes if o == n or (o in reached[n] and n in reached[o])) for n in nodes}
        told = list(components(graph))
        assert {frozenset(one) for one in told} == expected
        assert sum(map(len, told)) == len(nodes)
        for one in told:
            cycle = shortest_cycle(graph, one)
            assert bool(cycle) == any(node in reached[node] for node in one)
            assert all(after in graph[before] for before, after in pairwise([*cycle, *cycle[:1]]))


def reach(graph: dict[str, list[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph[node]
    return seen


def test_a_long_chain_of_verifiers_needs_no_recursion():
    chain = {str(number): [str(number + 1)] for number in range(20_000)} | {"20000": ["0"]}
    assert [len(one) for one in components(chain)] == [20_001]
