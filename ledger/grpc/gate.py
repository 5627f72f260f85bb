"""What every call passes before its method runs, and before its answer leaves.

In order: who calls (door), how much (quotas), whether any of their roles opens the method, whether one of them opens it
for what the request names (the table of permissions); then, once the answer is there, that somebody looked is recorded,
durably, before anybody sees it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ledger.access.access_log import AccessLog, Look
from ledger.access.caller import Caller, Role
from ledger.access.door import Door, NotProven, Proof
from ledger.access.message_paths import texts_at
from ledger.access.permissions import ORDER, PERMISSIONS, Looks
from ledger.access.quotas import Quotas
from ledger.access.rules import Everything, Facts, WithPurpose
from ledger.domain.passing import Passing
from ledger.domain.refusals import InvariantBroken, Kind, Reason, Refusal, refuse
from ledger.grpc.status import Context
from ledger.grpc.tls import peer_certificate
from ledger.grpc.turned_away import tell_turned_away
from ledger.security_events import SecurityEvent

ALIKE_SECONDS: Final = 0.05
"""What is absent and what is forbidden is answered after a multiple of this, counted from the call's beginning."""
_BEARER: Final = "bearer "


class Gate:
    """Of one process. Safe to share between calls."""

    def __init__(self, door: Door, quotas: Quotas, facts: Facts, access_log: AccessLog) -> None:
        self._door = door
        self._quotas = quotas
        self._facts = facts
        self._access_log = access_log

    def guard(self, method: MethodDescriptor) -> MethodGuard:
        """What calls of one method pass. Raises KeyError for a method that has no row in the table."""
        return MethodGuard(method, self._door, self._quotas, self._facts, self._access_log)


class Entered(Passing, frozen=True):
    """A call that was let in."""

    caller: Caller
    proof: Proof
    roles: tuple[Role, ...]
    """Those of the caller's roles that open the method, in the order they are tried."""
    began_at: float


class MethodGuard:
    """The gate for one method; what never changes between calls is worked out once."""

    def __init__(
        self, method: MethodDescriptor, door: Door, quotas: Quotas, facts: Facts, access_log: AccessLog
    ) -> None:
        self.name = f"{method.containing_service.name}/{method.name}"
        self._permission = PERMISSIONS[self.name]
        self._door = door
        self._quotas = quotas
        self._facts = facts
        self._access_log = access_log
        self._roles_named = ", ".join(role.value for role in ORDER if role in self._permission.roles)
        looks = self._permission.looks
        self._looked = None if looks is None else looked_at(looks, method)
        self.replays = looks is not None and looks.everybody

    def enter(self, context: Context, body_bytes: int) -> Entered:
        """Who calls, if any of their roles opens the method, and has not asked too much.

        Refuses UNAUTHENTICATED, QUOTA_EXCEEDED, PERMISSION_DENIED.
        """
        return self.let_in(proof_of(context, certificates=self._door.asks_certificates), body_bytes)

    def let_in(self, proof: Proof, body_bytes: int) -> Entered:
        """As `enter`, for who showed `proof` otherwise than in a call's metadata."""
        began_at = time.monotonic()
        caller = self._door.caller(proof)
        self._quotas.admit(caller.client, body_bytes)
        return Entered(caller, proof, self._roles(caller), began_at)

    def stream(self, entered: Entered) -> AbstractContextManager[None]:
        """While a stream of theirs is open. Refuses QUOTA_EXCEEDED where they have too many."""
        return self._quotas.stream(entered.caller.client)

    def next_message(self, entered: Entered, body_bytes: int) -> Entered:
        """The caller of a further message of a stream. Refuses like `enter`."""
        now = self.again(entered)
        self._quotas.message(now.caller.client, body_bytes)
        return now

    def again(self, entered: Entered) -> Entered:
        """The same caller a while later. Refuses like `enter` where it was revoked, has expired, or lost its role."""
        caller = self._door.caller(entered.proof)
        return Entered(caller, entered.proof, self._roles(caller), entered.began_at)

    async def role_for(self, entered: Entered, request: Message) -> Role:
        """The role in which the caller may do it. Refuses PURPOSE_NEEDED, and NOT_FOUND for what is not theirs."""
        outside = ""
        for role in entered.roles:
            rule = self._permission.roles[role]
            if isinstance(rule, WithPurpose) and entered.caller.purpose not in entered.caller.purposes:
                continue
            found = await rule.outside(request, entered.caller, entered.caller.roles[role], self._facts)
            if found is None:
                return role
            outside = outside or found
        if not outside:
            raise Refusal(Reason.PURPOSE_NEEDED, {"client": f"clients/{entered.caller.client}"})
        raise Refusal(Reason.NOT_FOUND, {"name": outside})

    async def record(self, entered: Entered, role: Role, request: Message, answer: Message | None = None) -> None:
        """That somebody looked, before the answer leaves. Refuses UNAVAILABLE where it cannot be recorded."""
        if self._looked is None:
            return
        caller = entered.caller
        persons, ranges = self._looked(request, answer)
        if persons or ranges:
            positions = {} if answer is None else positions_in(answer)
            look = Look(caller.client, caller.actor, role.value, caller.purpose, self.name, persons, positions, ranges)
            await self._access_log.record(look)

    async def alike(self, entered: Entered, refusal: Exception) -> None:
        """Wait so that absent and forbidden take as long as each other, for whoever is not let to all."""
        if not isinstance(refusal, Refusal) or refusal.reason.kind is not Kind.NOT_FOUND:
            return
        if self._sees_everything(entered):
            return
        passed = time.monotonic() - entered.began_at
        await asyncio.sleep(math.ceil(passed / ALIKE_SECONDS) * ALIKE_SECONDS - passed)

    def tell_turned_away(self, entered: Entered | None, refusal: Refusal) -> None:
        """For the log, where it is about who calls or how much."""
        client = "" if entered is None else entered.caller.client
        sees_everything = entered is not None and self._sees_everything(entered)
        tell_turned_away(
            refusal, self.name, client=client, sees_everything=sees_everything, was_let_in=entered is not None
        )

    def _sees_everything(self, entered: Entered) -> bool:
        return any(isinstance(self._permission.roles[role], Everything) for role in entered.roles)

    def _roles(self, caller: Caller) -> tuple[Role, ...]:
        opening = self._permission.roles
        roles = tuple(role for role in ORDER if role in opening and role in caller.roles)
        if not roles:
            client = f"clients/{caller.client}"
            refuse(
                Reason.PERMISSION_DENIED, actor=caller.actor, method=self.name, client=client, roles=self._roles_named
            )
        return roles


Looked = Callable[[Message, Message | None], tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]]
"""Persons and ranges of positions that a request and its answer tell of."""


def looked_at(looks: Looks, method: MethodDescriptor) -> Looked:
    """Works out whose hours were looked at. Raises InvariantBroken for a path that the messages do not have."""
    if looks.everybody:
        return _ranges
    in_request = texts_at(GetMessageClass(method.input_type), looks.request) if looks.request else _none
    in_answer = texts_at(GetMessageClass(method.output_type), looks.answer) if looks.answer else _none
    linked = texts_at(GetMessageClass(method.output_type), looks.linked) if looks.linked else _none

    def persons(request: Message, answer: Message | None) -> tuple[tuple[str, ...], tuple[()]]:
        names = list(in_request(request))
        if answer is not None:
            names += (*in_answer(answer), *linked(answer))
        return tuple(dict.fromkeys("/".join(name.split("/", 2)[:2]) for name in names if _is_person(name))), ()

    if not looks.everybody_without:
        return persons
    named = texts_at(GetMessageClass(method.input_type), looks.everybody_without)

    def persons_or_ranges(
        request: Message, answer: Message | None
    ) -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
        return persons(request, answer) if any(named(request)) else _range_of_page(answer)

    return persons_or_ranges


def _ranges(request: Message, answer: Message | None) -> tuple[tuple[()], tuple[tuple[int, int, int], ...]]:
    """Of a replay: what was asked for at its opening, then what each page holds."""
    asked = {field.name: value for field, value in request.ListFields()}
    partition = asked.get("partition", 0)
    if answer is None:
        return (), ((partition, asked.get("from_position", 1), asked.get("to_position", 0)),)
    told = {field.name: value for field, value in answer.ListFields()}
    if "position" in told:
        return (), ((partition, told["position"], told["position"]),)
    first, after = told.get("first_position", 0), told.get("next_position", 0)
    return (), ((partition, first, after - 1),) if told.get("events") else ()


def _range_of_page(answer: Message | None) -> tuple[tuple[()], tuple[tuple[int, int, int], ...]]:
    """Of a page of entries of everybody."""
    told = {} if answer is None else {field.name: value for field, value in answer.ListFields()}
    if not told.get("entry_positions"):
        return (), ()
    return (), ((told.get("partition", 0), told["first_position"], told["next_position"] - 1),)


def _none(message: Message) -> Iterator[str]:
    return iter(())


def _is_person(name: str) -> bool:
    """Whether a name is of a person's, and not of a head count, a team or an organisation.

    Raises InvariantBroken for any other.

    An answer that names a person otherwise than by a name of theirs would leave unrecorded.
    """
    if not name.startswith(("volunteers/", "opportunities/", "organizations/", "initiatives/")):
        raise InvariantBroken("whose hours an answer tells is not said by a name of a person, an opportunity or a team")
    return name.startswith("volunteers/") and name != "volunteers/-"  # that is everybody


def positions_in(answer: Message) -> Mapping[int, int]:
    """Partition → position that an answer about hours rests on; empty where it says none."""
    positions = getattr(answer, "positions", ())
    return {one.partition: one.position for one in positions if hasattr(one, "partition")}


def proof_of(context: Context, *, certificates: bool = True) -> Proof:
    """What a caller showed; without `certificates` TLS asks for none.

    Refuses UNAUTHENTICATED for a header that says two things.
    """
    token: str | None = None
    purpose = ""
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            if token is not None or not isinstance(value, str) or not value.lower().startswith(_BEARER):
                raise NotProven("send one header `authorization: Bearer …`", kind=SecurityEvent.TOKEN_REFUSED)
            token = value[len(_BEARER) :].strip()
        elif key == "x-purpose" and isinstance(value, str):
            purpose = value
    return Proof(peer_certificate(context.auth_context()) if certificates else None, token, purpose)
