"""Head counts among an older system's hours: people who came together and whose names nobody kept."""

from __future__ import annotations

from datetime import datetime

from ledger.bulk.comparing import STAYS
from ledger.bulk.kind import Import
from ledger.bulk.names import attendance_id
from ledger.bulk.older_row import OlderRow
from ledger.bulk.programme import HEAD_COUNTS, KIND
from ledger.bulk.records import provenance
from ledger.bulk.refusals import ALREADY_THERE
from ledger.bulk.request_ids import request_id
from ledger.bulk.steps import Step, Told, refused
from ledger.patient_client import reason_of
from ledger.sheets.rows import Problem
from ledger.sheets.values import Values
from volunteer_hours.v1.participation_service_pb2 import RecordGroupAttendanceRequest
from volunteer_hours.v1.resources_pb2 import Attendance


class HeadCounts:
    """Recorded once, under the name that the row's id gives them."""

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system

    async def step(self, line: int, record_id: str, row: OlderRow, values: Values, learnt: datetime) -> Step | Told:
        """What is to be done for a row. Raises grpc.RpcError."""
        id_ = attendance_id(self._system, record_id)
        name = f"{row.shift}/groupAttendances/{id_}"
        request = RecordGroupAttendanceRequest(
            shift=row.shift,
            group_attendance_id=id_,
            head_count=row.head_count,
            attended_seconds=row.seconds,
            imported_from=provenance(self._system, record_id, learnt),
        )
        request.request_id = request_id(self._system, KIND, request)
        if self._shared.seen.is_in_ledger(row.shift):
            known = await self._shared.questions.attendance(name, patient=False)
            if known is not None:
                return self._compared(line, name, request, known, values)
        return Step("create", line, name, request.SerializeToString(), tuple(values.notes), HEAD_COUNTS)

    async def send(self, step: Step) -> Told:
        """Record it. Raises grpc.RpcError."""
        request = RecordGroupAttendanceRequest.FromString(step.request)
        refusal = await self._shared.commands.send(request)
        if refusal is None:
            return step.told()
        if reason_of(refusal) in ALREADY_THERE:
            known = await self._shared.questions.attendance(step.name)
            if known is not None and _same(request, known):
                return Told("unchanged", step.line, step.name)
        return step.refused(self._shared.words(refusal))

    def _compared(
        self, line: int, name: str, request: RecordGroupAttendanceRequest, known: Attendance, values: Values
    ) -> Told:
        if note := STAYS.get(known.state, ""):
            return Told("unchanged", line, name, (note,))
        if _same(request, known):
            return Told("unchanged", line, name, tuple(values.notes))
        what = f"the ledger has {known.head_count:,} people and {_counted(known):,} s"
        return refused(line, name, Problem(line, "", what, "a person decides, with CorrectAttendance"))


def _same(request: RecordGroupAttendanceRequest, known: Attendance) -> bool:
    return (request.head_count, request.attended_seconds) == (known.head_count, _counted(known))


def _counted(known: Attendance) -> int:
    """What any class still counts."""
    seconds = known.seconds
    live = seconds.claimed_seconds + seconds.attended_seconds + seconds.verified_seconds
    return live + seconds.disputed_seconds + seconds.withheld_seconds
