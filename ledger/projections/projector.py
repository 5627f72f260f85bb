"""From stored bytes to rows: one batch of one partition, all rows and the position in one transaction.

Whatever feeds it (the topic, or the event store itself) may repeat events and may die at any moment. It may not leave
one out, change one, or apply one before its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.projections import (
    anomaly_reviews,
    balances,
    closed_periods,
    donations,
    honours,
    hours_by_month,
    initiatives,
    journal_lines,
    links,
    live_sessions,
    opportunities,
    opportunity_search,
    organizations,
    policies,
    positions,
    projects,
    recognitions,
    registrations,
    requirement_standings,
    shifts,
    statements,
    subscriptions,
    training,
    volunteers,
)
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.positions import Applied, ForkDetected, Hole
from ledger.projections.stored_event import (
    Batch,
    StoredEvent,
    batch_of,
    decode,
    recorded_at,
    recorded_microseconds,
    sha256,
)

PROJECTIONS: Final[Sequence[Callable[[ReadDatabase, Batch], None]]] = (
    journal_lines.apply,
    balances.apply,
    hours_by_month.apply,
    policies.apply,
    closed_periods.apply,
    anomaly_reviews.apply,
    organizations.apply,
    initiatives.apply,
    volunteers.apply,
    links.apply,
    opportunities.apply,
    shifts.apply,
    opportunity_search.apply,
    registrations.apply,
    requirement_standings.apply,
    statements.apply,
    live_sessions.apply,
    projects.apply,
    donations.apply,
    subscriptions.apply,
    training.apply,
    recognitions.apply,
    honours.apply,
)
"""Each turns a batch into its rows, inside the batch's transaction."""


@dataclass(slots=True)
class _Turn:
    """Events sorted by whose turn it is: seen before, next in order, and the first that comes too early."""

    events: list[StoredEvent] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    repeated: dict[int, bytes] = field(default_factory=dict)
    hole: Hole | None = None


class Projector:
    """Applies events to the read database over one connection, which it owns: no other transaction may use it."""

    def __init__(self, connection: ReadDatabase) -> None:
        # Without autocommit a mere look at the positions would open a transaction that nobody commits.
        connection.autocommit = True
        self._connection = connection

    def applied(self) -> dict[int, Applied]:
        """Where each partition's rows end; a partition never applied is absent."""
        return positions.applied(self._connection)

    def apply(self, partition: int, stored: Sequence[bytes], next_offset: int | None) -> int:
        """Apply events as they are stored; as apply_decoded."""
        return self.apply_decoded(
            partition, [decode(raw) for raw in stored], [sha256(raw) for raw in stored], next_offset
        )

    def apply_decoded(
        self, partition: int, events: Sequence[StoredEvent], hashes: Sequence[bytes], next_offset: int | None
    ) -> int:
        """Apply events of one partition, in the order given; gives the last position applied.

        `hashes`: SHA-256 of each event's stored bytes. Positions applied before are skipped once their hashes are found
        equal. With `next_offset`, where the topic is read on, the hint is kept too.

        Raises:
            Hole: a position is missing; what comes before it is applied, the hint is not moved.
            ForkDetected: other bytes than those applied claim a position; nothing of the batch is applied.
            InvariantBroken: bytes that are no event, or one unknown to this program; nothing of the batch is applied.
            psycopg.Error: the database failed; nothing of the batch is applied, and the batch can be given again.
        """
        with self._connection.transaction():
            # A zombie waits here until the living consumer has committed, and then finds its events applied.
            last = positions.lock(self._connection, partition).position
            turn = _sort(partition, last, events, hashes)
            if turn.repeated:
                positions.compare(self._connection, partition, turn.repeated)
            hint = None if turn.hole else next_offset
            if turn.events:
                last = self._write(partition, turn, hint)
            elif hint is not None:
                positions.move_hint(self._connection, partition, hint)
        if turn.hole:
            raise turn.hole
        return last

    def _write(self, partition: int, turn: _Turn, hint: int | None) -> int:
        batch = batch_of(partition, turn.events)
        for projection in PROJECTIONS:
            projection(self._connection, batch)
        return positions.advance(
            self._connection,
            partition,
            first=turn.events[0].position,
            hashes=turn.hashes,
            recorded_microseconds=recorded_microseconds(turn.events, batch.moments),
            recorded_from=recorded_at(turn.events[0]),
            recorded_until=recorded_at(turn.events[-1]),
            next_offset=hint,
        )


def _sort(partition: int, last: int, events: Sequence[StoredEvent], hashes: Sequence[bytes]) -> _Turn:
    turn = _Turn()
    expected = last + 1
    for event, digest in zip(events, hashes, strict=True):
        if event.partition != partition:
            raise InvariantBroken(
                f"partition {event.partition} position {event.position} was given as an event of partition {partition}"
            )
        if event.position == expected:
            turn.events.append(event)
            turn.hashes.append(digest)
            expected += 1
        elif event.position > expected:
            turn.hole = Hole(partition, expected, event.position)
            break
        else:
            _repeat(turn, last, event, digest)
    return turn


def _repeat(turn: _Turn, last: int, event: StoredEvent, digest: bytes) -> None:
    """Note an event seen before: earlier in this batch, or in an earlier one."""
    within = event.position > last
    before = turn.hashes[event.position - last - 1] if within else turn.repeated.setdefault(event.position, digest)
    if before != digest:
        raise ForkDetected(event.partition, event.position, "one batch holds two different events of it")
