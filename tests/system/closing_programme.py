"""The part of the whole programme in which a period is published, and once more after what came behind it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import psycopg

from ledger.batch import CommandResult
from ledger.domain.closed_period import ClosePeriod, PeriodTotals
from ledger.domain.values import Position
from ledger.domain.world import Command
from ledger.settings import Settings

CLASSES = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=40), TODAY - timedelta(days=3)
FIRST_TIME, SECOND_TIME = "periods/synthetic", "periods/synthetic-b"


class Doing(Protocol):
    """What sends commands."""

    async def do(self, *commands: Command, actor: str = ...) -> CommandResult: ...


def totals_stored(settings: Settings, first: date, last: date, upto: dict[int, int]) -> PeriodTotals:
    """What the stored events of these dates add up to, straight from their bytes."""
    seconds, count = dict.fromkeys(("outside", *CLASSES), 0), 0
    with psycopg.connect(settings.database) as connection:
        for partition, position, body in connection.execute("select partition, position, body from events"):
            if position > upto[partition]:
                continue
            for entry in json.loads(body)["data"].get("entries", []):
                if first.isoformat() <= entry["service_date"] <= last.isoformat():
                    count += 1
                    seconds[entry["from_class"]] -= entry["seconds"]
                    seconds[entry["to_class"]] += entry["seconds"]
    return PeriodTotals(**{f"{name}_seconds": seconds[name] for name in CLASSES}, entry_count=count)


def closing(settings: Settings, name: str, replaces: str | None = None) -> ClosePeriod:
    """Close the same dates with what is stored by now."""
    with psycopg.connect(settings.database) as connection:
        rows = connection.execute("select partition, position from partition_counters").fetchall()
    upto: dict[int, int] = dict(rows)
    positions = tuple(Position(partition=partition, position=upto[partition]) for partition in sorted(upto))
    return ClosePeriod(name, FIRST, LAST, positions, totals_stored(settings, FIRST, LAST, upto), replaces)


async def close(programme: Doing, settings: Settings) -> None:
    """The first publication."""
    await programme.do(closing(settings, FIRST_TIME))


async def close_again(programme: Doing, settings: Settings) -> None:
    """The second one: more has happened on the same dates."""
    await programme.do(closing(settings, SECOND_TIME, FIRST_TIME))
