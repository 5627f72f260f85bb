"""`keys` for statements: what the issuer publishes, a new key, the revocation of one.

They sign statements (docs/statements.md). The issuer of access tokens is another one (`keys --new-issuer`).
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Final

import typer

from ledger.commands.connection import CommandFailed
from ledger.commands.places import is_embedded, settings_at_rest
from ledger.credentials.issuer_key_file import FileIssuerKeys, KeyFileUnusable, add_key, create, revoke_key
from ledger.credentials.issuer_keys import write_issuer_document
from ledger.postgres_place import default_data_dir
from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import Malformed

DAY_SECONDS: Final = 86_400


def issuer_document(data_dir: Path | None) -> str:
    """What `/.well-known/jwt-vc-issuer` answers. Raises WrongSetting, CommandFailed."""
    path, issuer = _place(data_dir)
    try:
        published = FileIssuerKeys(path, issuer).published()
    except Malformed as wrong:
        raise WrongSetting(f"LEDGER_STATEMENT_ISSUER: {wrong}") from wrong
    except KeyFileUnusable as wrong:
        raise CommandFailed(str(wrong)) from wrong
    return write_issuer_document(published).decode("ascii")


def new_statement_key(data_dir: Path | None, overlap_days: int) -> str:
    """The kid of a new key, which signs from now on; the file is begun where there is none.

    Raises WrongSetting, CommandFailed.
    """
    path, _ = _place(data_dir)
    try:
        if not path.exists():
            create(path)
        return add_key(path, int(time.time()), overlap_days * DAY_SECONDS)
    except KeyFileUnusable as wrong:
        raise CommandFailed(str(wrong)) from wrong


def revoke_statement_key(data_dir: Path | None, kid: str, at: str | None) -> None:
    """Say that a key may have been in wrong hands since a moment, else since now.

    Raises WrongSetting, CommandFailed, typer.BadParameter.
    """
    since = int(time.time()) if at is None else _unix_seconds(at)
    path, _ = _place(data_dir)
    try:
        revoke_key(path, kid, since)
    except KeyFileUnusable as wrong:
        raise CommandFailed(str(wrong)) from wrong


def _place(data_dir: Path | None) -> tuple[Path, str]:
    """The file of the keys, and the issuer: those that are set, else those of the embedded ledger there."""
    settings = Settings()
    if data_dir is None and settings.statement_keys:
        return Path(settings.statement_keys), settings.statement_issuer
    if not is_embedded(data_dir):
        raise WrongSetting("LEDGER_STATEMENT_KEYS is not set; it names the file of the keys that sign statements")
    from ledger.embedded_ledger import LOCAL_STATEMENT_ISSUER, STATEMENT_KEY_FILE

    settings_at_rest(data_dir)  # raises where no ledger is
    folder = (data_dir or default_data_dir()).absolute()
    return folder / STATEMENT_KEY_FILE, settings.statement_issuer or LOCAL_STATEMENT_ISSUER


def _unix_seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.timestamp() < 0:
        raise typer.BadParameter(f"{text!r} is no moment; write a date, time and zone such as 2026-06-17T23:38:46Z")
    return int(moment.timestamp())
