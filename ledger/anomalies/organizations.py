"""Organisations whose figures lie far from those of the others, in one direction: the one that gives more hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ledger.anomalies.facts import Organization
from ledger.anomalies.finding import Finding, first_events
from ledger.anomalies.robust import robust_z_per_mille
from ledger.anomalies.thresholds import Thresholds


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


MEASURES: Final[dict[str, tuple[Callable[[Organization], float], float]]] = {
    "hours_a_volunteer": (lambda one: one.seconds / one.volunteers / 3600, 2.0),
    "above_schedule": (lambda one: _share(one.above_schedule, one.scheduled), 0.05),
    "without_check_in": (lambda one: _share(one.unclocked, one.attendances), 0.1),
    "round_hours": (lambda one: _share(one.round_hours, one.uneven), 0.05),
}
"""What is compared, and the least spread it is compared by."""


def outlying(organizations: Sequence[Organization], thresholds: Thresholds) -> Iterator[Finding]:
    """One finding an organisation, by the measure that lies farthest out."""
    large = [
        one
        for one in organizations
        if one.volunteers >= thresholds.organization_volunteers_min
        and one.attendances >= thresholds.organization_count_min
    ]
    if len(large) <= thresholds.organization_peers_min:
        return
    peers = {name: [measure(one) for one in large] for name, (measure, _) in MEASURES.items()}
    for one in large:
        z = {
            name: robust_z_per_mille(measure(one), peers[name], spread_min)
            for name, (measure, spread_min) in MEASURES.items()
        }
        farthest = max(z, key=lambda name: (z[name], name))
        if z[farthest] >= thresholds.robust_z_per_mille:
            yield _about(one, farthest, z[farthest], len(large) - 1)


def _about(one: Organization, measure: str, z_per_mille: int, peers: int) -> Finding:
    return Finding(
        kind="organization_figures",
        rule=f"organization_{measure}",
        subjects=(one.organization,),
        organizations=(one.organization,),
        figures={
            "z_per_mille": z_per_mille,
            "peers": peers,
            "volunteers": one.volunteers,
            "attendances": one.attendances,
            "seconds_a_volunteer": one.seconds // one.volunteers,
            "above_schedule_per_mille": round(1000 * _share(one.above_schedule, one.scheduled)),
            "without_check_in_per_mille": round(1000 * _share(one.unclocked, one.attendances)),
            "round_hours_per_mille": round(1000 * _share(one.round_hours, one.uneven)),
        },
        events=first_events(one.events),
        event_count=one.attendances,
        seconds=one.seconds,
    )
