"""What somebody confirmed of hours that are there: a second person's act, by a verifier's token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Final
from uuid import uuid4

from google.rpc import status_pb2

from ledger.bulk.kind import Import, RowByRow
from ledger.bulk.names import attendance_id, is_attendance, row_key
from ledger.bulk.persons import Persons
from ledger.bulk.rows import read_id
from ledger.bulk.steps import Step, Told, refused
from ledger.patient_client import reason_of
from ledger.sheets.rows import Line, Problem
from ledger.sheets.values import Values
from volunteer_hours.v1 import verification_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import (
    ATTENDANCE_STATE_CLAIMED,
    ATTENDANCE_STATE_RECORDED,
    ATTENDANCE_STATE_VERIFIED,
    Attendance,
)

KIND: Final = "verifications"
NOTHING_TO_VERIFY: Final = "NOTHING_TO_VERIFY"
"""Somebody was faster, perhaps this import before it was killed."""
_OPEN: Final = (ATTENDANCE_STATE_RECORDED, ATTENDANCE_STATE_CLAIMED)


class Verifications(RowByRow):
    """See `kind.Kind`."""

    pages_at_once: Final = 4

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system
        self._persons = Persons(shared.questions, shared.seen, shared.mapping, shared.words)

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        rows = [Values(line, self._shared.mapping) for line in lines]
        ids = [
            read_id(values, self._shared.seen, line.number, self._key) for line, values in zip(lines, rows, strict=True)
        ]
        unnamed = [values for values, id_ in zip(rows, ids, strict=True) if id_ and not is_attendance(id_)]
        persons = iter(await self._persons.names(unnamed))
        names = [
            id_ if not id_ or is_attendance(id_) else f"{next(persons)}/attendances/{self._id(id_)}" for id_ in ids
        ]
        return await asyncio.gather(
            *(self._checked(line.number, values, name) for line, values, name in zip(lines, rows, names, strict=True))
        )

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        page = pb.BatchVerifyHoursRequest(items=[pb.VerificationItem.FromString(step.request) for step in steps])
        # Hours that were corrected since are verified again by the same words: that is another command.
        page.request_id = str(uuid4())
        answer = await self._shared.commands.verify(page)
        if isinstance(answer, status_pb2.Status):
            if len(steps) == 1:
                return [steps[0].refused(self._shared.words(answer))]
            # A page is refused whole where one item is not this verifier's: the others are sent without it.
            told = await asyncio.gather(*(self.send([step]) for step in steps))
            return list(chain.from_iterable(told))
        return [self._told(step, outcome) for step, outcome in zip(steps, answer.outcomes, strict=True)]

    def _key(self, record_id: str) -> str:
        return row_key(self._system, record_id)

    def _id(self, record_id: str) -> str:
        return attendance_id(self._system, record_id)

    async def _checked(self, line: int, values: Values, name: str) -> Step | Told:
        seconds = values.seconds("verified")
        if seconds == 0:
            values.wrong("verified", "nothing", "leave it empty for all; to confirm nothing, decline the hours")
        organization = values.code("organization")
        if values.problems:
            return refused(line, "", *values.problems)
        known = await self._shared.questions.attendance(name)
        if known is None:
            values.wrong("id", f"the ledger has no {name}", "import the hours first, or correct the id")
            return refused(line, name, *values.problems)
        problem, done = _compared(known, seconds)
        if problem:
            return refused(line, name, Problem(line, values.column("verified"), *problem))
        if done:
            return Told("unchanged", line, name, tuple(values.notes))
        item = pb.VerificationItem(name=name, organization=organization)
        if seconds is not None:
            item.verified_seconds = seconds
        return Step("change", line, name, item.SerializeToString(), ("verified", *values.notes))

    def _told(self, step: Step, outcome: pb.VerificationOutcome) -> Told:
        if outcome.HasField("refusal"):
            if reason_of(outcome.refusal) == NOTHING_TO_VERIFY:
                return Told("unchanged", step.line, step.name)
            return step.refused(self._shared.words(outcome.refusal))
        notes = step.notes
        if outcome.verified.second_verifier_needed:
            notes = (*notes, "a second verifier is waited for")
        if outcome.verified.reversed_seconds:
            notes = (*notes, f"{outcome.verified.reversed_seconds:,} s not confirmed")
        return Told(step.happened, step.line, step.name, notes)


def _compared(known: Attendance, seconds: int | None) -> tuple[tuple[str, str] | None, bool]:
    """What is wrong, if something is; and whether nothing is to be done any more."""
    held = known.seconds
    if known.state in _OPEN:
        open_seconds = held.attended_seconds + held.claimed_seconds
        if seconds is not None and seconds > open_seconds:
            return (f"{seconds:,} s, where {open_seconds:,} s were served", "verify no more than was served"), False
        return None, False
    if known.state == ATTENDANCE_STATE_VERIFIED and seconds in (None, held.verified_seconds):
        return None, True
    if known.state == ATTENDANCE_STATE_VERIFIED:
        what = f"{held.verified_seconds:,} s are verified already"
        return (what, "who verified too much lowers it, with AdjustHours"), False
    return ("its hours are no longer open", "look at them: they were withdrawn, declined, disputed or reversed"), False
