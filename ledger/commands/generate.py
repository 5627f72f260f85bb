"""`generate`: synthetic people and scale, over gRPC. The same seed sends the same requests; again changes nothing."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, connected_async
from ledger.generator.synthetic_plan import organizations
from ledger.generator.synthetic_send import Generation, Made
from ledger.patient_client import all_of

ORGANIZATIONS_AT_ONCE = 4
GENERATOR = "staff/synthetic-generator"

VolunteersOption = Annotated[int, typer.Option("--volunteers", min=1, max=10_000_000, help="How many people.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=10**9, help="The same seed makes the same.")]


def generate(
    volunteers: VolunteersOption = 1000,
    seed: SeedOption = 1,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = GENERATOR,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Make synthetic organisations, people, shifts and hours. Everything says that it is synthetic."""
    made = asyncio.run(_send(arguments.caller(address, actor, language, data_dir), volunteers, seed))
    if as_json:
        positions = printing.positions_json(made.position_messages())
        printing.print_json({"made": dict(made.counts), "refused": dict(made.refused), "positions": positions})
        return
    for what, count in made.counts.items():
        printing.out.print(f"{count:>12,} {what.replace('_', ' ')}")
    for reason, count in made.refused.items():
        printing.out.print(f"{count:>12,} refused: {reason}")
    printing.out.print(f"all synthetic; positions: {printing.positions_text(made.position_messages())}")


async def _send(caller: Caller, volunteers: int, seed: int) -> Made:
    with printing.progress() as bar:
        task = bar.add_task("synthetic volunteers", total=volunteers)
        async with connected_async(caller) as channel:
            generation = Generation(channel, caller.metadata, lambda actor: caller.acting_as(actor).metadata)
            made = organizations(volunteers, seed)
            while together := list(islice(made, ORGANIZATIONS_AT_ONCE)):
                await all_of(generation.send(organization) for organization in together)
                bar.advance(task, sum(len(organization.volunteers) for organization in together))
    return generation.made
