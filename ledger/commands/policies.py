"""`policies`: propose a version of a policy from a file, approve one that somebody else proposed, list them all."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Final

import grpc
import typer
from google.protobuf.json_format import MessageToDict, Parse, ParseError

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, connected, is_retryable
from ledger.commands.given_files import read_at_most
from volunteer_hours.v1.policy_service_pb2 import (
    ApprovePolicyRequest,
    GetPolicyRequest,
    ListPoliciesRequest,
    Policy,
    PolicyKind,
    ProposePolicyRequest,
)
from volunteer_hours.v1.policy_service_pb2_grpc import PolicyServiceStub

FILE_BYTES_MAX: Final = 100_000
PAGE_SIZE: Final = 1_000

application = typer.Typer(help="Rules as data: propose them, approve them, list them.", no_args_is_help=True)

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A ProposePolicyRequest as JSON, such as those in examples/policies/.")
]
VersionArgument = Annotated[str, typer.Argument(metavar="NAME", help="policies/…/versions/… .")]


@application.command()
def propose(
    file: FileArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Propose the next version of a policy; it decides nothing before another person approves it."""
    request = read_proposal(file)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        policy = PolicyServiceStub(channel).ProposePolicy(request, metadata=caller.metadata, timeout=60.0)
    _print([policy], as_json=as_json)


@application.command()
def approve(
    name: VersionArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Put a proposed version in force. Whoever proposed it cannot: give another --actor."""
    request = ApprovePolicyRequest(request_id=str(uuid.uuid4()), name=name)
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        stub = PolicyServiceStub(channel)
        policy = stub.ApprovePolicy(request, metadata=caller.metadata, timeout=60.0)
        _wait_until_questions_follow(stub, policy, caller)
    _print([policy], as_json=as_json)


@application.command(name="list")
def list_(
    positions: arguments.PositionsOption = None,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """All policies with all their versions."""
    request = ListPoliciesRequest(page_size=PAGE_SIZE, positions=arguments.parse_positions(positions))
    caller = arguments.caller(address, actor, language, data_dir)
    listed: list[Policy] = []
    with connected(caller) as channel:
        stub = PolicyServiceStub(channel)
        while True:
            page = stub.ListPolicies(request, metadata=caller.metadata, timeout=60.0)
            listed += page.policies
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    _print(listed, as_json=as_json)


def _wait_until_questions_follow(stub: PolicyServiceStub, policy: Policy, caller: Caller) -> None:
    """The next question goes by the new rules: questions are answered from projections, which follow in a moment."""
    request = GetPolicyRequest(name=policy.name, positions=policy.positions)
    try:
        stub.GetPolicy(request, metadata=caller.metadata, timeout=60.0)
    except grpc.RpcError as error:
        if not is_retryable(error):
            raise
        printing.remarks.print("approved; questions are answered by the new rules once the projections have followed")


def read_proposal(file: Path) -> ProposePolicyRequest:
    """A proposal from a file, under a new request id where it has none. Raises typer.BadParameter."""
    data = read_at_most(file, FILE_BYTES_MAX)
    if len(data) > FILE_BYTES_MAX:
        raise typer.BadParameter(f"{file} is longer than {FILE_BYTES_MAX:,} bytes: no proposal is")
    try:
        request = Parse(data, ProposePolicyRequest())
    except (ParseError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} is no ProposePolicyRequest as JSON: {error}") from error
    request.request_id = request.request_id or str(uuid.uuid4())
    return request


def _print(listed: list[Policy], *, as_json: bool) -> None:
    if as_json:
        printing.print_json([MessageToDict(policy, preserving_proto_field_name=True) for policy in listed])
        return
    table = printing.plain_table("", "version", "effective", "proposed, approved by")
    for policy in listed:
        kind = PolicyKind.Name(policy.kind).removeprefix("POLICY_KIND_").lower()
        for version in policy.versions:
            who = f"{version.proposed_by}\n{version.approved_by or '–'}"
            table.add_row(f"{version.name}\n{kind}", version.effective_date, who)
    printing.out.print(table)
    for policy in listed:
        if policy.positions:
            printing.out.print(f"positions {printing.positions_text(policy.positions)}", style="dim")
