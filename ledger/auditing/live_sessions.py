"""Rows that live sessions must have in the read database, by the declared rule as the domain folds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.live_presence import Presences, epoch
from ledger.domain.live_session import LiveSession

KIND: Final = "opportunities/shifts/liveSessions"


def session_rows(steps: list[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one session, from its events."""
    state = steps[-1].state
    if not isinstance(state, LiveSession):
        return
    rule = state.rule
    yield (
        state.name,
        {
            "position": steps[0].event.position,
            "shift": state.name.rsplit("/", 2)[0],
            "organization": state.organization,
            "silence_seconds": rule.silence_seconds,
            "registration_required": rule.registration_required,
            "excluded": list(rule.excluded),
            "opened_at": epoch(state.opened_at),
            "through": _folded(steps).through,
            "ended_at": None if state.ended_at is None else epoch(state.ended_at),
        },
    )


class ConnectionsCheck:
    """The rows of all connections beside the streams they are made from."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "live_connections", "session", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Fold up to where the projections are, and compare."""
        for stream in streams:
            if stream.kind != KIND:
                continue
            steps = stream.until(self._moment.prefix(stream.partition))
            if stream.broken:
                self._table.uncertain = True
            elif steps:
                self._compare(stream, steps)

    def _compare(self, stream: FoldedStream, steps: list[Step]) -> None:
        held = self._table.rows_of_many([stream.name], "number")
        for number, connection in enumerate(_folded(steps).connections, start=1):
            where = Where(self._table.place, stream.partition, steps[-1].event.position, f"{stream.name} {number}")
            expected = {
                "partition": stream.partition,
                "volunteer": connection.volunteer,
                "joined": connection.joined,
                "last_sign": connection.last_sign,
                "has_ended": connection.has_ended,
            }
            self._table.compare(where, expected, held.get((stream.name, number)))

    def end(self) -> None:
        """No row without its stream."""
        self._table.end(self._moment.store, named_by_streams=False)


def _folded(steps: list[Step]) -> Presences:
    presences = Presences()
    for step in steps:
        presences.add(step.event.data)
    return presences
