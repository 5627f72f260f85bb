"""Check: what was known of shifts and registrations, and since when, is what the domain's fold says event by event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Snapshots
from ledger.domain.registration import Registration
from ledger.domain.registration_events import EligibilityEstablished, TrainingEstablished
from ledger.domain.shift import Shift
from ledger.search.local_times import local_times

_Columns: TypeAlias = dict[str, object]


def shift_version(step: Step) -> _Columns | None:
    """Of shift_versions, after one event; None: the event makes no row."""
    state = step.state
    if not isinstance(state, Shift):
        return None
    day = None if state.service_date is None else state.service_date.isoformat()
    times = local_times(state.time_zone, state.start, state.end, day)
    return {
        "opportunity": state.opportunity,
        "state": state.state,
        "places": state.places,
        "local_day": times.local_day,
        "ends_at": times.ends_at,
    }


def registration_version(step: Step) -> _Columns | None:
    """The same of registration_versions."""
    state = step.state
    if not isinstance(state, Registration) or isinstance(step.event.data, EligibilityEstablished | TrainingEstablished):
        return None
    return {"shift": state.shift, "volunteer": state.volunteer, "state": state.state}


_TABLES: Final = (
    ("shift_versions", "shift", "opportunities/shifts", shift_version),
    ("registration_versions", "registration", "opportunities/shifts/registrations", registration_version),
)


def checks(moment: Snapshots, report: Report) -> list[VersionCheck]:
    """Both tables."""
    return [VersionCheck(moment, table, key, kind, made, report) for table, key, kind, made in _TABLES]


class VersionCheck:
    """One table with a row for each event of a stream."""

    def __init__(
        self,
        moment: Snapshots,
        table: str,
        key: str,
        kind: str,
        made: Callable[[Step], _Columns | None],
        report: Report,
    ) -> None:
        if moment.read is None:
            raise ValueError("there is no read database to check")
        self._moment = moment
        self._table = Table(moment.read, "projection", table, key, report)
        self._kind = kind
        self._made = made

    def streams(self, streams: list[FoldedStream]) -> None:
        """Fold up to where the projections are, and compare."""
        wanted = [stream for stream in streams if stream.kind == self._kind]
        held = self._table.rows_of_many([stream.name for stream in wanted], "position")
        for stream in wanted:
            self._table.uncertain |= stream.broken
            for step in stream.until(self._moment.prefix(stream.partition)):
                columns = self._made(step)
                if columns is not None:
                    event = step.event
                    known = {"partition": event.partition, "known_at": event.source_time or event.recorded_at}
                    where = Where(self._table.place, stream.partition, event.position, stream.name)
                    self._table.compare(where, {**known, **columns}, held.get((stream.name, event.position)))

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)
