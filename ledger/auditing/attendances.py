"""Check: an attendance's rows, added up version by version, say at each version what the domain's fold says."""

from __future__ import annotations

from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream, Step
from ledger.auditing.row_check import Row, Table
from ledger.auditing.snapshots import Database, Snapshots
from ledger.domain.attendance_state import Attendance
from ledger.domain.group_attendance_state import GroupAttendance
from ledger.domain.streams import volunteer_of

KINDS: Final = ("volunteers/attendances", "opportunities/shifts/groupAttendances")
_KEPT_WHEN_NULL: Final = ("state", "start_time", "end_time", "flags", "withheld_reasons", "policy")
_HELD: Final = """
    select v.* from unnest(%s::text[], %s::bigint[]) as wanted (holder, position)
    join attendance_versions v using (holder, position)
"""


class AttendanceCheck:
    """attendance_versions: a row an event; what is null in a row is as it was before."""

    def __init__(self, moment: Snapshots, read: Database, report: Report) -> None:
        self._moment = moment
        self._table = Table(read, "projection", "attendance_versions", "attendance", report)

    def streams(self, streams: list[FoldedStream]) -> None:
        """Compare each version of each attendance up to where the projections are."""
        wanted = [stream for stream in streams if stream.kind in KINDS]
        places = [
            (volunteer_of(stream.name), step.event.position)
            for stream in wanted
            for step in stream.until(self._moment.prefix(stream.partition))
        ]
        rows = self._table.rows_by(_HELD, [holder for holder, _ in places], [position for _, position in places])
        held = {(row["attendance"], row["position"]): row for row in rows}
        for stream in wanted:
            self._one(stream, held)

    def end(self) -> None:
        """No further row."""
        self._table.end(self._moment.store)

    def _one(self, stream: FoldedStream, held: dict[tuple[str, int], Row]) -> None:
        known: dict[str, object] = {"migrated": False, "head_count": 0}
        policy: str | None = None
        self._table.uncertain |= stream.broken
        for step in stream.until(self._moment.prefix(stream.partition)):
            policy = step.event.policy or policy
            row = held.get((stream.name, step.event.position))
            where = Where(self._table.place, stream.partition, step.event.position, stream.name)
            if row is not None:
                known = _added(known, row)
            self._table.compare(where, _expected(step, policy), None if row is None else known)


def _added(known: dict[str, object], row: Row) -> dict[str, object]:
    kept = {name: known.get(name) if row[name] is None else row[name] for name in _KEPT_WHEN_NULL}
    # Before hours were ever decided a row says null where the fold says none.
    lists = {name: kept[name] or [] for name in ("flags", "withheld_reasons")}
    return {
        **row,
        **kept,
        **lists,
        "head_count": row["head_count"] or known["head_count"],
        "migrated": row["migrated"] or known["migrated"],
    }


def _expected(step: Step, policy: str | None) -> dict[str, object]:
    state, event = step.state, step.event
    expected: dict[str, object] = {
        "partition": event.partition,
        "version": event.version,
        "policy": policy,
    }
    if isinstance(state, Attendance):
        expected |= {"head_count": 1, "start_time": state.start}
        expected["end_time"] = None if state.state == "present" else state.end
    elif isinstance(state, GroupAttendance):
        expected["head_count"] = state.head_count
    if isinstance(state, Attendance | GroupAttendance):
        expected |= {
            "holder": state.holder,
            "shift": state.shift,
            "state": state.state,
            "migrated": state.migrated,
            "flags": list(state.flags),
            "withheld_reasons": list(state.withheld_reasons),
        }
    return expected
