"""Places at shifts: taken for whoever has none, given back where the file says withdrawn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final
from uuid import uuid4

import grpc

from ledger.bulk.kind import Import, RowByRow
from ledger.bulk.names import SHIFT
from ledger.bulk.persons import Persons
from ledger.bulk.refusals import ALREADY_THERE, NOT_FOUND, NOTHING_CHANGES, as_status
from ledger.bulk.request_ids import request_id
from ledger.bulk.rows import read_id
from ledger.bulk.steps import Step, Told, refused
from ledger.patient_client import reason_of
from ledger.sheets.rows import Line
from ledger.sheets.values import Values
from ledger.sheets.words import shown
from volunteer_hours.v1 import participation_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2

KIND: Final = "registrations"
REGISTERED: Final = "registered"
WITHDRAWN: Final = "withdrawn"
_STAYS: Final[Mapping[int, str]] = {
    resources_pb2.REGISTRATION_STATE_WITHDRAWN: "withdrawn in the ledger: it stays so",
    resources_pb2.REGISTRATION_STATE_DECLINED: "declined in the ledger: it stays so",
    resources_pb2.REGISTRATION_STATE_ABSENT: "marked absent in the ledger: it stays so",
}


class Registrations(RowByRow):
    """See `kind.Kind`. Rows are sent in their order: who stands above gets the place.

    Nobody is missed: who registered here and not there did so by right.
    """

    pages_at_once: Final = 1

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system
        self._persons = Persons(shared.questions, shared.seen, shared.mapping, shared.words)
        self._shifts: dict[str, str] = {}
        """Why nobody can be registered there; empty for one that is there."""

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        rows = [Values(line, self._shared.mapping) for line in lines]
        shifts = [values.code("shift") for values in rows]
        await asyncio.gather(*(self._learn(shift) for shift in sorted(set(shifts)) if SHIFT.fullmatch(shift)))
        persons = await self._persons.names(rows)
        return [
            self._checked(line.number, values, shift, person)
            for line, values, shift, person in zip(lines, rows, shifts, persons, strict=True)
        ]

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        by_shift: dict[str, list[Step]] = defaultdict(list)
        for step in steps:
            by_shift[step.name.partition("/registrations/")[0]].append(step)
        told = await asyncio.gather(*(self._in_turn(queue) for queue in by_shift.values()))
        return list(chain.from_iterable(told))

    async def _learn(self, shift: str) -> None:
        if shift in self._shifts:
            return
        if await self._shared.questions.shift(shift) is None:
            self._shifts[shift] = f"the ledger has no {shift}"
            return
        self._shifts[shift] = ""
        try:
            async for registration in self._shared.questions.registrations(shift):
                self._shared.seen.keep_place(registration.name, registration.state)
        except grpc.aio.AioRpcError as error:
            self._shifts[shift] = self._shared.words(as_status(error))

    def _checked(self, line: int, values: Values, shift: str, person: str) -> Step | Told:
        read_id(values, self._shared.seen, line, lambda id_: id_)
        status = values.code("status") or REGISTERED
        if status not in (REGISTERED, WITHDRAWN):
            right = f"write {REGISTERED} or {WITHDRAWN}, or say in values.status which word is which"
            values.wrong("status", f"{shown(status)} is neither", right)
        if why := self._shifts.get(shift, f"{shown(shift)} is no shift"):
            values.wrong("shift", why, "write one that is there, opportunities/…/shifts/…")
        if values.problems:
            return refused(line, "", *values.problems)
        name = f"{shift}/registrations/{person.removeprefix('volunteers/')}"
        before = self._shared.seen.add_place(name, line)
        if before is not None:
            values.wrong("volunteer", f"line {before} is of this person and shift", "leave one of them")
            return refused(line, name, *values.problems)
        return self._compared(line, name, shift, person, status, tuple(values.notes))

    def _compared(
        self, line: int, name: str, shift: str, person: str, status: str, notes: tuple[str, ...]
    ) -> Step | Told:
        state = self._shared.seen.place(name)
        if state is None and status == REGISTERED:
            place = pb.RegisterForShiftRequest(shift=shift, volunteer=person)
            place.request_id = request_id(self._system, KIND, place)
            return Step("create", line, name, place.SerializeToString(), notes)
        if status == WITHDRAWN and state is not None and state not in _STAYS:
            back = pb.WithdrawRegistrationRequest(name=name)
            return Step("withdraw", line, name, back.SerializeToString(), notes)
        stays = _STAYS.get(state or 0, "") if status == REGISTERED else ""
        return Told("unchanged", line, name, (stays, *notes) if stays else notes)

    async def _in_turn(self, steps: Sequence[Step]) -> list[Told]:
        return [await self._sent(step) for step in steps]

    async def _sent(self, step: Step) -> Told:
        if step.happened == "create":
            refusal = await self._shared.commands.send(pb.RegisterForShiftRequest.FromString(step.request))
            if refusal is not None and reason_of(refusal) in ALREADY_THERE:
                return Told("unchanged", step.line, step.name)
        else:
            back = pb.WithdrawRegistrationRequest.FromString(step.request)
            # One that was taken again and is given back again is another command with the same words.
            back.request_id = str(uuid4())
            refusal = await self._shared.commands.send(back)
            if refusal is not None and reason_of(refusal) in (NOTHING_CHANGES, NOT_FOUND):
                return Told("unchanged", step.line, step.name)
        return step.told() if refusal is None else step.refused(self._shared.words(refusal))
