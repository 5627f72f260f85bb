"""Rules as tests: given what happened, when somebody asks, then this is recorded or refused.

The world here is kept in memory and folded from the stored form of every event, as the event store does it; its
constraint rows follow from the events by `constraints`, as in the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self, TypeAlias

from ledger.domain.catalogue import fold
from ledger.domain.constraints import heads_after, places_delta, presence_after, waiting_after
from ledger.domain.event import Event, NewEvent, RecordedEvent, read_event
from ledger.domain.hours import HoursMoved, PresenceMoved
from ledger.domain.member import Member
from ledger.domain.policy import STANDARD_POLICY_STREAM, STANDARD_POLICY_V1
from ledger.domain.refusals import Refusal, placeholders
from ledger.domain.registration_events import OfRegistration
from ledger.domain.streams import shift_of
from ledger.domain.volunteer import Volunteer, VolunteerErased
from ledger.domain.world import Command, Presence, TimeWindow

Given: TypeAlias = Command | tuple[str, Event]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Ledger:
    """Everything recorded so far, and what follows from it."""

    events: list[RecordedEvent] = field(default_factory=list)
    states: dict[str, object] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    presences: dict[str, Presence] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """Registration → its place in the waiting order; only of those that wait."""
    heads: dict[str, int] = field(default_factory=dict)
    """Group attendance → how many people it counts."""
    identities: dict[bytes, str] = field(default_factory=dict)
    birth_dates: dict[str, date] = field(default_factory=dict)

    def record(self, new: NewEvent, actor: str, now: datetime) -> RecordedEvent:
        """Add one event at the next position, read back from its stored form."""
        position = len(self.events) + 1
        recorded = RecordedEvent(
            stream=new.stream,
            version=self.versions.get(new.stream, 0) + 1,
            event_id=new.event_id or f"{position:032x}",
            partition=0,
            position=position,
            recorded_at=now,
            actor=actor,
            data=read_event(new.data.stored_name, new.data.schema_version, new.data.to_json()),
            policy=new.policy,
            corrects=new.corrects,
            source_time=new.source_time,
        )
        self.states[new.stream] = fold(self.states.get(new.stream), recorded)
        self.versions[new.stream] = recorded.version
        self.events.append(recorded)
        self._follow(recorded, new.identity_key)
        return recorded

    def _follow(self, recorded: RecordedEvent, identity_key: bytes | None) -> None:
        presence = presence_after(recorded, self.presences.get(recorded.stream))
        if presence is not None:
            self.presences[recorded.stream] = presence
        delta = places_delta(recorded.data)
        if delta:
            shift = shift_of(recorded.stream)
            self.places[shift] = self.places.get(shift, 0) + delta
        if isinstance(recorded.data, OfRegistration):
            order = waiting_after(recorded, self.waiting.pop(recorded.stream, None))
            if order is not None:
                self.waiting[recorded.stream] = order
        heads = heads_after(recorded.data)
        if heads is not None:
            self.heads[recorded.stream] = heads
        if identity_key is not None:
            self.identities[identity_key] = recorded.stream
        if isinstance(recorded.data, VolunteerErased):
            self.identities = {key: name for key, name in self.identities.items() if name != recorded.stream}


@dataclass(frozen=True)
class InMemoryWorld:
    """What a decision may know: satisfies `world.World`."""

    ledger: Ledger
    now: datetime
    actor: str

    def state(self, stream: str) -> object | None:
        return self.ledger.states.get(stream)

    def exists(self, stream: str) -> bool:
        return stream in self.ledger.states

    def erased(self, person: str) -> bool:
        state = self.ledger.states.get(person)
        return isinstance(state, Volunteer | Member) and state.erased

    def ever_linked(self, person: str) -> bool:
        state = self.ledger.states.get(person)
        return isinstance(state, Volunteer) and state.link is not None

    def places_taken(self, shift: str) -> int:
        return self.ledger.places.get(shift, 0)

    def places_waiting(self, shift: str) -> int:
        return len(self.first_waiting(shift, len(self.ledger.waiting)))

    def counted_by_heads(self, shift: str) -> str | None:
        counting = (name for name, heads in self.ledger.heads.items() if heads and shift_of(name) == shift)
        return min(counting, default=None)

    def first_waiting(self, shift: str, count: int) -> list[str]:
        waiting = self.ledger.waiting
        return sorted((name for name in waiting if shift_of(name) == shift), key=waiting.__getitem__)[:count]

    def presences(self, window: TimeWindow) -> list[Presence]:
        volunteer, start, end = window
        near = [
            presence
            for presence in self.ledger.presences.values()
            if presence.volunteer == volunteer and presence.start <= end and start <= presence.end
        ]
        return sorted(near, key=lambda presence: presence.recorded_order)

    def identity_holder(self, identity_key: bytes) -> str | None:
        return self.ledger.identities.get(identity_key)

    def birth_date(self, volunteer: str) -> date | None:
        return self.ledger.birth_dates.get(volunteer)


class Scenario:
    """A ledger in memory with a clock and an actor; every step returns the scenario, so that rules chain."""

    def __init__(
        self,
        now: datetime = NOW,
        actor: str = "staff/coordinator",
        birth_dates: Mapping[str, date] | None = None,
    ) -> None:
        self.now = now
        self.actor = actor
        self.ledger = Ledger(birth_dates=dict(birth_dates or {}))
        self.events: list[RecordedEvent] = []
        """What the last command recorded."""
        self.refusal: Refusal | None = None
        self.given((STANDARD_POLICY_STREAM, STANDARD_POLICY_V1))

    def given(self, *happened: Given, actor: str | None = None, now: datetime | None = None) -> Self:
        """What happened before: commands, which must stand, or events as (stream, event)."""
        for one in happened:
            if isinstance(one, tuple):
                stream, event = one
                self.ledger.record(NewEvent(stream, event), actor or self.actor, now or self.now)
            else:
                self.when(one, actor=actor, now=now)
                assert self.refusal is None, f"given {one} was refused: {self.refusal}"
        return self

    def when(self, command: Command, *, actor: str | None = None, now: datetime | None = None) -> Self:
        """Somebody asks. A refusal is kept for `then_refused`; nothing is recorded by it."""
        moment = now or self.now
        world = InMemoryWorld(self.ledger, moment, actor or self.actor)
        self.refusal, self.events = None, []
        command.reads()
        try:
            decided = command.decide(world)
        except Refusal as refusal:
            self.refusal = refusal
            return self
        assert not decided or decided[0].stream == command.stream, "the first event stands in the command's stream"
        self.events = [self.ledger.record(new, actor or self.actor, moment) for new in decided]
        return self

    def then_recorded(self, *types: type[Event] | str, **fields: object) -> Self:
        """The last command recorded events of exactly these types; `fields` are looked up in the first one."""
        assert self.refusal is None, f"refused: {self.refusal}"
        expected = [one if isinstance(one, str) else one.stored_name for one in types]
        assert [event.data.stored_name for event in self.events] == expected
        for name, value in fields.items():
            assert getattr(self.events[0].data, name) == value, name
        return self

    def then_refused(self, reason: str, **details: str) -> Self:
        """The last command was refused for this reason, with every detail its texts need."""
        assert self.refusal is not None, f"not refused: {[event.data for event in self.events]}"
        assert self.refusal.reason.name == reason, str(self.refusal)
        assert placeholders(self.refusal.reason.english) <= self.refusal.details.keys()
        for name, value in details.items():
            assert self.refusal.details[name] == value, name
        return self

    def state(self, stream: str) -> object | None:
        """The folded aggregate."""
        return self.ledger.states.get(stream)

    def seconds(self, stream: str) -> dict[str, int]:
        """Seconds of an attendance by class, from the entries alone; classes without any are left out."""
        totals: dict[str, int] = {}
        for recorded in self.ledger.events:
            if recorded.stream == stream and isinstance(recorded.data, HoursMoved):
                for entry in recorded.data.entries:
                    totals[entry.from_class] = totals.get(entry.from_class, 0) - entry.seconds
                    totals[entry.to_class] = totals.get(entry.to_class, 0) + entry.seconds
        return {str(account): seconds for account, seconds in totals.items() if seconds and account != "outside"}

    def entries(self, index: int = 0) -> list[tuple[str, str, str, int, str | None]]:
        """(service date, from, to, seconds, reason) of one of the events just recorded."""
        event = self.events[index].data
        assert isinstance(event, HoursMoved)
        return [
            (entry.service_date.isoformat(), str(entry.from_class), str(entry.to_class), entry.seconds, entry.reason)
            for entry in event.entries
        ]

    def counted(self, index: int = 0) -> list[tuple[datetime, datetime]]:
        """The spans that count after one of the events just recorded."""
        event = self.events[index].data
        assert isinstance(event, PresenceMoved)
        return [(interval.start, interval.end) for interval in event.counted]

    def later(self, **duration: int) -> Self:
        """Let time pass: `later(hours=2)`."""
        self.now += timedelta(**duration)
        return self
