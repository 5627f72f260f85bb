"""A subscription: who is to have which hours, up to where they have them, and what they refused.

An acknowledgement never goes back and skips nothing: each begins where the one before ended. What was sent in its range
is made again here, from the journal's lines and the limits of that time, and compared with what the receiver says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from ledger.domain.delivery_pieces import Line, Piece, partition_of_piece, parts_of, pieces_of
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.subscription_events import (
    DeliveryAcknowledged,
    DeliveryLimits,
    EntryPlace,
    OpenedPiece,
    SubscriptionChanged,
    SubscriptionClosed,
    SubscriptionOpened,
)
from ledger.domain.world import Reads, World

COLLECTION: Final = "subscriptions/"
OPEN_PIECES_MAX: Final = 10_000
"""Each is held in memory and folded: a receiver that refuses everything is stopped, and somebody is called."""
ENTRIES_ACKNOWLEDGED_MAX: Final = 2_000
"""At once."""


@dataclass(frozen=True, slots=True)
class OpenPiece:
    """A piece that the receiver has not got."""

    seconds: int
    reason: str
    held: bool
    """It was not sent."""
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as its events leave it."""

    name: str
    client: str
    organizations: tuple[str, ...]
    limits: tuple[DeliveryLimits, ...]
    """Every version, the first one first."""
    opened_at: datetime
    state: Literal["open", "closed"] = "open"
    places: Mapping[int, EntryPlace] = field(default_factory=dict)
    """Ledger partition → up to where everything was acknowledged."""
    taken: Mapping[int, int] = field(default_factory=dict)
    """Ledger partition → seconds."""
    taken_pieces: int = 0
    open: Mapping[str, OpenPiece] = field(default_factory=dict)
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A piece that was open when limits became lower → its parts."""
    acknowledged_at: datetime | None = None

    @property
    def version(self) -> int:
        """Of the limits in force."""
        return len(self.limits)

    def place(self, partition: int) -> EntryPlace:
        """Up to where everything of one ledger partition was acknowledged."""
        return self.places.get(partition, EntryPlace(partition=partition, position=0, entry_index=0))

    def open_parts(self, piece: str) -> list[str] | None:
        """What is open of a piece that was open once; None unless all of it is."""
        if piece in self.open:
            return [piece]
        found: list[str] = []
        for part in self.split.get(piece, ()):
            parts = self.open_parts(part)
            if parts is None:
                return None
            found += parts
        return found or None


def evolve(state: object | None, recorded: RecordedEvent) -> Subscription:
    """The subscription after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, SubscriptionOpened() as told if told.subscription == recorded.stream:
            return Subscription(
                told.subscription, told.client, told.organizations, (told.limits,), recorded.recorded_at
            )
        case Subscription(state="open"), SubscriptionChanged(limits=limits):
            changed = replace(state, limits=(*state.limits, limits))
            return _with_open(changed, state.open, changed.version)
        case Subscription(state="open"), SubscriptionClosed():
            return replace(state, state="closed")
        case Subscription(), DeliveryAcknowledged() as told if _follows(state, told):
            return _acknowledged(state, told, recorded.recorded_at)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _follows(state: Subscription, told: DeliveryAcknowledged) -> bool:
    if told.limits_version > state.version or (told.after is None) != (told.upto is None):
        return False
    if any(piece not in state.open for piece in told.retaken):
        return False
    if told.after is None or told.upto is None:
        return not told.taken_seconds and all(one.piece in state.open for one in told.opened)
    same = told.after.partition == told.upto.partition
    return same and told.after == state.place(told.after.partition) and _order(told.after) < _order(told.upto)


def _order(place: EntryPlace) -> tuple[int, int]:
    return place.position, place.entry_index


def _acknowledged(state: Subscription, told: DeliveryAcknowledged, moment: datetime) -> Subscription:
    taken, still_open, new = dict(state.taken), dict(state.open), dict[str, OpenPiece]()
    for name in told.retaken:
        partition = partition_of_piece(name)
        taken[partition] = taken.get(partition, 0) + still_open.pop(name).seconds
    for one in told.opened:
        before = still_open.get(one.piece)
        opened = OpenPiece(one.seconds, one.reason, one.held, moment if before is None else before.opened_at)
        (new if before is None else still_open)[one.piece] = opened
    places = dict(state.places)
    if told.upto is not None:
        partition = told.upto.partition
        places[partition] = told.upto
        taken[partition] = taken.get(partition, 0) + told.taken_seconds
    refused = sum(not one.held for one in new.values())
    after = replace(
        state,
        places=places,
        taken=taken,
        taken_pieces=state.taken_pieces + told.piece_count - refused + len(told.retaken),
        open={**still_open, **new},
        acknowledged_at=moment,
    )
    return _with_open(after, new, told.limits_version + 1)


def _with_open(state: Subscription, pieces: Mapping[str, OpenPiece], first_version: int) -> Subscription:
    """The same once these open pieces are split by each version of the limits from `first_version` on."""
    open_now, split = dict(state.open), dict(state.split)
    for name, piece in pieces.items():
        waiting = [name]
        for version in range(first_version, state.version + 1):
            following: list[str] = []
            for one in waiting:
                parts = parts_of(one, open_now[one].seconds, state.limits[version - 1].seconds_max, version)
                if len(parts) > 1:
                    del open_now[one]
                    split[one] = tuple(part for part, _ in parts)
                    open_now |= {part: replace(piece, seconds=seconds) for part, seconds in parts}
                following += [part for part, _ in parts]
            waiting = following
    return replace(state, open=open_now, split=split)


def existing(world: World, name: str) -> Subscription:
    """The subscription called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Subscription):
        raise InvariantBroken(f"{name} is no subscription: {type(state).__name__}")
    return state


def open_one(world: World, name: str) -> Subscription:
    """The subscription called `name`, which must be open. Refuses NOT_FOUND, SUBSCRIPTION_CLOSED."""
    known = existing(world, name)
    if known.state == "closed":
        refuse(Reason.SUBSCRIPTION_CLOSED, subscription=name)
    return known


@dataclass(frozen=True, slots=True)
class _OnSubscription:
    """What commands about one subscription read."""

    subscription: str

    @property
    def stream(self) -> str:
        return self.subscription

    def reads(self) -> Reads:
        return Reads(streams=(self.subscription,))


@dataclass(frozen=True, slots=True)
class OpenSubscription(_OnSubscription):
    """Let a client have hours. Refuses ALREADY_EXISTS."""

    client: str
    organizations: tuple[str, ...]
    limits: DeliveryLimits

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.subscription) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.subscription)
        opened = SubscriptionOpened(
            subscription=self.subscription, client=self.client, organizations=self.organizations, limits=self.limits
        )
        return [NewEvent(self.subscription, opened)]


@dataclass(frozen=True, slots=True)
class ChangeSubscription(_OnSubscription):
    """Replace the receiver's limits. Refuses NOT_FOUND, SUBSCRIPTION_CLOSED, NOTHING_CHANGES."""

    limits: DeliveryLimits

    def decide(self, world: World) -> list[NewEvent]:
        if open_one(world, self.subscription).limits[-1] == self.limits:
            refuse(Reason.NOTHING_CHANGES, name=self.subscription)
        return [NewEvent(self.subscription, SubscriptionChanged(subscription=self.subscription, limits=self.limits))]


@dataclass(frozen=True, slots=True)
class CloseSubscription(_OnSubscription):
    """Deliver nothing more. Refuses NOT_FOUND, SUBSCRIPTION_CLOSED."""

    def decide(self, world: World) -> list[NewEvent]:
        open_one(world, self.subscription)
        return [NewEvent(self.subscription, SubscriptionClosed(subscription=self.subscription))]


@dataclass(frozen=True, slots=True)
class DeliveredRange:
    """What a receiver says it was sent, and the journal's lines of that range."""

    after: EntryPlace
    upto: EntryPlace
    limits_version: int
    piece_count: int
    seconds: int
    lines: Sequence[Line]
    """Of the subscription's organisations, all of them behind `after` and up to `upto`, in their order."""


@dataclass(frozen=True, slots=True)
class Acknowledge(_OnSubscription):
    """Say what was taken of a range, what was refused, and which open pieces were taken now.

    Also of a closed one: what was pulled before is told. Refuses NOT_FOUND, LIMITS_VERSION_UNKNOWN, DELIVERY_MOVED,
    DELIVERY_DIFFERS, PIECE_NOT_OPEN, OPEN_PIECES_TOO_MANY, NOTHING_CHANGES.
    """

    delivered: DeliveredRange | None
    refused: Mapping[str, str]
    """Piece → the receiver's code."""
    retaken: tuple[str, ...]

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.subscription)
        sent = [] if self.delivered is None else _sent(known, self.delivered)
        if self.delivered is None and not self.refused and not self.retaken:
            refuse(Reason.NOTHING_CHANGES, name=self.subscription)
        opened = [one for piece in sent if (one := self._opened(piece)) is not None]
        if len(known.open) + len(opened) > OPEN_PIECES_MAX and opened:
            refuse(Reason.OPEN_PIECES_TOO_MANY, pieces_max=OPEN_PIECES_MAX)
        retaken = [part for piece in self.retaken for part in _open_parts(known, piece)]
        again = self._refused_again(known, {piece.name for piece in sent}, set(retaken))
        told = DeliveryAcknowledged(
            subscription=self.subscription,
            limits_version=known.version if self.delivered is None else self.delivered.limits_version,
            after=None if self.delivered is None else self.delivered.after,
            upto=None if self.delivered is None else self.delivered.upto,
            piece_count=sum(piece.lacks is None for piece in sent),
            taken_seconds=sum(piece.seconds for piece in sent) - sum(one.seconds for one in opened),
            opened=(*opened, *again),
            retaken=tuple(dict.fromkeys(retaken)),
        )
        return [NewEvent(self.subscription, told)]

    def _opened(self, piece: Piece) -> OpenedPiece | None:
        """Why a piece of the range was not taken; None: it was."""
        reason = piece.lacks or self.refused.get(piece.name)
        if reason is None:
            return None
        return OpenedPiece(piece=piece.name, seconds=piece.seconds, reason=reason, held=piece.lacks is not None)

    def _refused_again(self, known: Subscription, in_range: set[str], retaken: set[str]) -> list[OpenedPiece]:
        again: list[OpenedPiece] = []
        for piece, reason in self.refused.items():
            if piece in in_range:
                continue
            for part in _open_parts(known, piece):
                if part in retaken:
                    refuse(Reason.PIECE_NOT_OPEN, piece=piece)
                again.append(OpenedPiece(piece=part, seconds=known.open[part].seconds, reason=reason, held=False))
        return again


def _open_parts(known: Subscription, piece: str) -> list[str]:
    parts = known.open_parts(piece)
    if parts is None:
        refuse(Reason.PIECE_NOT_OPEN, piece=piece)
    return parts


def _sent(known: Subscription, delivered: DeliveredRange) -> list[Piece]:
    """The pieces of the range. Refuses what the receiver cannot have been sent, or was sent otherwise."""
    version, here = delivered.limits_version, known.place(delivered.after.partition)
    if not 1 <= version <= known.version:
        refuse(Reason.LIMITS_VERSION_UNKNOWN, version=version, version_max=known.version)
    if delivered.after != here:
        refuse(
            Reason.DELIVERY_MOVED,
            partition=here.partition,
            position=here.position,
            entry_index=here.entry_index,
        )
    pieces = [piece for line in delivered.lines for piece in pieces_of(line, known.limits[version - 1], version)]
    sent = [piece for piece in pieces if piece.lacks is None]
    count, seconds = len(sent), sum(piece.seconds for piece in sent)
    ends = delivered.lines[-1].place if delivered.lines else None
    if (count, seconds) != (delivered.piece_count, delivered.seconds) or ends != _order(delivered.upto):
        refuse(Reason.DELIVERY_DIFFERS, piece_count=count, seconds=seconds)
    return pieces
