"""`import`: another system's history, a partner's file or a spreadsheet, sent as commands. Again: nothing changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ledger.commands import arguments, import_sheets, printing
from ledger.commands.connection import Caller, CommandFailed, connected_async
from ledger.commands.import_opportunities import import_opportunities
from ledger.importing.leeds2023_history import HistoryUnreadable, Revision, plan, read_rows
from ledger.importing.leeds2023_import import LeedsImport, Outcome

IMPORTER = "staff/importer"

application = typer.Typer(no_args_is_help=True, help="Import files of other systems over gRPC.")
application.command("opportunities")(import_opportunities)
import_sheets.add_commands(application)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder with revisions.csv.")]


@application.callback()
def systems() -> None:
    """Import files of other systems over gRPC; imported twice, nothing changes."""


@application.command()
def leeds2023(
    folder: FolderArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = IMPORTER,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Replay the real history of LEEDS 2023: inserts, corrections, withdrawals, in the order they became known."""
    outcome = import_leeds2023(arguments.caller(address, actor, language, data_dir), folder)
    if as_json:
        printing.print_json(outcome_json(outcome))
    else:
        print_outcome(outcome)


def import_leeds2023(caller: Caller, folder: Path) -> Outcome:
    """Send the whole history. Raises CommandFailed."""
    try:
        revisions = plan(read_rows(folder))
    except HistoryUnreadable as unreadable:
        raise CommandFailed(str(unreadable)) from unreadable
    return asyncio.run(_send(caller, revisions))


async def _send(caller: Caller, revisions: list[Revision]) -> Outcome:
    steps = sum(1 for revision in revisions for _ in revision.steps())
    with printing.progress() as bar:
        task = bar.add_task("importing LEEDS 2023", total=steps)
        async with connected_async(caller) as channel:
            return await LeedsImport(channel, caller.metadata).run(revisions, lambda n: bar.advance(task, n))


_NAMES = {
    "CountHeads": "inserted",
    "CorrectCount": "corrected",
    "WithdrawCount": "withdrawn",
    "ChangeEventType": "event_types_changed",
    "ChangePlaces": "places_changed",
    "PublishOpportunity": "opportunities",
    "OpenShift": "shifts",
    "RegisterOrganization": "organizations",
}


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """Counts of what was new, of what was known already, and the positions to ask with."""
    counts = {name: outcome.recorded[kind] for kind, name in _NAMES.items()}
    positions = printing.positions_json(outcome.position_messages())
    return {**counts, "already_known": outcome.already_known, "positions": positions}


def print_outcome(outcome: Outcome) -> None:
    """The same for people."""
    counts = ", ".join(f"{outcome.recorded[kind]:,} {name.replace('_', ' ')}" for kind, name in _NAMES.items())
    printing.out.print(f"recorded: {counts}")
    printing.out.print(f"already known: {outcome.already_known:,}")
    printing.out.print(f"positions: {printing.positions_text(outcome.position_messages())}")
