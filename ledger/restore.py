"""The event store made anew from the topic alone, or from an export: events, request keys, constraint rows, counters.

Nothing but the events is needed, because everything that gives an event its meaning is in its bytes. Only identity
numbers are sealed: their rows come back where the keys of the persons are at hand, and are counted where they are not.
A store that holds a beginning of the same history is continued; one that holds another history is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg

from ledger.access.identity_keys import IdentityKeys
from ledger.access.master_keys import master_keys
from ledger.access_ledger.access_settings import variable_of
from ledger.auditing.identities import IdentityOpener, SealedIdentity, sealed_identity
from ledger.auditing.progress import Progress
from ledger.domain.constraints import heads_after, places_delta, presence_after, waiting_after
from ledger.domain.event import RecordedEvent
from ledger.domain.ledger_kind import LedgerKind, kind_of_ledger
from ledger.domain.ledger_opened import LedgerOpened
from ledger.domain.refusals import InvariantBroken
from ledger.domain.registration_events import OfRegistration
from ledger.domain.streams import ROUTING_RULE, shift_of
from ledger.domain.volunteer import VolunteerErased
from ledger.domain.world import Presence, ShiftPlaces
from ledger.event_bytes import Envelope, decode, recorded_event
from ledger.exporting.export_history import ExportHistory
from ledger.migrate import migrate
from ledger.open_ledger import check_same_ledger
from ledger.record_seal import RecordSeal
from ledger.restored_rows import (
    Store,
    StoredEvent,
    add_events,
    add_heads,
    add_identities,
    add_keys,
    add_places,
    add_presences,
    add_waiting,
    presences_of,
    release_identities,
    waiting_of,
)
from ledger.settings import Settings, WrongSetting
from ledger.topic_history import events_in_order
from ledger.topic_records import topic_ends

_STORED: Final = "select position, body from events where partition = %b and position = any(%b)"


@dataclass
class Restored:
    """What came back."""

    positions: dict[int, int] = field(default_factory=dict)
    """Partition → last position."""
    identities: int = 0
    identities_sealed: int = 0
    """Identity numbers whose person's key is not at hand: these persons could be registered twice."""


def run(settings: Settings, *, history: ExportHistory | None = None, print_lines: bool = True) -> Restored:
    """Refill the event store that LEDGER_OWNER_DATABASE names: from an export that was audited, else from the topic.

    No service may run on it meanwhile. If we crash, run it again: each page is one transaction.

    Raises:
        WrongSetting: a setting is missing, or the source belongs to another ledger.
        InvariantBroken: the source has a hole, or the store holds another history.
        psycopg.Error, KafkaError: run it again.
    """
    kind = kind_of_ledger(settings.ledger_id)
    of_hours = ("keys_database",) if kind is LedgerKind.HOURS else ()
    for name in ("owner_database", *of_hours, *(("kafka",) if history is None else ())):
        if not getattr(settings, name):
            raise WrongSetting(f"{variable_of(name, kind)} is not set; the event store is restored with it")
    migrate(settings)
    done = Restored()
    with (
        Progress() as progress,
        psycopg.connect(settings.owner_database, autocommit=True) as store,
        _opener(settings, kind) as opener,
    ):
        _prepare(store, settings)
        sources = _of_topic(settings) if history is None else _of_export(settings, history)
        for partition, length, pages in sources:
            step = progress.step(f"partition {partition}", length)
            restoring = _Restoring(store, settings, partition, opener, done)
            for events in _whole_requests(pages):
                restoring.page(events)
                step(len(events))
            done.positions[partition] = restoring.reached
    if print_lines:
        _tell(done, kind)
    return done


@contextmanager
def _opener(settings: Settings, kind: LedgerKind) -> Iterator[IdentityOpener | None]:
    """What opens identity numbers; nothing does in a ledger that has none."""
    if kind is LedgerKind.ACCESS:
        yield None
        return
    secret = IdentityKeys(settings.identity_key.get_secret_value().encode(), verify_check_digit=False)
    with psycopg.connect(settings.keys_database, autocommit=True) as keys:
        yield IdentityOpener(keys, master_keys(settings), secret, settings.ledger_id)


def _tell(done: Restored, kind: LedgerKind) -> None:
    for partition, position in done.positions.items():
        print(f"partition {partition}: positions 1..{position}")
    if kind is LedgerKind.HOURS:
        print(f"identity numbers: {done.identities} restored, {done.identities_sealed} cannot be opened")


def _prepare(store: Store, settings: Settings) -> None:
    row = store.execute("select ledger_id, partitions from ledger").fetchone()
    if row is not None:
        check_same_ledger(settings, row[0], row[1])
        return
    with store.transaction():
        store.execute(
            "insert into ledger (ledger_id, partitions) values (%s, %s)", [settings.ledger_id, settings.partitions]
        )
        store.execute(
            "insert into partition_counters select n, 0, timestamptz '1970-01-01 00:00:00Z' "
            "from generate_series(0, %s) n",
            [settings.partitions - 1],
        )


def _of_topic(settings: Settings) -> Iterator[tuple[int, int, Iterator[list[StoredEvent]]]]:
    """Partition, about how many events, and these in order of position."""
    seal = RecordSeal.of(settings)
    for partition, end in sorted(topic_ends(settings).items()):
        yield partition, end.next_offset, events_in_order(settings, partition, end, seal)


def _of_export(settings: Settings, history: ExportHistory) -> Iterator[tuple[int, int, Iterator[list[StoredEvent]]]]:
    """The same."""
    check_same_ledger(settings, history.manifest.ledger_id, history.manifest.partitions)
    for log in history.manifest.logs:
        pages = history.pages(log.partition)
        yield log.partition, log.size, ([(decode(stored), stored) for stored in page] for page in pages)


def _whole_requests(pages: Iterator[list[StoredEvent]]) -> Iterator[list[StoredEvent]]:
    """Pages cut between two requests, so that a request's key is written with its last event."""
    held: list[StoredEvent] = []
    for events in pages:
        held += events
        cut = len(held)
        while cut > 0 and _same_request(held[cut - 1][0], held[-1][0]):
            cut -= 1
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def _same_request(one: Envelope, other: Envelope) -> bool:
    return bool(one.requestid) and (one.client, one.requestid) == (other.client, other.requestid)


class _Restoring:
    """One partition on its way."""

    def __init__(
        self, store: Store, settings: Settings, partition: int, opener: IdentityOpener | None, done: Restored
    ) -> None:
        self._store = store
        self._settings = settings
        self._partition = partition
        self._opener = opener
        self._done = done
        self.reached = 0

    def page(self, events: list[StoredEvent]) -> None:
        """Put some events, and what follows from them, into the store; those it has must be the same."""
        with self._store.transaction():
            row = self._store.execute(
                "select position from partition_counters where partition = %b for update", [self._partition]
            ).fetchone()
            held = 0 if row is None else int(row[0])
            self._compare([one for one in events if one[0].position <= held])
            fresh = [one for one in events if one[0].position > held]
            if fresh:
                self._add(events, fresh)
        self.reached = events[-1][0].position

    def _compare(self, events: list[StoredEvent]) -> None:
        positions = [event.position for event, _ in events]
        stored = dict(self._store.cursor(binary=True).execute(_STORED, (self._partition, positions)).fetchall())
        for event, body in events:
            if stored.get(event.position) != body:
                raise InvariantBroken(
                    f"partition {self._partition}, position {event.position}: the store holds another event than the "
                    "source; restore into an empty database (one that was opened anew has a beginning of its own)"
                )

    def _add(self, events: list[StoredEvent], fresh: list[StoredEvent]) -> None:
        self._check_opening(fresh[0][0])
        add_events(self._store, fresh)
        add_keys(self._store, events)
        recorded = [recorded_event(envelope) for envelope, _ in fresh]
        self._add_constraints(recorded)
        last = fresh[-1][0]
        self._store.execute(
            "update partition_counters set position = %s, recorded_at = %s where partition = %s",
            [last.position, last.time, self._partition],
        )

    def _check_opening(self, first: Envelope) -> None:
        if first.position > 1:
            return
        opened = recorded_event(first).data
        settings = self._settings
        if not isinstance(opened, LedgerOpened):
            raise InvariantBroken(f"partition {self._partition}: position 1 is {first.type}, not ledger-opened")
        if opened.routing_rule != ROUTING_RULE:
            raise InvariantBroken(f"this program does not route by: {opened.routing_rule}")
        check_same_ledger(settings, opened.ledger_id, opened.partitions)

    def _add_constraints(self, events: list[RecordedEvent]) -> None:
        self._add_registrations([event for event in events if isinstance(event.data, OfRegistration)])
        held = presences_of(self._store, sorted({event.stream for event in events}))
        after: dict[str, Presence] = {}
        identities: list[SealedIdentity] = []
        for event in events:
            presence = presence_after(event, after.get(event.stream, held.get(event.stream)))
            if presence is not None:
                after[event.stream] = presence
            if (identity := sealed_identity(event)) is not None:
                identities.append(identity)
        add_presences(self._store, after.values())
        counted = ((event.stream, heads_after(event.data)) for event in events)
        add_heads(self._store, {stream: heads for stream, heads in counted if heads is not None})
        self._add_identities(events, identities)

    def _add_identities(self, events: list[RecordedEvent], identities: list[SealedIdentity]) -> None:
        """First those of the erased go: the same person may have registered anew right after."""
        erased = {event.stream for event in events if isinstance(event.data, VolunteerErased)}
        release_identities(self._store, erased)
        identities = [one for one in identities if one.volunteer not in erased]
        opened = {} if self._opener is None else self._opener.opened(identities)
        add_identities(self._store, opened)
        self._done.identities += len(opened)
        self._done.identities_sealed += len(identities) - len(opened)

    def _add_registrations(self, events: list[RecordedEvent]) -> None:
        """Places and waiting lists. Over a page the numbers only add up: some of it may be in the store already."""
        places: dict[str, ShiftPlaces] = {}
        before = waiting_of(self._store, sorted({event.stream for event in events}))
        changed: dict[str, int | None] = {}
        for event in events:
            order = changed.get(event.stream, before.get(event.stream))
            after = waiting_after(event, order)
            shift = shift_of(event.stream)
            taken, waiting = places_delta(event.data), (after is not None) - (order is not None)
            if taken or waiting:
                so_far = places.get(shift, ShiftPlaces())
                places[shift] = ShiftPlaces(so_far.taken + taken, so_far.waiting + waiting)
            if after != order:
                changed[event.stream] = after
        add_places(self._store, places)
        add_waiting(self._store, changed)
