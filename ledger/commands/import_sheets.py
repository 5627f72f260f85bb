"""`import volunteers|registrations|attendances|hours|verifications`: spreadsheets, checked whole and then sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.commands import arguments
from ledger.commands.connection import CommandFailed
from ledger.sheets.fields import Kind

IMPORTER: Final = "staff/importer"
HELP: Final[Mapping[Kind, str]] = {
    "volunteers": "Register persons, and change what differs; the same file again: no change.",
    "registrations": "Take places at shifts, and give back what the file has withdrawn.",
    "attendances": "Record who was at shifts that the ledger has, and correct times that differ.",
    "hours": "Take over an older system's hours: opportunities and shifts are made, each row is recorded once.",
    "verifications": "Verify hours that a file confirms, as a verifier: --actor, and not who submitted them.",
}

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", dir_okay=False)]
MappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="TOML: which column means what (docs/spreadsheets.md); `saved` for what `save` wrote.",
        show_default=False,
    ),
]
GuessOption = Annotated[
    bool, typer.Option("--guess", help="Print a mapping guessed from the file, asking what only you know, and end.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read, check and compare everything; send nothing.")]
ContinueOption = Annotated[
    bool, typer.Option("--continue-on-error", help="Send the rows that are right, though others are wrong.")
]


def add_commands(application: typer.Typer) -> None:
    """`import <kind>` for each kind."""
    for kind, help_ in HELP.items():
        application.command(kind, help=help_)(_command(kind))


def _command(kind: Kind) -> Callable[..., None]:
    def import_sheet(
        file: FileArgument,
        mapping: MappingOption = None,
        guess: GuessOption = False,
        dry_run: DryRunOption = False,
        continue_on_error: ContinueOption = False,
        as_json: arguments.JsonOption = False,
        address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
        actor: arguments.ActorOption = IMPORTER,
        data_dir: arguments.IssuerDirOption = None,
        language: arguments.LanguageOption = None,
    ) -> None:
        # Here: to load what checks details of persons and reads workbooks would slow every other command.
        from ledger.bulk.importing import Wishes
        from ledger.bulk.saved import NAMED
        from ledger.commands import sheet_import

        if guess:
            print(sheet_import.guessed(file, kind, asks=sys.stdin.isatty()), end="")
            return
        if mapping is None:
            raise typer.BadParameter("give --mapping; --guess prints one to begin with")
        caller = arguments.caller(address, actor, language, data_dir)
        wishes = Wishes(dry_run, continue_on_error)
        by = sheet_import.read_mapping(kind, mapping)
        is_saved = mapping == NAMED
        outcome = sheet_import.import_sheet(caller, file, by, wishes, as_json=as_json, is_saved=is_saved)
        refused = outcome.counts["refused"]
        if refused:
            raise CommandFailed(f"{refused:,} refused" + ("" if outcome.sent else "; nothing was sent"))

    return import_sheet
