"""One spreadsheet, imported: opened, read by its mapping, checked and sent, and told row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.progress import Progress

from ledger.bulk.asking import Questions
from ledger.bulk.importing import BulkImport, Outcome, Wishes
from ledger.bulk.kind import Import
from ledger.bulk.kinds import KINDS
from ledger.bulk.refusals import Words
from ledger.bulk.saved import NAMED, SavedTable, mapping_file
from ledger.bulk.seen_rows import SeenRows
from ledger.bulk.sending import Commands
from ledger.commands import printing
from ledger.commands.connection import Caller, CommandFailed, connected_async, explain_status
from ledger.commands.given_files import read_at_most
from ledger.commands.sheet_printing import JsonRows, PrintedRows, ToldRows
from ledger.sheets.asking import ask_on_terminal
from ledger.sheets.fields import Kind
from ledger.sheets.guessing import guessed_mapping
from ledger.sheets.mapping import MAPPING_BYTES_MAX, MappingWrong, SheetMapping, fitted, parse_mapping
from ledger.sheets.recognising import is_workbook
from ledger.sheets.table import FileUnreadable, Table, open_table


def import_sheet(
    caller: Caller, file: Path, mapping: SheetMapping, wishes: Wishes, *, as_json: bool, is_saved: bool
) -> Outcome:
    """All of it. Raises CommandFailed where the file cannot be read, typer.BadParameter where the mapping misfits."""
    told: ToldRows = JsonRows() if as_json else PrintedRows(all_rows=wishes.dry_run)
    try:
        with open_table(file, mapping.sheet) as opened:
            table = SavedTable(opened, mapping.kind, neutralised=not is_workbook(file)) if is_saved else opened
            file_time = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
            outcome = asyncio.run(_send(caller, file_time, table, _suited(mapping, table), wishes, told))
            told.end(outcome, table.notes())
            return outcome
    except (OSError, FileUnreadable) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error


def read_mapping(kind: Kind, named: str) -> SheetMapping:
    """The mapping in a file, or the program's own for what `save` wrote. Raises typer.BadParameter."""
    path = mapping_file(kind) if named == NAMED else Path(named)
    if named == NAMED and not path.exists():
        raise typer.BadParameter(f"`save` writes nothing that is imported as {kind}; name a mapping's file")
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


def guessed(file: Path, kind: Kind, *, asks: bool) -> str:
    """A mapping to begin with. Raises CommandFailed where the file cannot be read."""
    try:
        return guessed_mapping(file, kind, ask_on_terminal if asks else None)
    except (OSError, FileUnreadable) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error


def _suited(mapping: SheetMapping, table: Table) -> SheetMapping:
    try:
        return fitted(mapping, table.header)
    except MappingWrong as wrong:
        raise typer.BadParameter(str(wrong)) from wrong


async def _send(
    caller: Caller, file_time: datetime, table: Table, mapping: SheetMapping, wishes: Wishes, told: ToldRows
) -> Outcome:
    with printing.progress() as bar, SeenRows() as seen:
        async with connected_async(caller) as channel:
            commands = Commands(channel, caller.metadata)
            shared = Import(
                mapping, file_time, Questions(channel, caller.metadata), commands, seen, _words(caller.language)
            )
            kind = KINDS[mapping.kind](shared)
            checked, sent = _checking(bar, table), _sending(bar)
            outcome = await BulkImport(kind, table, wishes, tell=told.tell, checked=checked, sent=sent).run()
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


def _words(language: str) -> Words:
    return lambda status: " ".join(explain_status(status, language).split())
