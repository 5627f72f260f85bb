"""Check: the rows that guard decisions say what the events say, folded again from the start."""

from __future__ import annotations

from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream
from ledger.auditing.row_check import Table
from ledger.auditing.snapshots import Database
from ledger.domain.constraints import presence_after
from ledger.domain.streams import volunteer_of
from ledger.domain.world import Presence

_PLACES: Final = """
    with told as (
        select array_to_string((string_to_array(stream, '/'))[1:4], '/') as shift, min(partition) as partition,
               max(position) as position,
               sum(case type when 'registration-accepted' then 1 else -1 end)::integer as places_taken
        from events where type in ('registration-accepted', 'registration-withdrawn') group by 1
    )
    select shift, told.partition, told.position, told.places_taken, held.places_taken
    from told full join shift_places held using (shift)
    where told.places_taken is distinct from held.places_taken
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
    """shift_places: accepted minus withdrawn registrations. Types and streams were compared with the bytes before."""
    for shift, partition, position, told, held in store.execute(_PLACES):
        report.differs(Where("store shift_places", partition, position, shift), "places_taken", told, held)
