"""A subscription as the read database has it, and what a receiver is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.domain.subscription_events import DeliveryLimits
from ledger.projections.delivery_lines import BEGINNING, Place
from ledger.projections.snapshot import ReadConnection

_SUBSCRIPTIONS: Final = """
    select s.subscription, s.client, s.organizations, s.limits_version, s.state, s.opened_at, s.acknowledged_at,
           s.taken_pieces, v.limits::text, now()
    from subscriptions s
    join subscription_limits v on v.subscription = s.subscription and v.version = s.limits_version
    where s.subscription = any(%b)
"""
_PLACES: Final = """
    select subscription, entry_partition, position, entry_index, taken_seconds::bigint from delivery_places
    where subscription = any(%b) order by entry_partition
"""
_OPEN: Final = """
    select subscription, count(*), sum(seconds)::bigint, min(opened_at) from open_pieces
    where subscription = any(%b) group by subscription
"""
_NAMES: Final = "select subscription from subscriptions where subscription > %b order by subscription limit %b"


@dataclass(slots=True)
class Known:
    """One subscription at one moment of the read database."""

    name: str
    client: str
    organizations: Sequence[str]
    version: int
    state: str
    opened_at: datetime
    acknowledged_at: datetime | None
    taken_pieces: int
    limits: DeliveryLimits
    asked_at: datetime
    """The database's clock."""
    places: Mapping[int, Place]
    """Ledger partition → up to where everything was acknowledged; those where nothing was are missing."""
    taken_seconds: int = 0
    open_pieces: int = 0
    open_seconds: int = 0
    oldest_open_at: datetime | None = None

    def place(self, partition: int) -> Place:
        """Up to where everything of a partition was acknowledged."""
        return self.places.get(partition, BEGINNING)

    @property
    def moved_at(self) -> datetime:
        """When something was acknowledged last, or it was opened."""
        return self.acknowledged_at or self.opened_at


async def subscription(connection: ReadConnection, name: str) -> Known:
    """The subscription called `name`. Refuses NOT_FOUND."""
    found = await subscriptions(connection, [name])
    if not found:
        refuse(Reason.NOT_FOUND, name=name)
    return found[0]


async def subscriptions(connection: ReadConnection, names: Sequence[str]) -> list[Known]:
    """Those of `names` that there are, in the order of `names`."""
    asked = (list(names),)
    rows = await (await connection.execute(_SUBSCRIPTIONS, asked, binary=True)).fetchall()
    known = {row[0]: _known(*row) for row in rows}
    places: dict[str, dict[int, Place]] = {}
    for name, partition, position, entry_index, seconds in await (
        await connection.execute(_PLACES, asked, binary=True)
    ).fetchall():
        places.setdefault(name, {})[partition] = (position, entry_index)
        known[name].taken_seconds += seconds
    for name, of_partitions in places.items():
        known[name].places = of_partitions
    for name, count, seconds, oldest in await (await connection.execute(_OPEN, asked, binary=True)).fetchall():
        one = known[name]
        one.open_pieces, one.open_seconds, one.oldest_open_at = count, seconds, oldest
    return [known[name] for name in names if name in known]


def _known(
    name: str,
    client: str,
    organizations: Sequence[str],
    version: int,
    state: str,
    opened_at: datetime,
    acknowledged_at: datetime | None,
    taken_pieces: int,
    limits: str,
    asked_at: datetime,
) -> Known:
    said = DeliveryLimits.model_validate_json(limits)
    times = (opened_at, acknowledged_at)
    return Known(name, client, organizations, version, state, *times, taken_pieces, said, asked_at, places={})


async def names_after(connection: ReadConnection, after: str, rows: int) -> list[str]:
    """Names of subscriptions behind `after`."""
    found = await (await connection.execute(_NAMES, (after, rows), binary=True)).fetchall()
    return [row[0] for row in found]
