"""How far is a receiver behind, and has it stalled?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.projections.basis import timestamp
from ledger.projections.delivery_lines import Place, sums_behind
from ledger.projections.delivery_messages import subscription_message
from ledger.projections.delivery_rows import Known
from ledger.projections.snapshot import Snapshot
from volunteer_hours.v1 import delivery_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a receiver is behind."""

    known: Known
    oldest_recorded_at: datetime | None
    """Of the entries behind; None: there are none."""
    stalled: bool

    @property
    def lag_seconds(self) -> int:
        """Since when the oldest entry waits; 0: none does."""
        if self.oldest_recorded_at is None:
            return 0
        return max(0, int((self.known.asked_at - self.oldest_recorded_at).total_seconds()))


def lag_of(known: Known, waiting: Mapping[int, datetime]) -> Lag:
    """`waiting`: partition → since when its first entry waits."""
    oldest = min(waiting.values(), default=None)
    since = known.asked_at - timedelta(seconds=known.limits.stall_after_seconds)
    nothing_taken = oldest is not None and oldest < since and known.moved_at < since
    open_long = known.oldest_open_at is not None and known.oldest_open_at < since
    return Lag(known, oldest, known.state == "open" and (nothing_taken or open_long))


async def lag_message(
    found: Snapshot, known: Known, waiting: Mapping[int, datetime], places: Mapping[int, Place]
) -> pb.DeliveryLag:
    """With sums of what waits behind `places`, which costs what waits."""
    lag = lag_of(known, waiting)
    sums = await sums_behind(found.connection, known.organizations, {one: places[one] for one in waiting})
    message = pb.DeliveryLag(
        subscription=subscription_message(known),
        entries_behind=sum(count for count, _ in sums.values()),
        seconds_behind=sum(seconds for _, seconds in sums.values()),
        positions_behind=sum(found.basis.positions[one] - known.place(one)[0] for one in waiting),
        lag_seconds=lag.lag_seconds,
        open_pieces=known.open_pieces,
        open_seconds=known.open_seconds,
        taken_pieces=known.taken_pieces,
        taken_seconds=known.taken_seconds,
        stalled=lag.stalled,
        positions=found.basis.position_messages(),
        recorded_through=found.basis.recorded_through_message(),
    )
    for field, moment in (
        (message.oldest_record_time, lag.oldest_recorded_at),
        (message.oldest_open_time, known.oldest_open_at),
        (message.acknowledge_time, known.acknowledged_at),
    ):
        if moment is not None:
            field.CopyFrom(timestamp(moment))
    return message
