"""Check: the rows that guard decisions say what the events say, folded again from the start."""

from __future__ import annotations

from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database
from ledger.domain.constraints import heads_after, presence_after
from ledger.domain.registration_events import Registration, RegistrationWaitlisted
from ledger.domain.streams import shift_of, volunteer_of
from ledger.domain.world import Presence

_PLACES: Final = """
    with told as (
        select array_to_string((string_to_array(stream, '/'))[1:4], '/') as shift, min(partition) as partition,
               max(position) as position,
               (count(*) filter (where type = 'registration-accepted')
                   - count(*) filter (where type = 'registration-withdrawn'))::integer as places_taken
        from events where type in ('registration-accepted', 'registration-withdrawn', 'registration-waitlisted')
        group by 1
    ), waited as (
        select shift, count(waiting_order)::integer as waiting from shift_waiting group by shift
    )
    select shift, told.partition, told.position, told.places_taken, held.places_taken,
           coalesce(waited.waiting, 0), held.waiting
    from told full join shift_places held using (shift) left join waited using (shift)
    where told.places_taken is distinct from held.places_taken or coalesce(waited.waiting, 0) <> held.waiting
    limit 1000
"""
_PRESENCES: Final = """
    select p.* from unnest(%s::text[], %s::text[]) as wanted (volunteer, attendance)
    join presences p using (volunteer, attendance)
"""
_TWICE: Final = """
    select volunteer, attendance from (
        select volunteer, attendance, counted_from,
               max(counted_until) over (partition by volunteer order by counted_from, counted_until
                   rows between unbounded preceding and 1 preceding) as until_before
        from (
            select volunteer, attendance, counted_s[n] as counted_from, counted_s[n + 1] as counted_until
            from presences, generate_series(1, cardinality(counted_s), 2) n
        ) spans
    ) ordered
    where counted_from < until_before
    limit 1000
"""


class PresenceCheck:
    """presences: one row for each attendance of a person."""

    def __init__(self, store: Database, report: Report) -> None:
        self._store = store
        self._table = Table(store, "store", "presences", "attendance", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Refold and compare."""
        wanted = [stream for stream in streams if stream.kind == "volunteers/attendances"]
        names = [stream.name for stream in wanted]
        rows = self._table.rows_by(_PRESENCES, [volunteer_of(name) for name in names], names)
        held = {row["attendance"]: row for row in rows}
        for stream in wanted:
            presence = _presence(stream)
            if stream.broken:
                self._table.uncertain = True
            elif presence is not None:
                row = held.get(stream.name)
                where = Where(self._table.place, stream.partition, stream.steps[-1].event.position, stream.name)
                self._table.compare(where, _columns(presence), row)

    def end(self) -> None:
        """No row without an attendance; no second of a person counted by two attendances."""
        self._table.end(self._store)
        for volunteer, attendance in self._store.execute(_TWICE):
            where = Where(self._table.place, row=attendance)
            self._table.report.differs(where, "counted_s", f"time no other attendance of {volunteer} counts", "overlap")


class WaitingCheck:
    """shift_waiting: one row for each registration that ever waited."""

    def __init__(self, store: Database, report: Report) -> None:
        self._store = store
        self._table = Table(store, "store", "shift_waiting", "registration", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Refold and compare."""
        wanted = [stream for stream in streams if _ever_waited(stream)]
        held = self._table.rows([stream.name for stream in wanted])
        for stream in wanted:
            if stream.broken:
                self._table.uncertain = True
                continue
            state = stream.steps[-1].state
            if isinstance(state, Registration):
                where = Where(self._table.place, stream.partition, stream.steps[-1].event.position, stream.name)
                columns = {"shift": state.shift, "waiting_order": state.waiting_order}
                self._table.compare(where, columns, held.get(stream.name))

    def end(self) -> None:
        """No row without a registration."""
        self._table.end(self._store)


class HeadsCheck:
    """shift_heads: one row for each head count."""

    def __init__(self, store: Database, report: Report) -> None:
        self._store = store
        self._table = Table(store, "store", "shift_heads", "group_attendance", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Go through the events again and compare."""
        wanted = [stream for stream in streams if stream.kind == "opportunities/shifts/groupAttendances"]
        held = self._table.rows([stream.name for stream in wanted])
        for stream in wanted:
            told = [heads for step in stream.steps if (heads := heads_after(step.event.data)) is not None]
            if stream.broken:
                self._table.uncertain = True
            elif told:
                where = Where(self._table.place, stream.partition, stream.steps[-1].event.position, stream.name)
                columns: dict[str, object] = {"shift": shift_of(stream.name), "heads": told[-1]}
                self._table.compare(where, columns, held.get(stream.name))

    def end(self) -> None:
        """No row without a head count."""
        self._table.end(self._store)


def _ever_waited(stream: FoldedStream) -> bool:
    return stream.kind == "opportunities/shifts/registrations" and (
        stream.broken or any(isinstance(step.event.data, RegistrationWaitlisted) for step in stream.steps)
    )


def _presence(stream: FoldedStream) -> Presence | None:
    presence: Presence | None = None
    for step in stream.steps:
        presence = presence_after(step.event, presence) or presence
    return presence


def _columns(presence: Presence) -> dict[str, object]:
    return {
        "volunteer": presence.volunteer,
        "start_s": presence.start,
        "end_s": presence.end,
        "counted_s": [moment for span in presence.counted for moment in span],
        "recorded_order": presence.recorded_order,
    }


def check_places(store: Database, report: Report) -> None:
    """shift_places: accepted minus withdrawn registrations, and who waits by shift_waiting.

    Types and streams were compared with the bytes before, shift_waiting with the refolded registrations.
    """
    for shift, partition, position, told, held, waiting, held_waiting in store.execute(_PLACES):
        where = Where("store shift_places", partition, position, shift)
        if told != held:
            report.differs(where, "places_taken", told, held)
        if held_waiting is not None and waiting != held_waiting:
            report.differs(where, "waiting", waiting, held_waiting)
