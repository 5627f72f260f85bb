"""Who verified whom: oneself under another name, each other, or around a circle.

Only persons who verify can be in a circle. Two who verified each other are `mutual_verification`, a strongly connected
component of three and more `verification_ring`; one of more than `ring_members_max` is an office in which everybody
verifies everybody, and its pairs are shown alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ledger.anomalies.components import components, shortest_cycle
from ledger.anomalies.facts import Pair
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds
from ledger.domain.anomaly import AnomalyKind

Edges = Mapping[tuple[str, str], Pair]


def circles(pairs: Sequence[Pair], thresholds: Thresholds) -> Iterator[Finding]:
    """All findings of who verified whom."""
    edges = {(one.judge, one.person): one for one in pairs}
    yield from (_self(pair) for pair in pairs if pair.judge == pair.person)
    strong = {
        key: pair for key, pair in edges.items() if pair.count >= thresholds.circle_count_min and key[0] != key[1]
    }
    for (one, other), there in strong.items():
        back = strong.get((other, one))
        if one < other and back is not None and there.seconds + back.seconds >= thresholds.circle_seconds_min:
            yield _mutual(there, back)
    yield from _rings(strong, thresholds)


def _self(pair: Pair) -> Finding:
    return Finding(
        kind="self_verification",
        rule="self_verification",
        subjects=in_order(pair.names),
        organizations=in_order(pair.organizations),
        figures={"attendances": pair.count, "verified_seconds": pair.seconds},
        events=first_events(pair.events),
        event_count=pair.count,
        seconds=pair.seconds,
    )


def _mutual(there: Pair, back: Pair) -> Finding:
    figures = {
        "attendances": there.count + back.count,
        "fewest_attendances": min(there.count, back.count),
        "verified_seconds": there.seconds + back.seconds,
        "share_per_mille": min(_share(there), _share(back)),
    }
    return _of([there, back], "mutual_verification", figures, (there.judge, there.person))


def _rings(strong: Edges, thresholds: Thresholds) -> Iterator[Finding]:
    graph: dict[str, list[str]] = {}
    for judge, person in strong:
        graph.setdefault(judge, []).append(person)
        graph.setdefault(person, [])
    for members in components(graph):
        if not 3 <= len(members) <= thresholds.ring_members_max:
            continue
        inside = [strong[judge, person] for judge in members for person in graph[judge] if person in members]
        seconds = sum(one.seconds for one in inside)
        if seconds < thresholds.circle_seconds_min:
            continue
        cycle = shortest_cycle(graph, members)
        figures = {
            "members": len(members),
            "shortest_cycle": len(cycle),
            "attendances": sum(one.count for one in inside),
            "verified_seconds": seconds,
        }
        yield _of(inside, "verification_ring", figures, members, cycle)


def _of(
    pairs: Sequence[Pair],
    kind: AnomalyKind,
    figures: Mapping[str, int],
    subjects: Iterable[str],
    cycle: Sequence[str] = (),
) -> Finding:
    return Finding(
        kind=kind,
        rule=kind,
        subjects=in_order(subjects),
        organizations=in_order(name for pair in pairs for name in pair.organizations),
        figures=figures,
        events=first_events(code for pair in pairs for code in pair.events),
        event_count=sum(pair.count for pair in pairs),
        seconds=sum(pair.seconds for pair in pairs),
        persons=in_order(name for pair in pairs for name in pair.names),
        cycle=tuple(cycle),
    )


def _share(pair: Pair) -> int:
    """Of the person's verified seconds, those verified so, in thousandths."""
    return 1000 * pair.seconds // max(pair.verified_seconds, 1)
