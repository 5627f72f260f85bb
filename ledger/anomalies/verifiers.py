"""How verifiers verify: nearly all alone beside others, too fast to have looked, never declining anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ledger.anomalies.facts import Minute, Verifier
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds
from ledger.domain.anomaly import AnomalyKind


def shares(verifiers: Sequence[Verifier], thresholds: Thresholds) -> Iterator[Finding]:
    """One of several verifiers confirmed nearly everything. A single verifier is nobody's anomaly."""
    for one in verifiers:
        if one.verifiers < thresholds.share_verifiers_min or one.verified < thresholds.share_count_min:
            continue
        share = 1000 * one.seconds // max(one.organization_seconds, 1)
        if share >= thresholds.share_per_mille:
            figures = {"share_per_mille": share, "verifiers": one.verifiers, "attendances": one.verified}
            yield _about(one, "verifier_share", "verifier_share", figures)


def speeds(verifiers: Sequence[Verifier], minutes: Sequence[Minute], thresholds: Thresholds) -> Iterator[Finding]:
    """The median wait is too short to have looked, or one minute held too much of too many shifts."""
    slow = set[tuple[str, str]]()
    for one in verifiers:
        wait = one.wait_seconds
        if wait is not None and 0 <= wait < thresholds.speed_seconds and one.waited >= thresholds.speed_count_min:
            slow.add((one.organization, one.verifier))
            figures = {"median_wait_seconds": wait, "attendances": one.waited}
            yield _about(one, "verifier_speed", "verifier_speed_wait", figures)
    of_verifier: dict[tuple[str, str], list[Minute]] = {}
    for minute in minutes:
        of_verifier.setdefault((minute.organization, minute.verifier), []).append(minute)
    for key, each in of_verifier.items():
        if key not in slow:
            yield _minutes(each)


def _minutes(each: Sequence[Minute]) -> Finding:
    fullest = max(each, key=lambda one: (one.count, one.events))
    count = sum(one.count for one in each)
    return Finding(
        kind="verifier_speed",
        rule="verifier_speed_minute",
        subjects=in_order((fullest.organization, fullest.verifier)),
        organizations=(fullest.organization,),
        figures={"attendances_in_a_minute": fullest.count, "shifts": fullest.shifts, "minutes": len(each)},
        events=first_events(code for one in each for code in one.events),
        event_count=count,
        seconds=sum(one.seconds for one in each),
    )


def approvals(verifiers: Sequence[Verifier], thresholds: Thresholds) -> Iterator[Finding]:
    """Nothing was declined where the peers' median would have declined ten: by chance that happens once in e^10."""
    busy = [one for one in verifiers if one.verified + one.declined >= thresholds.approval_count_min]
    if len(busy) <= thresholds.approval_peers_min:
        return
    usual = median(one.declined / (one.verified + one.declined) for one in busy)
    for one in busy:
        expected = int(usual * one.verified)
        if not one.declined and expected >= thresholds.approval_expected_declines_min:
            figures = {"attendances": one.verified, "expected_declines": expected, "peers": len(busy) - 1}
            yield _about(one, "verifier_approval", "verifier_approval", figures)


def _about(one: Verifier, kind: AnomalyKind, rule: str, figures: dict[str, int]) -> Finding:
    return Finding(
        kind=kind,
        rule=rule,
        subjects=in_order((one.organization, one.verifier)),
        organizations=(one.organization,),
        figures=figures,
        events=first_events(one.events),
        event_count=one.verified,
        seconds=one.seconds,
    )
