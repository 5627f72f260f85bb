"""Strongly connected components by Tarjan's algorithm, and one shortest cycle through each.

R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972). Without recursion: a graph of
verifiers may be a long chain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping


def components(graph: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Sets of nodes each of which reaches each other, in order of their names; every node is in exactly one.

    Each node stands in `graph` with the nodes its edges lead to.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    on_stack: set[str] = set()
    for root in graph:
        if root in index:
            continue
        path = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        waiting.append(root)
        on_stack.add(root)
        while path:
            node, edges = path[-1]
            for target in edges:
                if target not in index:
                    index[target] = low[target] = len(index)
                    waiting.append(target)
                    on_stack.add(target)
                    path.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == index[node]:
                    yield _taken(node, waiting, on_stack)


def _taken(root: str, waiting: list[str], on_stack: set[str]) -> list[str]:
    found: list[str] = []
    while True:
        node = waiting.pop()
        on_stack.discard(node)
        found.append(node)
        if node == root:
            return sorted(found)


def shortest_cycle(graph: Mapping[str, Collection[str]], members: Collection[str]) -> list[str]:
    """Nodes of one shortest cycle among `members`, from its least name on; empty where there is none."""
    inside = set(members)
    best: list[str] = []
    for start in sorted(inside):
        cycle = _cycle_from(graph, inside, start)
        if cycle and (not best or len(cycle) < len(best)):
            best = cycle
    if not best:
        return []
    least = best.index(min(best))
    return best[least:] + best[:least]


def _cycle_from(graph: Mapping[str, Collection[str]], inside: set[str], start: str) -> list[str]:
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in sorted(set(graph[node]) & inside):
            if target == start:
                back = [node]
                while back[-1] != start:
                    back.append(before[back[-1]])
                return back[::-1]
            if target not in before:
                before[target] = node
                queue.append(target)
    return []
