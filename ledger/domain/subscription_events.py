"""What can happen to a subscription: who is to have which hours, in which form, and what they acknowledged.

These names and fields are the stored format: version them with care.

    subscriptions/{s}    opened ─► changed, acknowledged, again and again ─► closed ─► acknowledged
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from ledger.domain.event import Event, Value, stored_name

SECONDS_MAX_MAX: Final = 10**12
STALL_AFTER_SECONDS_MAX: Final = 31_536_000
RECEIVER_POSITIONS_MAX: Final = 150
"""With the longest names an event stays below what can be stored."""

DeliveryField: TypeAlias = Literal["receiver_position", "volunteer", "times"]
FIELD_MISSING: Final = "FIELD_MISSING"
PIECES_TOO_MANY: Final = "PIECES_TOO_MANY"


class ReceiverPosition(Value):
    """What the receiver calls some work, in its own words."""

    done_for: str | None = None
    """A shift, an opportunity, an organisation or an initiative; None: whatever has no closer one."""
    receiver_position: str


class DeliveryLimits(Value):
    """What a receiver takes; every change replaces all of it and makes a further version, from 1."""

    seconds_max: Annotated[int, Field(ge=1, le=SECONDS_MAX_MAX)] | None = None
    """Of one piece; None: anything."""
    required_fields: tuple[DeliveryField, ...] = ()
    receiver_positions: Annotated[tuple[ReceiverPosition, ...], Field(max_length=RECEIVER_POSITIONS_MAX)] = ()
    stall_after_seconds: Annotated[int, Field(ge=1, le=STALL_AFTER_SECONDS_MAX)]


class EntryPlace(Value):
    """Right behind an entry of one ledger partition; at position 0 before all of them."""

    partition: Annotated[int, Field(ge=0)]
    position: Annotated[int, Field(ge=0)]
    entry_index: Annotated[int, Field(ge=0)]


class OpenedPiece(Value):
    """A piece that was not taken."""

    piece: str
    seconds: Annotated[int, Field(ge=1)]
    reason: str
    """The receiver's code; FIELD_MISSING or PIECES_TOO_MANY where it was not sent."""
    held: bool
    """It was not sent."""


class _OfSubscription(Event):
    subscription: str


@stored_name("subscription-opened")
class SubscriptionOpened(_OfSubscription):
    """A client is to have hours, from the first entry on. Client and organisations never change."""

    client: str
    organizations: tuple[str, ...]
    """Whose hours; none: all."""
    limits: DeliveryLimits


@stored_name("subscription-changed")
class SubscriptionChanged(_OfSubscription):
    """The receiver takes something else from now on: the next version of its limits."""

    limits: DeliveryLimits


@stored_name("subscription-closed")
class SubscriptionClosed(_OfSubscription):
    """Nothing more is delivered."""


@stored_name("delivery-acknowledged")
class DeliveryAcknowledged(_OfSubscription):
    """The receiver says what it took of a range of entries, or of what was open."""

    limits_version: Annotated[int, Field(ge=1)]
    """Under which the pieces of the range were made."""
    after: EntryPlace | None = None
    upto: EntryPlace | None = None
    """Both or neither, in one partition."""
    piece_count: Annotated[int, Field(ge=0)]
    """Sent in the range, those that were refused too."""
    taken_seconds: Annotated[int, Field(ge=0)]
    """Of the range."""
    opened: tuple[OpenedPiece, ...]
    """Of the range; or open already, and refused again."""
    retaken: tuple[str, ...]
    """Open pieces that were taken now."""
