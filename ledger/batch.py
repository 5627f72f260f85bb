"""One batch of commands under one partition's lock: which of them stand, and what they add. No I/O.

The batch sees what was loaded under the lock and what its own earlier commands have added, so a command whose stream
has moved is simply decided on what is true now. A command that is refused, or that turns out to be a repetition, leaves
nothing behind and does not disturb its neighbours.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import astuple

from ledger.append_sql import EventColumns, KeyColumns, raise_counter, statements
from ledger.domain.catalogue import fold
from ledger.domain.constraints import heads_after, places_delta, presence_after, waiting_after
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.ledger_kind import belongs, kind_of_ledger
from ledger.domain.member import Member
from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken, Reason, Refusal, refuse
from ledger.domain.registration_events import OfRegistration, Registration
from ledger.domain.streams import is_group, partition_of, shift_of
from ledger.domain.volunteer import Volunteer, VolunteerErased
from ledger.domain.world import Command, NotLoaded, Presence, Reads, ShiftPlaces, TimeWindow
from ledger.event_bytes import EVENT_BYTES_MAX, Envelope, encode
from ledger.statement_pipeline import Statement
from ledger.waiting_list import WaitingList


class Request(Passing, frozen=True):
    """A command with the key under which it stands at most once, and who asks."""

    command: Command
    client: str
    actor: str
    request_id: str
    request_hash: bytes


class Begun(Passing, frozen=True):
    """A stream that one new event begins, not folded before somebody asks: few of a page's items are ever asked for."""

    event: RecordedEvent

    def folded(self) -> object:
        """The aggregate after its first event."""
        return fold(None, self.event)


class CommandResult(Passing, frozen=True):
    """What a command recorded, or had recorded when the same request came first."""

    after: object
    events: tuple[RecordedEvent, ...]

    @property
    def state(self) -> object:
        """The aggregate of the command's stream right after it."""
        return self.after.folded() if isinstance(self.after, Begun) else self.after

    @property
    def position(self) -> tuple[int, int]:
        """(partition, position) of its last event: a read at this position sees the command."""
        return self.events[-1].partition, self.events[-1].position


class StoredKey(NamedTuple):
    """A request key found in the store."""

    request_hash: bytes
    partition: int
    position: int
    event_count: int


@dataclass(slots=True)
class Loaded:
    """What has been read for a batch, growing when decisions ask for more."""

    streams: dict[str, tuple[int, object | None]] = field(default_factory=dict)
    """Stream → (version, folded state); (0, None) before its first event."""
    exists: dict[str, bool] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """Of the streams in `exists`, those of persons who were erased."""
    linked: set[str] = field(default_factory=set)
    """Of the streams in `exists`, those of persons whose name was ever linked."""
    places: dict[str, ShiftPlaces] = field(default_factory=dict)
    waiting: dict[str, WaitingList] = field(default_factory=dict)
    """Shift → who waits for it, as far as it was asked for."""
    heads: dict[str, dict[str, int]] = field(default_factory=dict)
    """Shift → how many people each of its head counts counts."""
    windows: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Volunteer → spans of time whose presences are loaded."""
    presences: dict[str, dict[str, Presence]] = field(default_factory=dict)
    identities: dict[bytes, str | None] = field(default_factory=dict)
    birth_dates: dict[str, date | None] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What the standing commands of a batch add."""

    events: list[RecordedEvent] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """Of the events, as stored."""
    keys: list[tuple[Request, int, int]] = field(default_factory=list)
    """Each request with the position of its first event and their number."""
    places: dict[str, ShiftPlaces] = field(default_factory=dict)
    waiting: dict[str, int | None] = field(default_factory=dict)
    """Registration → its place in the waiting order, None when it waits no more."""
    heads: dict[str, int] = field(default_factory=dict)
    """Group attendance → how many people it counts."""
    presences: dict[tuple[str, str], Presence] = field(default_factory=dict)
    identities: dict[bytes, str] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)
    """Volunteers whose identity numbers are free again."""


class Batch:
    """A `World` for one command after another, and the collector of what they add."""

    def __init__(
        self, ledger_id: str, partition: int, partitions: int, position: int, recorded_at: datetime, loaded: Loaded
    ) -> None:
        self._ledger_id = ledger_id
        self._kind = kind_of_ledger(ledger_id)
        self._partition = partition
        self._partitions = partitions
        self._position = self._begun_at = position
        self._seen: tuple[TimeWindow, list[Presence]] | None = None
        """The presences a command asked for last: many ask twice."""
        self._now = recorded_at
        self._actor = ""
        self.loaded = loaded
        self.changes = Changes()

    # What a decision may know

    @property
    def now(self) -> datetime:
        return self._now

    @property
    def actor(self) -> str:
        return self._actor

    def state(self, stream: str) -> object | None:
        found = self.loaded.streams.get(stream)
        if found is None:
            raise NotLoaded(Reads(streams=(stream,)))
        version, state = found
        if isinstance(state, Begun):
            state = state.folded()
            self.loaded.streams[stream] = (version, state)
        return state

    def exists(self, stream: str) -> bool:
        found = self.loaded.streams.get(stream)
        if found is not None:
            return found[0] > 0
        known = self.loaded.exists.get(stream)
        if known is None:
            raise NotLoaded(Reads(exists=(stream,)))
        return known

    def erased(self, person: str) -> bool:
        if person in self.loaded.streams:
            state = self.state(person)
            return isinstance(state, Volunteer | Member) and state.erased
        return self.exists(person) and person in self.loaded.erased

    def ever_linked(self, person: str) -> bool:
        if person in self.loaded.streams:
            state = self.state(person)
            return isinstance(state, Volunteer) and state.link is not None
        return self.exists(person) and person in self.loaded.linked

    def places_taken(self, shift: str) -> int:
        return self._places(shift).taken

    def places_waiting(self, shift: str) -> int:
        return self._places(shift).waiting

    def _places(self, shift: str) -> ShiftPlaces:
        places = self.loaded.places.get(shift)
        if places is None:
            raise NotLoaded(Reads(shifts=(shift,)))
        return places

    def counted_by_heads(self, shift: str) -> str | None:
        counts = self.loaded.heads.get(shift)
        if counts is None:
            raise NotLoaded(Reads(heads=(shift,)))
        return min((name for name, heads in counts.items() if heads), default=None) if counts else None

    def first_waiting(self, shift: str, count: int) -> list[str]:
        waiting = self.loaded.waiting.setdefault(shift, WaitingList())
        first = waiting.first(count)
        if first is None:
            raise NotLoaded(Reads(waiting=((shift, waiting.rows_to_read(count)),)))
        return first

    def presences(self, window: TimeWindow) -> list[Presence]:
        if self._seen is not None and self._seen[0] == window:
            return self._seen[1]
        volunteer, start, end = window
        for low, high in self.loaded.windows.get(volunteer, ()):
            if low <= start and end <= high:
                break
        else:
            raise NotLoaded(Reads(presences=(window,)))
        held = self.loaded.presences.get(volunteer)
        touching = [one for one in held.values() if one.end >= start and one.start <= end] if held else []
        if len(touching) > 1:
            touching.sort(key=attrgetter("recorded_order"))
        self._seen = window, touching
        return touching

    def identity_holder(self, identity_key: bytes) -> str | None:
        if identity_key not in self.loaded.identities:
            raise NotLoaded(Reads(identities=(identity_key,)))
        return self.loaded.identities[identity_key]

    def birth_date(self, volunteer: str) -> date | None:
        if volunteer not in self.loaded.birth_dates:
            raise NotLoaded(Reads(birth_dates=(volunteer,)))
        return self.loaded.birth_dates[volunteer]

    # What a command adds

    def decide(self, request: Request) -> CommandResult:
        """Let one command stand.

        Raises:
            Refusal: it breaks a rule; nothing of it stays.
            NotLoaded: it must be decided again with more loaded; nothing of it stays.
            InvariantBroken: what is stored cannot be so; the writer must stop.
        """
        self._actor = request.actor
        self._seen = None
        wanted = request.command.decide(self)
        if not wanted:
            refuse(Reason.NOTHING_CHANGES, name=request.command.stream)
        self._require_loaded(wanted)
        recorded, bodies = self._record(request, wanted)
        self._keep(request, recorded, bodies, wanted)
        return CommandResult(self.loaded.streams[request.command.stream][1], recorded)

    def _require_loaded(self, wanted: list[NewEvent]) -> None:
        """Nothing may turn out to be missing once the first event was kept."""
        loaded = self.loaded
        streams: list[str] = []
        shifts: list[str] = []
        for new in wanted:
            if new.stream not in loaded.streams:
                if loaded.exists.get(new.stream, True):
                    streams.append(new.stream)
                else:
                    loaded.streams[new.stream] = (0, None)
            if isinstance(new.data, OfRegistration) and shift_of(new.stream) not in loaded.places:
                shifts.append(shift_of(new.stream))
        if streams or shifts:
            raise NotLoaded(Reads(streams=tuple(streams), shifts=tuple(shifts)))

    def _record(self, request: Request, wanted: list[NewEvent]) -> tuple[tuple[RecordedEvent, ...], list[bytes]]:
        position = self._position
        versions: dict[str, int] = {}
        recorded: list[RecordedEvent] = []
        bodies: list[bytes] = []
        for new in wanted:
            if partition_of(new.stream, self._partitions) != self._partition:
                raise InvariantBroken(f"{new.stream} does not live in partition {self._partition}")
            if not belongs(new.stream, self._kind):
                raise InvariantBroken(f"{new.stream} is no stream of a ledger of kind {self._kind}")
            position += 1
            version = versions.get(new.stream, self.loaded.streams[new.stream][0]) + 1
            versions[new.stream] = version
            event = recorded_as(new, version, self._partition, position, self._now, request.actor)
            bodies.append(self._body(request, event))
            recorded.append(event)
        return tuple(recorded), bodies

    def _body(self, request: Request, event: RecordedEvent) -> bytes:
        data = event.data
        body = encode(
            Envelope(
                specversion="1.0",
                id=event.event_id,
                source=self._ledger_id,
                type=data.stored_name,
                subject=event.stream,
                time=event.recorded_at,
                partition=event.partition,
                position=event.position,
                streamversion=event.version,
                schemaversion=data.schema_version,
                actor=event.actor,
                client=request.client,
                requestid=request.request_id,
                requesthash=request.request_hash.hex(),
                data=msgspec.Raw(data.to_json()),
                sourcetime=event.source_time,
                policy=event.policy,
                corrects=event.corrects,
            )
        )
        if len(body) > EVENT_BYTES_MAX:
            refuse(Reason.EVENT_TOO_LARGE, bytes=len(body), bytes_max=EVENT_BYTES_MAX)
        return body

    def _keep(
        self, request: Request, recorded: tuple[RecordedEvent, ...], bodies: list[bytes], wanted: list[NewEvent]
    ) -> None:
        changes, loaded = self.changes, self.loaded
        for event, new in zip(recorded, wanted, strict=True):
            before = self.state(event.stream)
            loaded.streams[event.stream] = (event.version, Begun(event) if before is None else fold(before, event))
            if isinstance(event.data, OfRegistration):
                self._keep_places(event, before)
            else:
                self._keep_constraints(event, new)
        changes.events.extend(recorded)
        changes.bodies.extend(bodies)
        changes.keys.append((request, recorded[0].position, len(recorded)))
        self._position = recorded[-1].position

    def _keep_places(self, event: RecordedEvent, before: object | None) -> None:
        changes, loaded, shift = self.changes, self.loaded, shift_of(event.stream)
        order = before.waiting_order if isinstance(before, Registration) else None
        after = waiting_after(event, order)
        places = self._places(shift)
        changed = ShiftPlaces(
            places.taken + places_delta(event.data), places.waiting + (after is not None) - (order is not None)
        )
        if changed != places:
            loaded.places[shift] = changes.places[shift] = changed
        if after != order:
            loaded.waiting.setdefault(shift, WaitingList()).move(event.stream, after)
            changes.waiting[event.stream] = after

    def _keep_constraints(self, event: RecordedEvent, new: NewEvent) -> None:
        changes, loaded = self.changes, self.loaded
        volunteer = "/".join(event.stream.split("/", 2)[:2])
        held = loaded.presences.setdefault(volunteer, {})
        presence = presence_after(event, held.get(event.stream))
        if presence is not None:
            held[event.stream] = changes.presences[volunteer, event.stream] = presence
        heads = heads_after(event.data) if is_group(event.stream) else None
        if heads is not None:
            changes.heads[event.stream] = heads
            if (counts := loaded.heads.get(shift_of(event.stream))) is not None:
                counts[event.stream] = heads
        if new.identity_key is not None:
            loaded.identities[new.identity_key] = changes.identities[new.identity_key] = event.stream
        if isinstance(event.data, VolunteerErased):
            self._release_identities(event.stream)

    def _release_identities(self, volunteer: str) -> None:
        changes, loaded = self.changes, self.loaded
        changes.erased.append(volunteer)
        changes.identities = {key: holder for key, holder in changes.identities.items() if holder != volunteer}
        loaded.identities = {key: None if holder == volunteer else holder for key, holder in loaded.identities.items()}

    def folded_streams(self) -> dict[str, tuple[int, object | None]]:
        """The aggregates worth keeping for the next batch, once this one is durable."""
        return {stream: held for stream, held in self.loaded.streams.items() if not isinstance(held[1], Begun)}

    def additions(self) -> list[Statement]:
        """What to run for the commands that stand since the last call; empty if none does."""
        changes, self.changes = self.changes, Changes()
        if not changes.events:
            return []
        return statements(
            self._partition,
            self._now,
            _event_columns(changes),
            _key_columns(changes),
            changes.places,
            changes.waiting,
            changes.heads,
            changes.presences.values(),
            changes.identities,
            changes.erased,
        )

    def last_statements(self) -> list[Statement]:
        """What is left to run before the commit, the counter last; empty if no command of the batch stands."""
        if self._position == self._begun_at:
            return []
        return [*self.additions(), raise_counter(self._partition, self._position, self._now)]


def _event_columns(changes: Changes) -> EventColumns:
    return EventColumns(
        [event.position for event in changes.events],
        [event.stream for event in changes.events],
        [event.version for event in changes.events],
        [event.data.stored_name for event in changes.events],
        changes.bodies,
    )


def _key_columns(changes: Changes) -> KeyColumns:
    return KeyColumns(
        [request.client for request, _, _ in changes.keys],
        [request.request_id for request, _, _ in changes.keys],
        [request.request_hash for request, _, _ in changes.keys],
        [position for _, position, _ in changes.keys],
        [count for _, _, count in changes.keys],
    )


def recorded_as(
    new: NewEvent, version: int, partition: int, position: int, recorded_at: datetime, actor: str
) -> RecordedEvent:
    """The event with the place it takes in the ledger."""
    # By place: at ten thousand a second, names would cost as much as the rest of this function.
    return RecordedEvent(
        new.stream,
        version,
        new.event_id or os.urandom(16).hex(),
        partition,
        position,
        recorded_at,
        actor,
        new.data,
        new.policy,
        new.corrects,
        new.source_time,
    )


def merge_reads(reads: Iterable[Reads]) -> Reads:
    """All of them together, each thing once."""
    every: list[tuple[tuple[Any, ...], ...]] = list(zip(*map(astuple, reads), strict=True))
    return Reads(*[tuple(dict.fromkeys(chain.from_iterable(wanted))) for wanted in every])


def request_key(request: Request) -> tuple[str, str]:
    """Under which a request stands at most once."""
    return request.client, request.request_id


def refuse_reuse(request: Request) -> Refusal:
    """The refusal of a request_id that was used for another body."""
    return Refusal(Reason.REQUEST_ID_REUSED, {"request_id": request.request_id})
