"""Sums of seconds by evidence class, as SQL adds them and as messages carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.domain.values import calendar_date
from volunteer_hours.v1.values_pb2 import EvidenceSeconds, Period

CLASS_COUNT: Final = 6

OF_ENTRIES: Final = """
    coalesce(sum(case 1 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint,
    coalesce(sum(case 2 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint,
    coalesce(sum(case 3 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint,
    coalesce(sum(case 4 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint,
    coalesce(sum(case 5 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint,
    coalesce(sum(case 6 when e.to_class then e.seconds when e.from_class then -e.seconds end), 0)::bigint
"""
"""Claimed, attended, verified, disputed, withheld, reversed, from rows of `entries e`."""

IN_PERIOD: Final = "e.service_date between %(start_date)b and %(end_date)b"
KNOWN: Final = """
    (%(known_until)b::timestamptz is null or coalesce(e.source_recorded_at, e.recorded_at) <= %(known_until)b)
"""
COUNTED: Final = f"{IN_PERIOD} and {KNOWN}"
"""Which rows of `entries e` a question counts."""


def period_dates(period: Period) -> tuple[date, date]:
    """First and last date of a period; an empty bound is open. Refuses DATE_INVALID, DATES_REVERSED."""
    first = calendar_date(period.start_date) if period.start_date else date.min
    last = calendar_date(period.end_date) if period.end_date else date.max
    if last < first:
        refuse(Reason.DATES_REVERSED, start_date=first, end_date=last)  # who is answered 0 hours may publish it
    return first, last


def evidence_seconds(classes: Sequence[int]) -> EvidenceSeconds:
    """From claimed, attended, verified, disputed, withheld and reversed seconds; `recorded` is all but the last."""
    claimed, attended, verified, disputed, withheld, reversed_ = classes
    return EvidenceSeconds(
        claimed_seconds=claimed,
        attended_seconds=attended,
        verified_seconds=verified,
        disputed_seconds=disputed,
        withheld_seconds=withheld,
        reversed_seconds=reversed_,
        recorded_seconds=claimed + attended + verified + disputed + withheld,
    )
