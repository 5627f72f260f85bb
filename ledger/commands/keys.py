"""`keys`: what others need of this ledger's keys: verifier keys for everybody, the auditors' token for auditors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import CommandFailed
from ledger.commands.places import is_embedded, settings_at_rest
from ledger.log_keeping.signer_folder import VKEYS_SUFFIX
from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import Malformed
from ledger.transparency.verifier_key import parse_vkey

VerifierOption = Annotated[bool, typer.Option("--verifier", help="The verifier keys of the logs, one a line.")]
TokenOption = Annotated[
    bool, typer.Option("--auditor-token", help="The bearer token for entries over HTTP, of an embedded ledger.")
]
OfPartitionOption = Annotated[
    int | None, typer.Option("--partition", min=0, help="Of this partition's log alone.", show_default=False)
]


def keys(
    verifier: VerifierOption = False,
    auditor_token: TokenOption = False,
    partition: OfPartitionOption = None,
    data_dir: arguments.DataDirOption = None,
    as_json: arguments.JsonOption = False,
) -> None:
    """The logs' verifier keys, to be given to everybody, or the auditors' token, to be given to auditors alone."""
    if verifier == auditor_token:
        raise typer.BadParameter("say which keys: --verifier or --auditor-token")
    if auditor_token and not is_embedded(data_dir):
        raise WrongSetting("only an embedded ledger makes its token itself; here it is LEDGER_AUDITOR_TOKEN")
    settings = settings_at_rest(data_dir)
    told = [_token(settings)] if auditor_token else verifier_lines(settings, partition)
    if as_json:
        printing.print_json({"auditor_token": told[0]} if auditor_token else {"verifier_keys": told})
        return
    for line in told:
        print(line)


def verifier_lines(settings: Settings, partition: int | None) -> list[str]:
    """The public lines that the log's keeper wrote beside its keys, partition by partition.

    Raises WrongSetting without a folder, CommandFailed where there are none yet or a line is no verifier key.
    """
    if not settings.signer_folder:
        raise WrongSetting("LEDGER_SIGNER_FOLDER is not set; the log's keeper has its keys there")
    folder = Path(settings.signer_folder)
    if partition is not None:
        return _lines(folder / f"{partition}{VKEYS_SUFFIX}")
    # How many partitions there are stands in the database, which is not asked.
    found = sorted((file for file in folder.glob(f"*{VKEYS_SUFFIX}") if file.stem.isdecimal()), key=_partition)
    if not found:
        raise CommandFailed(f"{folder} holds no verifier keys; has the log's keeper run yet?")
    return [line for file in found for line in _lines(file)]


def _partition(file: Path) -> int:
    return int(file.stem)


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file} is not readable: has the log's keeper run yet? ({error})") from error
    try:
        return [parse_vkey(line).line() for line in lines if line]
    except Malformed as error:
        raise CommandFailed(f"{file} holds something else than verifier keys: {error}") from error


def _token(settings: Settings) -> str:
    token = settings.auditor_token.get_secret_value()
    if not token:
        raise CommandFailed("this ledger has no auditors' token yet; serve it once")
    return token
