"""Volunteers of whom there is nothing but what one member of staff noted, registered together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ledger.anomalies.facts import Unseen
from ledger.anomalies.finding import Finding, first_events, in_order
from ledger.anomalies.thresholds import Thresholds

NAMED_MAX: Final = 100
"""A larger batch is called by the first of it alone: a review names all subjects in one event."""


def ghosts(unseen: Sequence[Unseen], thresholds: Thresholds) -> Iterator[Finding]:
    """One finding a batch: registrations that follow each other within minutes, of one organisation and recorder."""
    ordered = sorted(unseen, key=lambda one: (one.organization, one.recorder, one.registered_at, one.holder))
    for _, of_recorder in groupby(ordered, key=lambda one: (one.organization, one.recorder)):
        for batch in _batches(list(of_recorder), thresholds.ghost_registered_seconds_max):
            if len(batch) >= thresholds.ghosts_min:
                yield _found(batch)


def _batches(of_recorder: Sequence[Unseen], pause_seconds: int) -> Iterator[list[Unseen]]:
    batch: list[Unseen] = []
    for one in of_recorder:
        if batch and one.registered_at - batch[-1].registered_at > pause_seconds:
            yield batch
            batch = []
        batch.append(one)
    yield batch


def _found(batch: Sequence[Unseen]) -> Finding:
    first = batch[0]
    names = [one.holder for one in batch]
    named = names if len(names) <= NAMED_MAX else names[:1]
    return Finding(
        kind="ghost_volunteers",
        rule="ghost_volunteers",
        subjects=in_order((first.organization, first.recorder, *named)),
        organizations=(first.organization,),
        figures={
            "volunteers": len(batch),
            "attendances": sum(one.count for one in batch),
            "registered_within_seconds": batch[-1].registered_at - first.registered_at,
            "counted_seconds": sum(one.seconds for one in batch),
        },
        events=first_events(code for one in batch for code in one.events),
        event_count=sum(one.count for one in batch),
        seconds=sum(one.seconds for one in batch),
        persons=in_order(names),
    )
