"""AccessService: which systems may call, and who looked at whose hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.access.caller import Role
from ledger.access.grants import Grants
from ledger.access_ledger.questions import AccessQuestions
from ledger.batch import CommandResult
from ledger.domain.client import Client, ClientTerms, RegisterClient, RevokeClient, RoleName, UpdateClient
from ledger.domain.refusals import Reason, refuse
from ledger.grpc.commands import Commands, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.values import moment, positions_of, timestamp
from volunteer_hours.v1 import access_service_pb2 as pb

ROLE_NAMES: Final[Mapping[pb.Role.ValueType, RoleName]] = {
    pb.ROLE_ADMINISTRATOR: "administrator",
    pb.ROLE_COORDINATOR: "coordinator",
    pb.ROLE_VERIFIER: "verifier",
    pb.ROLE_VOLUNTEER: "volunteer",
    pb.ROLE_GOVERNMENT_READER: "government_reader",
    pb.ROLE_AUDITOR: "auditor",
    pb.ROLE_EMPLOYER: "employer",
}
ROLES: Final[Mapping[str, pb.Role.ValueType]] = {name: number for number, name in ROLE_NAMES.items()}
_SEE_ALL: Final = (Role.ADMINISTRATOR, Role.AUDITOR)
"""Who sees of an access all persons that it names; anybody else sees themself."""
PAGE_SIZE: Final = 100
PAGE_SIZE_MAX: Final = 1_000


class AccessService:
    """Writes clients, and reads them from the event store. All methods raise Refusal."""

    def __init__(self, commands: Commands, grants: Grants, accesses: AccessQuestions) -> None:
        self._commands = commands
        self._grants = grants
        self._accesses = accesses

    async def RegisterClient(self, request: pb.RegisterClientRequest, call: Call) -> pb.Client:
        command = RegisterClient(f"clients/{request.client_id}", _terms(request.terms))
        return await self._written(await self._commands.execute(call, request, command))

    async def UpdateClient(self, request: pb.UpdateClientRequest, call: Call) -> pb.Client:
        command = UpdateClient(request.name, _terms(request.terms))
        return await self._written(await self._commands.execute(call, request, command))

    async def RevokeClient(self, request: pb.RevokeClientRequest, call: Call) -> pb.Client:
        command = RevokeClient(request.name, request.revoked_for)
        return await self._written(await self._commands.execute(call, request, command))

    async def GetClient(self, request: pb.GetClientRequest, call: Call) -> pb.Client:
        await self._grants.look()
        known = self._grants.client(request.name.removeprefix("clients/"))
        if known is None:
            refuse(Reason.NOT_FOUND, name=request.name)
        return client_message(known)

    async def ListClients(self, request: pb.ListClientsRequest, call: Call) -> pb.ListClientsResponse:
        """Pages are cut by name, so a token is the last name of the page before."""
        await self._grants.look()
        size = min(request.page_size or PAGE_SIZE, PAGE_SIZE_MAX)
        behind = [known for known in self._grants.clients() if known.name > request.page_token]
        page = behind[:size]
        token = page[-1].name if len(behind) > size else ""
        return pb.ListClientsResponse(clients=map(client_message, page), next_page_token=token)

    async def ListAccesses(self, request: pb.ListAccessesRequest, call: Call) -> pb.ListAccessesResponse:
        sees_all = not call.caller.roles.keys().isdisjoint(_SEE_ALL)
        only_volunteer = None if sees_all else request.parent
        return await self._accesses.list_accesses(request, only_volunteer, call.seconds_left)

    async def _written(self, result: CommandResult) -> pb.Client:
        await self._grants.look()  # in this process it holds at once, in others within seconds
        message = client_message(state_after(result, Client))
        message.positions.extend(positions_of(result))
        return message


def client_message(known: Client) -> pb.Client:
    """A client as callers see it."""
    terms = known.terms
    message = pb.Client(
        name=known.name,
        terms=pb.ClientTerms(
            system_name=terms.system_name,
            certificates=terms.certificates,
            own_roles=[ROLES[name] for name in terms.own_roles],
            delegated_roles=[ROLES[name] for name in terms.delegated_roles],
            organizations=terms.organizations,
            purposes=terms.purposes,
        ),
        state=pb.CLIENT_STATE_ACTIVE if known.revoked_for is None else pb.CLIENT_STATE_REVOKED,
        revoked_for=known.revoked_for or "",
        registered_time=timestamp(known.registered_at),
    )
    if terms.until_time is not None:
        message.terms.until_time.CopyFrom(timestamp(terms.until_time))
    return message


def _terms(terms: pb.ClientTerms) -> ClientTerms:
    return ClientTerms(
        system_name=terms.system_name,
        certificates=tuple(terms.certificates),
        own_roles=tuple(ROLE_NAMES[role] for role in terms.own_roles),
        delegated_roles=tuple(ROLE_NAMES[role] for role in terms.delegated_roles),
        organizations=tuple(terms.organizations),
        purposes=tuple(terms.purposes),
        until_time=moment("terms.until_time", terms.until_time) if terms.HasField("until_time") else None,
    )
