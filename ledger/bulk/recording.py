"""Attendances recorded in pages, corrected where a row has other times, and compared where they are there already."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import status_pb2

from ledger.bulk.comparing import Corrected, ForPeople, Same, Wanted, compared
from ledger.bulk.kind import Import
from ledger.bulk.records import page_of, provenance, record
from ledger.bulk.refusals import ALREADY_THERE, NOTHING_CHANGES
from ledger.bulk.request_ids import request_id
from ledger.bulk.seen_rows import Listed
from ledger.bulk.shifts import listed_of
from ledger.bulk.steps import Step, Told, refused
from ledger.patient_client import reason_of
from ledger.sheets.rows import Problem
from volunteer_hours.v1 import participation_service_pb2 as pb

REASON: Final = "SPREADSHEET_CHANGED"


class Recording:
    """What kinds whose rows become attendances share."""

    def __init__(self, shared: Import, kind: str) -> None:
        self._shared = shared
        self._kind = kind
        self._system = shared.mapping.system

    def step(
        self, line: int, record_id: str, wanted: Wanted, learnt: datetime, notes: tuple[str, ...], stage: int = 0
    ) -> Step | Told:
        """What is to be done for a row, beside what the ledger has under its id."""
        for known in self.known(wanted.name):
            match compared(wanted, known):
                case Same(notes=why):
                    return Told("unchanged", line, wanted.name, (*why, *notes))
                case ForPeople(what=what, right=right):
                    return refused(line, wanted.name, Problem(line, "", what, right))
                case Corrected(notes=changed):
                    request = pb.CorrectAttendanceRequest(
                        name=wanted.name,
                        start_time=Timestamp(seconds=wanted.start),
                        end_time=Timestamp(seconds=wanted.end),
                        reason=REASON,
                        imported_from=provenance(self._system, record_id, learnt),
                    )
                    sent = request.SerializeToString()
                    return Step("change", line, wanted.name, sent, (*changed, *notes), stage)
        span = (wanted.start, wanted.end)
        sent = record(self._system, record_id, wanted.name, wanted.shift, span, learnt)
        return Step("create", line, wanted.name, sent, notes, stage)

    def known(self, name: str) -> list[Listed]:
        """What the ledger has of a row: also under another person, if the id is one that this system gives once."""
        id_ = name.rpartition("/")[2]
        is_own = id_.startswith(f"{self._system}--")
        return [one for one in self._shared.seen.listed(id_) if is_own or one.name == name]

    async def send(self, steps: Sequence[Step]) -> list[Told]:
        """Records and corrections of a page. Raises grpc.RpcError."""
        new = [step for step in steps if step.happened == "create"]
        changed = [step for step in steps if step.happened == "change"]
        recorded = await self._record(new) if new else []
        return [*recorded, *await asyncio.gather(*(self._correct(step) for step in changed))]

    def missing(self) -> Iterator[Told]:
        """Attendances of this system, at the shifts of the file, that the file has not."""
        for known in self._shared.seen.missing(f"{self._system}--"):
            yield Told("missing", name=known.name)

    async def _record(self, steps: Sequence[Step]) -> list[Told]:
        page = page_of(self._system, self._kind, (step.request for step in steps))
        answer = await self._shared.commands.record(page)
        if isinstance(answer, status_pb2.Status):
            return await self._refused_page(steps, answer)
        there = [
            (step, outcome.refusal)
            for step, outcome in zip(steps, answer.outcomes, strict=True)
            if outcome.HasField("refusal")
        ]
        told = [
            _with_withheld(step, outcome.recorded.withheld_seconds)
            for step, outcome in zip(steps, answer.outcomes, strict=True)
            if outcome.HasField("recorded")
        ]
        return [*told, *await asyncio.gather(*(self._refused(step, refusal) for step, refusal in there))]

    async def _refused_page(self, steps: Sequence[Step], refusal: status_pb2.Status) -> list[Told]:
        """A page is refused whole where one shift is not this caller's: those at other shifts are sent without it."""
        by_shift: dict[str, list[Step]] = defaultdict(list)
        for step in steps:
            by_shift[pb.AttendanceRecord.FromString(step.request).shift].append(step)
        if len(by_shift) == 1:
            return [step.refused(self._shared.words(refusal)) for step in steps]
        told = await asyncio.gather(*(self._record(at_one) for at_one in by_shift.values()))
        return list(chain.from_iterable(told))

    async def _refused(self, step: Step, refusal: status_pb2.Status) -> Told:
        """A row that was not recorded: perhaps because it was before, by this import or by another one."""
        if reason_of(refusal) in ALREADY_THERE:
            known = await self._shared.questions.attendance(step.name)
            wanted = pb.AttendanceRecord.FromString(step.request)
            times = (wanted.start_time.seconds, wanted.end_time.seconds)
            if known is not None:
                match compared(Wanted(step.name, wanted.shift, *times), listed_of(known)):
                    case Same(notes=notes):
                        return Told("unchanged", step.line, step.name, notes)
                    case _:
                        return step.refused("it was recorded meanwhile, and differs", "import the file once more")
        return step.refused(self._shared.words(refusal))

    async def _correct(self, step: Step) -> Told:
        request = pb.CorrectAttendanceRequest.FromString(step.request)
        # What is overwritten is looked at once more: between check and sending somebody may have verified it.
        known = await self._shared.questions.attendance(step.name)
        if known is None:
            return step.refused("it is not there any more")
        now = listed_of(known)
        wanted = Wanted(step.name, now.shift, request.start_time.seconds, request.end_time.seconds)
        match compared(wanted, now):
            case Same(notes=notes):
                return Told("unchanged", step.line, step.name, notes)
            case ForPeople(what=what, right=right):
                return step.refused(what, right)
        compared_at = ",".join(f"{at.partition}:{at.position}" for at in known.positions)
        request.request_id = request_id(self._system, self._kind, request, compared_at)
        refusal = await self._shared.commands.send(request)
        if refusal is None or reason_of(refusal) == NOTHING_CHANGES:
            return step.told()
        return step.refused(self._shared.words(refusal))


def _with_withheld(step: Step, withheld_seconds: int) -> Told:
    if not withheld_seconds:
        return step.told()
    notes = (*step.notes, f"{withheld_seconds:,} s withheld")
    return Told(step.happened, step.line, step.name, notes)
