"""Lengths far above what the shift planned or the organisation is used to, and more than a day a head and day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.anomalies.facts import Long
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds


def inflation(longs: Sequence[Long], thresholds: Thresholds) -> Iterator[Finding]:
    """One finding a person and organisation, and one a shift whose heads were counted.

    One long attendance is a forgotten check-out, unless it is longer than a day; several are a pattern. A head count
    stands for many people: one is enough.
    """
    of_person: dict[tuple[str, str], list[Long]] = {}
    of_shift: dict[str, list[Long]] = {}
    for one in longs:
        if one.heads:
            of_shift.setdefault(one.shift, []).append(one)
        else:
            of_person.setdefault((one.organization, one.holder), []).append(one)
    for subjects, each in of_person.items():
        over_a_day = any(one.seconds > thresholds.head_seconds_max for one in each)
        if over_a_day or _is_pattern(each, thresholds):
            yield _found("inflation_day" if over_a_day else "inflation_person", subjects, each)
    for shift, each in of_shift.items():
        over_a_day = any(one.seconds > thresholds.head_seconds_max * one.heads for one in each)
        yield _found("inflation_heads_day" if over_a_day else "inflation_heads", (shift,), each)


def _is_pattern(each: Sequence[Long], thresholds: Thresholds) -> bool:
    count, of_attendances = len(each), max(one.of_attendances for one in each)
    often = 1000 * count >= thresholds.inflated_share_per_mille_min * of_attendances
    return count >= thresholds.inflated_count_always or (often and count >= thresholds.inflated_count_min)


def _found(rule: str, subjects: Sequence[str], each: Sequence[Long]) -> Finding:
    longest = max(each, key=lambda one: (one.seconds // max(one.heads, 1), one.event))
    figures = {"attendances": len(each), "seconds_a_head": longest.seconds // max(longest.heads, 1)}
    if longest.heads:
        figures["heads"] = longest.heads
    if longest.scheduled_seconds is not None:
        figures["scheduled_seconds"] = longest.scheduled_seconds
    elif longest.usual_seconds is not None:
        figures["usual_seconds"] = longest.usual_seconds
    return Finding(
        kind="inflation",
        rule=rule,
        subjects=in_order(subjects),
        organizations=in_order(one.organization for one in each),
        figures=figures,
        events=first_events(one.event for one in each),
        event_count=len(each),
        seconds=sum(one.seconds for one in each),
    )
