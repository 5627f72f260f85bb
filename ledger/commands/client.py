"""`client`: which systems may call: let one in, change what is said of it, let it in no more."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf.json_format import MessageToDict

from ledger.access.caller import Role
from ledger.commands import arguments, printing
from ledger.commands.connection import CommandFailed, connected
from volunteer_hours.v1 import access_service_pb2 as pb
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub

PAGE_SIZE: Final = 1_000

application = typer.Typer(help="Systems that may call: register, update, revoke, list.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Its name for ever, as in `client_id` of its tokens.")]
NameOption = Annotated[str, typer.Option("--system-name", help="What the system is called; readable for ever.")]
CertificateOption = Annotated[
    list[Path] | None,
    typer.Option("--certificate", help="A certificate it may show (PEM); may be repeated.", show_default=False),
]
OwnRoleOption = Annotated[
    list[Role] | None,
    typer.Option("--own-role", help="What it may do itself; may be repeated.", show_default=False),
]
DelegatedRoleOption = Annotated[
    list[Role] | None,
    typer.Option("--role", help="What persons may do through it; may be repeated.", show_default=False),
]
OrganizationOption = Annotated[
    list[str] | None,
    typer.Option("--organization", help="For which it is coordinator or verifier itself.", show_default=False),
]
PurposeOption = Annotated[
    list[str] | None, typer.Option("--purpose", help="For which it may ask about persons.", show_default=False)
]
ReasonOption = Annotated[str, typer.Option("--reason", help="A code, such as key-lost.")]


@application.command()
def register(
    id_: IdArgument,
    system_name: NameOption,
    certificate: CertificateOption = None,
    own_role: OwnRoleOption = None,
    role: DelegatedRoleOption = None,
    organization: OrganizationOption = None,
    purpose: PurposeOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Let a system call: by its certificates, by tokens that name it, or both."""
    terms = _terms(system_name, certificate, own_role, role, organization, purpose)
    request = pb.RegisterClientRequest(request_id=str(uuid.uuid4()), client_id=id_, terms=terms)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        _print([AccessServiceStub(channel).RegisterClient(request, metadata=caller.metadata, timeout=60.0)], as_json)


@application.command()
def update(
    id_: IdArgument,
    system_name: NameOption,
    certificate: CertificateOption = None,
    own_role: OwnRoleOption = None,
    role: DelegatedRoleOption = None,
    organization: OrganizationOption = None,
    purpose: PurposeOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Replace everything that is said of a system. To renew a certificate, name the old one and the new one."""
    terms = _terms(system_name, certificate, own_role, role, organization, purpose)
    request = pb.UpdateClientRequest(request_id=str(uuid.uuid4()), name=f"clients/{id_}", terms=terms)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        _print([AccessServiceStub(channel).UpdateClient(request, metadata=caller.metadata, timeout=60.0)], as_json)


@application.command()
def revoke(
    id_: IdArgument,
    reason: ReasonOption,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Let a system call no more, for good; streams that it has open end within seconds."""
    request = pb.RevokeClientRequest(request_id=str(uuid.uuid4()), name=f"clients/{id_}", revoked_for=reason)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        _print([AccessServiceStub(channel).RevokeClient(request, metadata=caller.metadata, timeout=60.0)], as_json)


@application.command("list")
def list_(
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """All systems that were ever let in, and what they may do."""
    caller = arguments.caller(address, actor, language, data_dir)
    found: list[pb.Client] = []
    request = pb.ListClientsRequest(page_size=PAGE_SIZE)
    with connected(caller) as channel:
        while True:
            page = AccessServiceStub(channel).ListClients(request, metadata=caller.metadata, timeout=60.0)
            found += page.clients
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    _print(found, as_json)


def _terms(
    system_name: str,
    certificates: list[Path] | None,
    own_roles: list[Role] | None,
    roles: list[Role] | None,
    organizations: list[str] | None,
    purposes: list[str] | None,
) -> pb.ClientTerms:
    return pb.ClientTerms(
        system_name=system_name,
        certificates=map(_sha256, certificates or ()),
        own_roles=map(_number, own_roles or ()),
        delegated_roles=map(_number, roles or ()),
        organizations=organizations or (),
        purposes=purposes or (),
    )


def _sha256(file: Path) -> str:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).fingerprint(SHA256()).hex()
    except (OSError, ValueError) as wrong:
        raise CommandFailed(f"{file} is no certificate in PEM: {wrong}") from wrong


def _number(role: Role) -> pb.Role.ValueType:
    return pb.Role.Value(f"ROLE_{role.name}")


def _name(role: pb.Role.ValueType) -> str:
    return pb.Role.Name(role).removeprefix("ROLE_").lower()


def _print(clients: list[pb.Client], as_json: bool) -> None:
    if as_json:
        printing.print_json([MessageToDict(one, preserving_proto_field_name=True) for one in clients])
        return
    for client in clients:
        terms = client.terms
        state = "revoked: " + client.revoked_for if client.state == pb.CLIENT_STATE_REVOKED else "active"
        printing.out.print(f"{client.name}  {terms.system_name}  ({state})", markup=False, soft_wrap=True)
        for label, values in (
            ("itself", map(_name, terms.own_roles)),
            ("persons through it", map(_name, terms.delegated_roles)),
            ("organizations", terms.organizations),
            ("purposes", terms.purposes),
            ("certificates", terms.certificates),
        ):
            if text := ", ".join(values):
                printing.out.print(f"  {label}: {text}", markup=False, highlight=False, soft_wrap=True)
