"""`data` of the events about subscriptions."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec


class _OfSubscription(msgspec.Struct, forbid_unknown_fields=True):
    subscription: str


class ReceiverPosition(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the receiver calls some work."""

    receiver_position: str
    done_for: str | None = None


class Limits(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a receiver takes, in one version."""

    required_fields: list[Literal["receiver_position", "volunteer", "times"]]
    receiver_positions: list[ReceiverPosition]
    stall_after_seconds: int
    seconds_max: int | None = None


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """Right behind an entry of one ledger partition."""

    partition: int
    position: int
    entry_index: int


class Opened(msgspec.Struct, forbid_unknown_fields=True):
    """A piece that was not taken."""

    piece: str
    seconds: int
    reason: str
    held: bool


class SubscriptionOpened(_OfSubscription):
    """subscription-opened"""

    client: str
    organizations: list[str]
    limits: Limits


class SubscriptionChanged(_OfSubscription):
    """subscription-changed"""

    limits: Limits


class SubscriptionClosed(_OfSubscription):
    """subscription-closed"""


class DeliveryAcknowledged(_OfSubscription, kw_only=True):
    """delivery-acknowledged"""

    limits_version: int
    after: Place | None = None
    upto: Place | None = None
    piece_count: int
    taken_seconds: int
    opened: list[Opened]
    retaken: list[str]


SubscriptionData: TypeAlias = SubscriptionOpened | SubscriptionChanged | SubscriptionClosed | DeliveryAcknowledged

SUBSCRIPTION_DATA: Final[dict[str, type[SubscriptionData]]] = {
    "subscription-opened": SubscriptionOpened,
    "subscription-changed": SubscriptionChanged,
    "subscription-closed": SubscriptionClosed,
    "delivery-acknowledged": DeliveryAcknowledged,
}
