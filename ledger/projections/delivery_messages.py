"""Pieces, pages and lags as messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ledger.domain.delivery_pieces import Line, Piece, receiver_position
from ledger.domain.subscription_events import DeliveryField, DeliveryLimits
from ledger.projections.basis import timestamp
from ledger.projections.delivery_lines import LineRow, Place
from ledger.projections.delivery_rows import Known
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

FIELDS: Final[Mapping[DeliveryField, pb.DeliveryField.ValueType]] = {
    "receiver_position": pb.DELIVERY_FIELD_RECEIVER_POSITION,
    "volunteer": pb.DELIVERY_FIELD_VOLUNTEER,
    "times": pb.DELIVERY_FIELD_TIMES,
}
STATES: Final[Mapping[str, pb.SubscriptionState.ValueType]] = {
    "open": pb.SUBSCRIPTION_STATE_OPEN,
    "closed": pb.SUBSCRIPTION_STATE_CLOSED,
}


def limits_message(limits: DeliveryLimits) -> pb.DeliveryLimits:
    """What a receiver takes."""
    message = pb.DeliveryLimits(
        seconds_max=limits.seconds_max or 0,
        required_fields=[FIELDS[name] for name in limits.required_fields],
        stall_after_seconds=limits.stall_after_seconds,
    )
    for one in limits.receiver_positions:
        message.receiver_positions.add(done_for=one.done_for or "", receiver_position=one.receiver_position)
    return message


def places_messages(places: Mapping[int, Place]) -> list[pb.EntryPlace]:
    """One for each partition, in their order."""
    return [place_message(partition, places[partition]) for partition in sorted(places)]


def place_message(partition: int, place: Place) -> pb.EntryPlace:
    """Right behind an entry."""
    return pb.EntryPlace(partition=partition, position=place[0], entry_index=place[1])


def subscription_message(known: Known) -> pb.Subscription:
    """As it is."""
    return pb.Subscription(
        name=known.name,
        client=known.client,
        organizations=known.organizations,
        limits=limits_message(known.limits),
        limits_version=known.version,
        state=STATES[known.state],
        acknowledged=places_messages(known.places),
    )


def piece_message(name: str, seconds: int, row: LineRow, line: Line, limits: DeliveryLimits) -> pb.DeliveryPiece:
    """Everything that a receiver is told of one piece."""
    return pb.DeliveryPiece(
        piece=name,
        position=Position(partition=row.partition, position=row.position),
        entry_index=row.entry_index,
        holder=row.holder,
        attendance=row.attendance,
        organization=row.organization,
        opportunity=row.opportunity,
        shift=row.shift,
        service_date=row.service_date.isoformat(),
        start_time=None if row.start_time is None else timestamp(row.start_time),
        end_time=None if row.end_time is None else timestamp(row.end_time),
        seconds=seconds,
        from_class=row.from_class,
        to_class=row.to_class,
        reason=row.reason or "",
        migrated=row.migrated,
        receiver_position=receiver_position(line, limits) or "",
        record_time=timestamp(row.recorded_at),
        event_id=row.event_id,
        event_type=row.event_type,
        entry_seconds=row.seconds,
    )


def fill_range(page: pb.DeliveryPage, made: Iterable[tuple[LineRow, Sequence[Piece]]], limits: DeliveryLimits) -> None:
    """The pieces of a range, sent and held, and the sums that are told when it is acknowledged."""
    for row, pieces in made:
        for piece in pieces:
            if piece.lacks is not None:
                page.held.add(piece=piece.name, seconds=piece.seconds, reason=piece.lacks)
                continue
            page.pieces.append(piece_message(piece.name, piece.seconds, row, piece.line, limits))
            page.piece_count += 1
            page.seconds += piece.seconds
