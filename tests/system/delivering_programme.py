"""A receiver takes hours, refuses some, gets other limits, and is closed: for ledgers in which everything happens."""

from __future__ import annotations

import json

import psycopg

from ledger.domain.delivery_pieces import Line, pieces_of
from ledger.domain.subscription import (
    Acknowledge,
    ChangeSubscription,
    CloseSubscription,
    DeliveredRange,
    OpenSubscription,
)
from ledger.domain.subscription_events import DeliveryLimits, EntryPlace
from ledger.settings import Settings
from tests.system.waiting_programme import Doing

SUBSCRIPTION = "subscriptions/synthetic"
LIMITS = DeliveryLimits(required_fields=("volunteer",), stall_after_seconds=86_400)
SHORTER = LIMITS.model_copy(update={"seconds_max": 1_800})


async def delivering(programme: Doing, settings: Settings) -> None:
    """The first entries of a partition are taken, one of them refused; other limits split it, a part is taken."""
    lines = first_lines(settings)
    pieces = [piece for line in lines for piece in pieces_of(line, LIMITS, 1)]
    sent = [piece for piece in pieces if piece.lacks is None]
    refused = max(sent, key=lambda piece: piece.seconds)
    assert refused.seconds > 1_800, "shorter limits split it"
    first, last = lines[0], lines[-1]
    delivered = DeliveredRange(
        after=EntryPlace(partition=first.partition, position=0, entry_index=0),
        upto=EntryPlace(partition=last.partition, position=last.position, entry_index=last.entry_index),
        limits_version=1,
        piece_count=len(sent),
        seconds=sum(piece.seconds for piece in sent),
        lines=lines,
    )
    await programme.do(OpenSubscription(SUBSCRIPTION, "clients/ministry", (), LIMITS))
    await programme.do(Acknowledge(SUBSCRIPTION, delivered, {refused.name: "SYNTHETIC_REASON"}, ()))
    await programme.do(ChangeSubscription(SUBSCRIPTION, SHORTER))
    parts = -(-refused.seconds // 1_800)
    await programme.do(Acknowledge(SUBSCRIPTION, None, {}, (f"{refused.name}-1of{parts}@2",)))
    await programme.do(CloseSubscription(SUBSCRIPTION))


def first_lines(settings: Settings, count: int = 40) -> list[Line]:
    """The first entries of the first partition that has any, as an outsider reads them from the events."""
    with psycopg.connect(settings.database) as connection:
        query = "select body from events order by partition, position"
        events = [json.loads(body) for (body,) in connection.execute(query)]
    lines = [
        Line(
            event["partition"],
            event["position"],
            index,
            entry["seconds"],
            event["data"]["holder"],
            event["data"]["organization"],
            event["data"]["shift"],
            True,
        )
        for event in events
        for index, entry in enumerate(event["data"].get("entries", ()))
    ]
    of_first = [line for line in lines if line.partition == lines[0].partition]
    return of_first[:count]
