"""`import opportunities`: a partner's CSV file, every row checked before any is sent. Again: nothing changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import grpc
import typer

from ledger.commands import arguments, feed_printing, printing
from ledger.commands.connection import Caller, CommandFailed, connected_async, explain
from ledger.commands.given_files import read_at_most
from ledger.feeds.guessing import guessed_mapping
from ledger.feeds.importing import FeedImport, FileChanged, Outcome, Wishes
from ledger.feeds.mapping import MAPPING_BYTES_MAX, Mapping, MappingWrong, check_header, parse_mapping
from ledger.feeds.reading import FeedFile, FeedUnreadable
from ledger.feeds.sending import FeedService

IMPORTER = "staff/importer"

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The partner's CSV file.", dir_okay=False)]
MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", help="TOML: which column means what (docs/opportunity-feed.md).", show_default=False),
]
OrganizationOption = Annotated[
    str | None,
    typer.Option("--organization", help="Who offers them: organizations/… or initiatives/….", show_default=False),
]
GuessOption = Annotated[bool, typer.Option("--guess", help="Print a mapping guessed from the file, and end.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read, check and compare everything; send nothing.")]
ContinueOption = Annotated[
    bool, typer.Option("--continue-on-error", help="Send the rows that are right, though others are wrong.")
]
CloseMissingOption = Annotated[
    bool, typer.Option("--close-missing", help="Close what earlier files had and this one has no more.")
]
CloseManyOption = Annotated[bool, typer.Option("--close-many", help="Even if that is more than half of all.")]


def import_opportunities(
    file: FileArgument,
    organization: OrganizationOption = None,
    mapping: MappingOption = None,
    guess: GuessOption = False,
    dry_run: DryRunOption = False,
    continue_on_error: ContinueOption = False,
    close_missing: CloseMissingOption = False,
    close_many: CloseManyOption = False,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = IMPORTER,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Publish, change and close a partner's opportunities as its CSV file has them; the same file again: no change."""
    if guess:
        print(_guessed(file), end="")
        return
    if mapping is None or organization is None:
        raise typer.BadParameter("give --mapping and --organization; --guess prints a mapping to begin with")
    wishes = Wishes(organization, dry_run, continue_on_error, close_missing, close_many)
    told = feed_printing.JsonRows() if as_json else feed_printing.PrintedRows(all_rows=dry_run)
    caller = arguments.caller(address, actor, language, data_dir)
    outcome = _import(caller, file, _read_mapping(mapping), wishes, told)
    told.end(outcome)
    refused = outcome.counts["refused"]
    if refused:
        raise CommandFailed(f"{refused:,} refused" + ("" if outcome.sent else "; nothing was sent"))
    if outcome.not_closed:
        raise CommandFailed(f"nothing that is missing was closed: {outcome.not_closed}")


def _import(caller: Caller, file: Path, mapping: Mapping, wishes: Wishes, told: feed_printing.ToldRows) -> Outcome:
    with _opened(file, mapping) as feed:
        try:
            check_header(mapping, feed.header)
        except MappingWrong as wrong:
            raise typer.BadParameter(str(wrong)) from wrong
        return asyncio.run(_send(caller, feed, file, mapping, wishes, told))


async def _send(
    caller: Caller, feed: FeedFile, file: Path, mapping: Mapping, wishes: Wishes, told: feed_printing.ToldRows
) -> Outcome:
    passes = 1 if wishes.dry_run or wishes.continue_on_error else 2
    with printing.progress() as bar:
        task = bar.add_task(f"{file.name}, bytes", total=feed.size_bytes * passes)
        async with connected_async(caller) as channel:
            feed_import = FeedImport(
                FeedService(channel, caller.metadata),
                feed,
                mapping,
                wishes,
                tell=told.tell,
                explain=lambda error: _in_words(error, caller),
                read=lambda count: bar.advance(task, count),
            )
            try:
                return await feed_import.run()
            except FileChanged as changed:
                raise CommandFailed(f"{file}: {changed}; nothing more was sent") from changed


def _in_words(error: grpc.aio.AioRpcError, caller: Caller) -> str:
    return " ".join(explain(error, caller).split())


def _opened(file: Path, mapping: Mapping) -> FeedFile:
    try:
        return FeedFile(file, mapping.encoding, mapping.delimiter)
    except (OSError, FeedUnreadable) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error


def _read_mapping(path: Path) -> Mapping:
    text = read_at_most(path, MAPPING_BYTES_MAX)
    if len(text) > MAPPING_BYTES_MAX:
        raise typer.BadParameter(f"{path} is longer than {MAPPING_BYTES_MAX:,} bytes")
    try:
        return parse_mapping(text)
    except MappingWrong as wrong:
        raise typer.BadParameter(f"{path}: {wrong}") from wrong


def _guessed(file: Path) -> str:
    try:
        return guessed_mapping(file)
    except (OSError, FeedUnreadable) as error:
        raise CommandFailed(f"{file} cannot be read: {error}") from error
