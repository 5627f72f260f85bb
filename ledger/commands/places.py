"""Which ledger a command works on: the one the settings name, or an embedded one in a data folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ledger.commands.connection import CommandFailed
from ledger.folder_lock import FolderInUse
from ledger.postgres_place import default_data_dir, server_user, socket_folder
from ledger.settings import Settings


def is_embedded(data_dir: Path | None) -> bool:
    """Whether `settings_of` means an embedded ledger."""
    return data_dir is not None or not Settings().database


@contextmanager
def settings_of(data_dir: Path | None) -> Iterator[Settings]:
    """The settings of the ledger to work on.

    With a data folder, or where no LEDGER_DATABASE is set: the embedded ledger there. If it is being served now, its
    database is used as it runs; else it is started for this command and stopped after it.

    Raises CommandFailed, also for what goes wrong while the caller works on it: a server away, or no sound history.
    """
    from kafka.errors import KafkaError
    from psycopg import Error as PostgresError

    from ledger.projections.positions import ForkDetected, Hole

    try:
        with _chosen(data_dir) as settings:
            yield settings
    except (PostgresError, KafkaError, TimeoutError) as away:
        raise CommandFailed(f"a server did not do what was asked; is it up, and its setting right? {away}") from away
    except (ForkDetected, Hole) as unsound:
        raise CommandFailed(f"{type(unsound).__name__}: {unsound}") from unsound


@contextmanager
def _chosen(data_dir: Path | None) -> Iterator[Settings]:
    from ledger.embedded_ledger import EmbeddedLedger  # here: the clients of a service need no database

    settings = Settings()
    if not is_embedded(data_dir):
        yield settings
        return
    folder = (data_dir or default_data_dir()).absolute()
    if not (folder / "secrets.json").is_file():
        raise CommandFailed(f"{folder} holds no ledger; set LEDGER_DATABASE, or name a ledger's folder with --data-dir")
    ledger = EmbeddedLedger(folder, settings)
    try:
        started = ledger.start()
    except FolderInUse:
        yield _while_served(folder, settings)
        return
    try:
        yield started
    finally:
        ledger.stop()


def _while_served(folder: Path, settings: Settings) -> Settings:
    from ledger.embedded_ledger import SIGNER_FOLDER, database_urls
    from ledger.embedded_postgres import EmbeddedPostgres

    postgres = EmbeddedPostgres(folder)
    socket = socket_folder(postgres.folder, server_user(postgres.folder))
    urls = {
        name: url.replace(quote(str(postgres.folder), safe=""), quote(str(socket), safe=""))
        for name, url in database_urls(postgres).items()
    }
    secrets: dict[str, str] = json.loads((folder / "secrets.json").read_text("utf-8"))
    signer = {"signer_folder": str(folder / SIGNER_FOLDER)}
    return Settings.model_validate({**settings.model_dump(), **urls, **secrets, **signer})
