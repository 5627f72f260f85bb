"""`export`: all logs of a served ledger as a folder of files, for an auditor who trusts nobody's database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import CommandFailed
from ledger.commands.key_options import KeyOption, WitnessesOption, WitnessOption, trusted_keys
from ledger.commands.places import is_embedded, settings_at_rest
from ledger.domain.ledger_kind import ACCESS_PATH, LedgerKind
from ledger.settings import WrongSetting
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.line_grammar import base64_text

DirArgument = Annotated[
    Path, typer.Argument(help="Where to: an empty folder, or an export to be continued.", show_default=False)
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Where the ledger serves its pages, such as https://hours.example.", show_default=False),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token", envvar="LEDGER_AUDITOR_TOKEN", help="The auditors' bearer token, for entries.", show_default=False
    ),
]


def export(
    directory: DirArgument,
    url: UrlOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
    witness: WitnessOption = None,
    witnesses: WitnessesOption = 0,
    ledger: arguments.LedgerOption = LedgerKind.HOURS,
    data_dir: arguments.DataDirOption = None,
    as_json: arguments.JsonOption = False,
) -> None:
    """Fetch every event, with the notes that sign for them, into DIR. Run again it goes on, also from an older export.

    An embedded ledger served here on the default port is found by itself, with its token.
    """
    from ledger.auditing.progress import Progress
    from ledger.exporting.export import export as write_export
    from ledger.exporting.log_client import LogClient
    from ledger.exporting.log_export import ExportRefused
    from ledger.exporting.log_source import LogAway, LogRefused

    trusted = trusted_keys(key, witness, witnesses)
    address, bearer = _address_and_token(url, token, data_dir)
    client = LogClient(address.rstrip("/") + (ACCESS_PATH if ledger is LedgerKind.ACCESS else ""), bearer)
    try:
        with Progress() as progress:
            manifest = write_export(directory, client, trusted, progress)
    except (ExportRefused, LogAway, LogRefused, TransparencyFailure) as failed:
        raise CommandFailed(f"{failed}\nNothing is lost: run it again to go on") from failed
    except OSError as error:
        raise CommandFailed(f"{directory} could not be written: {error}; run it again to go on") from error
    if as_json:
        printing.print_json({"folder": str(directory), **manifest.plain()})
        return
    for log in manifest.logs:
        print(f"partition {log.partition}: positions 1..{log.size}, root {base64_text(log.root)}")
    if not trusted.given:
        printing.remarks.print("signatures were not checked: give the log's verifier keys with --key")


def _address_and_token(url: str | None, token: str | None, data_dir: Path | None) -> tuple[str, str]:
    """Those that were given, else those of an embedded ledger here. Raises WrongSetting where one is not known."""
    if data_dir is None and (url or not is_embedded(data_dir)):
        if not url:
            raise WrongSetting("say with --url where the ledger's pages are served, such as https://hours.example")
        return url, token or ""
    settings = settings_at_rest(data_dir)
    return url or f"http://{settings.http_address}", token or settings.auditor_token.get_secret_value()
