"""The totals LEEDS 2023 showed in public, and the rule by which it rounded them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ledger.importing.leeds2023_history import HistoryUnreadable, moment

EVENT_TYPE_COLUMNS: Final[Mapping[str, str]] = {
    "LEEDS 2023 Events": "leeds_2023_events_hours",
    "Partner Events": "partner_events_hours",
    "Volunteer Event Programme": "volunteer_event_programme_hours",
}


@dataclass(frozen=True, slots=True)
class PublishedTotal:
    """What the publisher's page showed at one moment, in whole hours."""

    published_at: datetime
    total_hours: int
    hours_by_event_type: Mapping[str, int]


def hours_rounded(seconds: int) -> int:
    """Whole hours, half to even: how the publisher rounds the sum of one event type."""
    hours, rest = divmod(seconds, 3600)
    return hours + (rest > 1800 or (rest == 1800 and hours % 2 == 1))


def total_hours_rounded(sums_seconds: Iterable[int]) -> int:
    """The publisher's total: the sum of the rounded sums, not the rounded sum."""
    return sum(hours_rounded(seconds) for seconds in sums_seconds)


def read_published_totals(path: Path) -> list[PublishedTotal]:
    """The rows of published_totals.csv. Raises HistoryUnreadable."""
    if not path.is_file():
        raise HistoryUnreadable(f"{path} is not there; give published_totals.csv of the imported history")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = {"published_at", "total_hours", *EVENT_TYPE_COLUMNS.values()} - set(reader.fieldnames or ())
        if missing:
            raise HistoryUnreadable(f"{path} lacks the columns {', '.join(sorted(missing))}")
        return [_published(cells) for cells in reader]


def _published(cells: dict[str, str]) -> PublishedTotal:
    by_type = {event_type: int(cells[column]) for event_type, column in EVENT_TYPE_COLUMNS.items()}
    return PublishedTotal(moment(cells["published_at"]), int(cells["total_hours"]), by_type)


def reproduces(published: PublishedTotal, seconds_by_event_type: Mapping[str, int]) -> bool:
    """Whether these sums, rounded by the publisher's rule, show what was published: every type's and the total."""
    rounded = {event_type: hours_rounded(seconds) for event_type, seconds in seconds_by_event_type.items()}
    by_type = all(rounded.get(event_type, 0) == hours for event_type, hours in published.hours_by_event_type.items())
    return by_type and sum(rounded.values()) == published.total_hours
