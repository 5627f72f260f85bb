"""`import volunteers|registrations|attendances|hours|verifications`: spreadsheets, checked whole and then sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import Progress

from ledger.bulk.asking import Questions
from ledger.bulk.attendances import Attendances
from ledger.bulk.importing import BulkImport, Outcome, Wishes
from ledger.bulk.kind import Import, Kind
from ledger.bulk.older_hours import OlderHours
from ledger.bulk.refusals import Words
from ledger.bulk.registrations import Registrations
from ledger.bulk.seen_rows import SeenRows
from ledger.bulk.sending import Commands
from ledger.bulk.verifications import Verifications
from ledger.bulk.volunteers import Volunteers
from ledger.commands import arguments, printing, sheet_printing
from ledger.commands.connection import Caller, CommandFailed, connected_async, explain_status
from ledger.commands.given_files import read_at_most
from ledger.sheets.mapping import MAPPING_BYTES_MAX, MappingWrong, SheetMapping, fitted, parse_mapping
from ledger.sheets.table import FileUnreadable, Table, open_table

IMPORTER: Final = "staff/importer"
SAVED: Final = "saved"
KINDS: Final[Mapping[str, Callable[[Import], Kind]]] = {
    "volunteers": Volunteers,
    "registrations": Registrations,
    "attendances": Attendances,
    "hours": OlderHours,
    "verifications": Verifications,
}
HELP: Final = {
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
GuessOption = Annotated[bool, typer.Option("--guess", help="Print a mapping guessed from the file, and end.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read, check and compare everything; send nothing.")]
ContinueOption = Annotated[
    bool, typer.Option("--continue-on-error", help="Send the rows that are right, though others are wrong.")
]


def add_commands(application: typer.Typer) -> None:
    """`import <kind>` for each kind."""
    for kind, help_ in HELP.items():
        application.command(kind, help=help_)(_command(kind))


def _command(kind: str) -> Callable[..., None]:
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
        if mapping is None:
            raise typer.BadParameter("give --mapping; --guess prints one to begin with")
        told = sheet_printing.JsonRows() if as_json else sheet_printing.PrintedRows(all_rows=dry_run)
        caller = arguments.caller(address, actor, language, data_dir)
        outcome = _import(caller, file, _read_mapping(kind, mapping), Wishes(dry_run, continue_on_error), told)
        refused = outcome.counts["refused"]
        if refused:
            raise CommandFailed(f"{refused:,} refused" + ("" if outcome.sent else "; nothing was sent"))

    return import_sheet


def _import(
    caller: Caller, file: Path, mapping: SheetMapping, wishes: Wishes, told: sheet_printing.ToldRows
) -> Outcome:
    try:
        with open_table(file, mapping.sheet) as table:
            try:
                suited = fitted(mapping, table.header)
            except MappingWrong as wrong:
                raise typer.BadParameter(str(wrong)) from wrong
            file_time = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
            outcome = asyncio.run(_send(caller, file_time, table, suited, wishes, told))
            told.end(outcome, table.notes())
            return outcome
    except (OSError, FileUnreadable) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error


async def _send(
    caller: Caller,
    file_time: datetime,
    table: Table,
    mapping: SheetMapping,
    wishes: Wishes,
    told: sheet_printing.ToldRows,
) -> Outcome:
    with printing.progress() as bar, SeenRows() as seen:
        async with connected_async(caller) as channel:
            questions, commands = Questions(channel, caller.metadata), Commands(channel, caller.metadata)
            shared = Import(mapping, file_time, questions, commands, seen, _words(caller))
            bulk_import = BulkImport(
                KINDS[mapping.kind](shared),
                table,
                wishes,
                tell=told.tell,
                checked=_checking(bar, table),
                sent=_sending(bar),
            )
            outcome = await bulk_import.run()
            outcome.positions = commands.positions
            return outcome


def _checking(bar: Progress, table: Table) -> Callable[[int], None]:
    task = bar.add_task("checked, bytes", total=table.size_bytes)
    return lambda _: bar.update(task, completed=table.bytes_read)


def _sending(bar: Progress) -> Callable[[int, int], None]:
    task = bar.add_task("sent, rows", total=None, visible=False)

    def sent(rows: int, of: int) -> None:
        bar.update(task, advance=rows, total=of, visible=True)

    return sent


def _words(caller: Caller) -> Words:
    return lambda status: " ".join(explain_status(status, caller.language).split())


def _read_mapping(kind: str, named: str) -> SheetMapping:
    path = Path(named)
    text = read_at_most(path, MAPPING_BYTES_MAX)
    if len(text) > MAPPING_BYTES_MAX:
        raise typer.BadParameter(f"{path} is longer than {MAPPING_BYTES_MAX:,} bytes")
    try:
        mapping = parse_mapping(text)
    except MappingWrong as wrong:
        raise typer.BadParameter(f"{path}: {wrong}") from wrong
    if mapping.kind != kind:
        raise typer.BadParameter(f"{path} is for {mapping.kind}; this is import {kind}")
    return mapping
