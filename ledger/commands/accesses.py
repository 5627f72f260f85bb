"""`accesses`: who looked at a person's hours, for that person and for auditors."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from volunteer_hours.v1 import access_service_pb2 as pb
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub

PAGE_SIZE: Final = 1_000

WhoArgument = Annotated[str, typer.Argument(metavar="NAME", help="volunteers/…, or volunteers/- for everybody.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many, the newest.")]


def accesses(
    name: WhoArgument,
    limit: LimitOption = 100,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Who looked at somebody's hours, newest first: when, through which system, in which role, for what."""
    caller = arguments.caller(address, actor, language, data_dir)
    request = pb.ListAccessesRequest(parent=name, page_size=min(limit, PAGE_SIZE))
    found: list[pb.Access] = []
    with connected(caller) as channel:
        while len(found) < limit:
            page = AccessServiceStub(channel).ListAccesses(request, metadata=caller.metadata, timeout=60.0)
            found += page.accesses
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    _print(found[:limit], as_json)


def _print(found: list[pb.Access], as_json: bool) -> None:
    if as_json:
        printing.print_json([MessageToDict(one, preserving_proto_field_name=True) for one in found])
        return
    for access in found:
        persons = f"{access.volunteer_count} persons" if access.volunteer_count != 1 else "1 person"
        what = ", ".join(_range_text(one) for one in access.ranges) or persons
        who = f"{access.client}  {access.actor}  {pb.Role.Name(access.role).removeprefix('ROLE_').lower()}"
        told = [printing.time_text(access.access_time), who, access.purpose or "(no purpose)", access.method, what]
        printing.out.print("  ".join(told), markup=False, highlight=False, soft_wrap=True)


def _range_text(one: pb.PositionRange) -> str:
    return f"positions {one.first_position}–{one.last_position or ''} of {one.partition}"
