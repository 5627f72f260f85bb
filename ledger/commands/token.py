"""`token`: lets somebody act on an embedded ledger, by the issuer in its folder."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.access.caller import Role
from ledger.commands import arguments, printing
from ledger.commands.connection import CLIENT, CommandFailed

ActorOption = Annotated[str, typer.Option("--actor", help="Who acts, such as staff/amal or volunteers/3f2.")]
RoleOption = Annotated[
    list[Role] | None,
    typer.Option("--role", help="A role of the authority; may be repeated.", show_default=False),
]
ClientOption = Annotated[str, typer.Option("--client", help="The client through which they act.")]
MinutesOption = Annotated[float, typer.Option("--minutes", help="How long it is valid, a day at most.")]


def token(
    actor: ActorOption,
    role: RoleOption = None,
    client: ClientOption = CLIENT,
    minutes: MinutesOption = 60.0,
    data_dir: arguments.IssuerDirOption = None,
    as_json: arguments.JsonOption = False,
) -> None:
    """An access token of an embedded ledger, for `authorization: Bearer …`. Whoever has it may act as --actor."""
    from ledger.access.local_issuer import LocalIssuer
    from ledger.postgres_place import default_data_dir

    folder = data_dir or default_data_dir()
    issuer = LocalIssuer.in_folder(folder)
    if issuer is None:
        raise CommandFailed(f"{folder} has no issuer of tokens; serve the embedded ledger there once")
    try:
        text = issuer.mint(actor, client, role or (), minutes * 60)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    if as_json:
        printing.print_json({"token": text})
    else:
        print(text)
