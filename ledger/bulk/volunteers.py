"""Persons: registered under the name that their id in the file's system gives them, later changed field by field.

Personal details stand in the commands and in nothing else: no log, no request id, no text of this program but the
problem of a row, which quotes the cell that is wrong to whoever has the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import protovalidate
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import status_pb2

from ledger.bulk.kind import Import, RowByRow
from ledger.bulk.names import volunteer_name
from ledger.bulk.persons import identity_type, is_identity_number
from ledger.bulk.refusals import ALREADY_THERE, NOTHING_CHANGES
from ledger.bulk.request_ids import personal_request_id
from ledger.bulk.rows import read_id
from ledger.bulk.steps import Step, Told, refused
from ledger.patient_client import reason_of
from ledger.sheets.rows import Line, Problem
from ledger.sheets.values import Values
from ledger.sheets.words import plain
from volunteer_hours.v1 import registry_service_pb2 as pb
from volunteer_hours.v1.resources_pb2 import PersonalDetails
from volunteer_hours.v1.values_pb2 import Identity

KIND: Final = "volunteers"
CHANGEABLE: Final = ("full_name", "birth_date", "email", "phone", "gender", "residence_region")
_FIELD: Final = {"full_name": "name.en", "identity": "identity_number"}
_RIGHT: Final = {
    "full_name": "write at most 200 characters",
    "email": "write one such as somebody@example.org",
    "phone": "write + and the code of the country first, such as +966500000000",
    "gender": "write female or male, or say in values.gender which word is which",
    "residence_region": "write a region of ISO 3166-2 such as SA-01",
    "identity": "write the number of the document",
}
_NOT_COMPARED: Final = "is there already; its details are new, or not for you to read: nothing was compared"
_VALIDATOR: Final = protovalidate.Validator()


class Volunteers(RowByRow):
    """See `kind.Kind`. A file of persons is rarely everybody: nobody is missed."""

    pages_at_once: Final = 4

    def __init__(self, shared: Import) -> None:
        self._shared = shared
        self._system = shared.mapping.system

    async def check(self, lines: Sequence[Line]) -> Sequence[Step | Told]:
        return await asyncio.gather(*(self._checked(line) for line in lines))

    async def send(self, steps: Sequence[Step]) -> Sequence[Told]:
        return await asyncio.gather(*(self._sent(step) for step in steps))

    async def _checked(self, line: Line) -> Step | Told:
        values = Values(line, self._shared.mapping)
        record_id = read_id(values, self._shared.seen, line.number, lambda id_: volunteer_name(self._system, id_))
        details = details_of(values)
        if is_identity_number(record_id) or (record_id and record_id == details.identity.number):
            right = "ids are readable for ever: give persons other ids, such as a number of your own"
            values.wrong("id", "an identity number may not be an id", right)
        if values.problems:
            return refused(line.number, "", *values.problems)
        name = volunteer_name(self._system, record_id)
        known = await self._shared.questions.volunteer(name)
        notes = tuple(values.notes)
        if known is None:
            return await self._new(line.number, record_id, name, details, notes)
        if known.erased:
            return Told("unchanged", line.number, name, ("erased in the ledger: it stays so",))
        if details.HasField("identity") and not same_identity(details.identity, known.details.identity):
            problem = Problem(
                line.number,
                values.column("identity_number"),
                "the ledger has this person with another identity",
                "an identity cannot be changed: is the id somebody else's? Else erase and register anew",
            )
            return refused(line.number, name, problem)
        changed = [one for one in CHANGEABLE if getattr(details, one) not in ("", getattr(known.details, one))]
        if not changed:
            return Told("unchanged", line.number, name, notes)
        update = pb.UpdateVolunteerRequest(name=name, details=details, update_mask=FieldMask(paths=changed))
        update.details.ClearField("identity")
        return Step("change", line.number, name, update.SerializeToString(), (*changed, *notes))

    async def _new(
        self, line: int, record_id: str, name: str, details: PersonalDetails, notes: tuple[str, ...]
    ) -> Step | Told:
        if details.HasField("identity"):
            holder = await self._shared.questions.holder_of(details.identity)
            if isinstance(holder, status_pb2.Status):
                if reason_of(holder).startswith("IDENTITY_"):
                    column = self._shared.column("identity_number")
                    return refused(line, name, Problem(line, column, self._shared.words(holder), ""))
            elif holder and holder != name:
                what = f"this identity is registered as {holder}"
                right = f"write {holder} as the id, or let two people link both names"
                return refused(line, name, Problem(line, self._shared.column("identity_number"), what, right))
        request = pb.RegisterVolunteerRequest(
            request_id=personal_request_id(self._system, KIND, record_id),
            volunteer_id=name.removeprefix("volunteers/"),
            details=details,
        )
        return Step("create", line, name, request.SerializeToString(), notes)

    async def _sent(self, step: Step) -> Told:
        if step.happened == "create":
            refusal = await self._shared.commands.send(pb.RegisterVolunteerRequest.FromString(step.request))
            if refusal is not None and reason_of(refusal) in ALREADY_THERE:
                return Told("unchanged", step.line, step.name, (_NOT_COMPARED,))
        else:
            update = pb.UpdateVolunteerRequest.FromString(step.request)
            update.request_id = str(uuid4())  # not made of the details: see request_ids
            refusal = await self._shared.commands.send(update)
        if refusal is None or reason_of(refusal) == NOTHING_CHANGES:
            return step.told()
        return step.refused(self._shared.words(refusal))


def details_of(values: Values) -> PersonalDetails:
    """What the row says of a person, checked by the rules of the proto; what is wrong is told."""
    birth_date = values.day("birth_date")
    details = PersonalDetails(
        full_name=values.text("name.ar", 200) or values.text("name.en", 200),
        birth_date="" if birth_date is None else birth_date.isoformat(),
        email=values.text("email", 254),
        phone="".join(plain(values.text("phone", 40)).translate(_BETWEEN_DIGITS).split()),
        gender=values.code("gender").lower(),
        residence_region=values.code("residence_region"),
    )
    if not values.is_empty("identity_number"):
        type_ = identity_type(values)
        number = values.text("identity_number", 60)
        if type_ is not None and number:
            details.identity.CopyFrom(Identity(type=type_, number=number, country=values.code("country")))
    for violation in _VALIDATOR.collect_violations(details):
        field = path.elements[0].field_name if (path := violation.proto.field) else "full_name"
        column = "name.ar" if field == "full_name" and not values.is_empty("name.ar") else _FIELD.get(field, field)
        values.wrong(column, violation.proto.message, _RIGHT.get(field, ""))
    return details


_BETWEEN_DIGITS: Final = str.maketrans("", "", "()-.")


def same_identity(wanted: Identity, known: Identity) -> bool:
    """Whether both are one document, however its number is written."""
    country = wanted.country.upper() or known.country
    return (wanted.type, _bare(wanted.number), country) == (known.type, _bare(known.number), known.country)


def _bare(number: str) -> str:
    return "".join(sign for sign in plain(number) if sign.isalnum()).upper()
