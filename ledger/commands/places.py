"""Which ledger a command works on: the one the settings name, or an embedded one in a data folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ledger.access_ledger.access_settings import settings_of_kind
from ledger.commands.connection import CommandFailed
from ledger.domain.ledger_kind import ACCESS_ENDING, LedgerKind, kind_of_ledger
from ledger.folder_lock import FolderInUse
from ledger.postgres_place import default_data_dir, server_user, socket_folder
from ledger.settings import Settings, WrongSetting


def is_embedded(data_dir: Path | None) -> bool:
    """Whether `settings_of` means an embedded ledger."""
    return data_dir is not None or not Settings().database


@contextmanager
def settings_of(data_dir: Path | None, kind: LedgerKind = LedgerKind.HOURS) -> Iterator[Settings]:
    """The settings of the ledger to work on; of kind `access` those of the ledger of accesses to it.

    With a data folder, or where no LEDGER_DATABASE is set: the embedded ledger there. If it is being served now, its
    database is used as it runs; else it is started for this command and stopped after it.

    Raises CommandFailed, also for what goes wrong while the caller works on it: a server away, or no sound history.
    """
    with _faults_in_words(), _chosen(data_dir) as settings:
        yield settings_of_kind(settings, kind)


@contextmanager
def _faults_in_words() -> Iterator[None]:
    from kafka.errors import KafkaError
    from psycopg import Error as PostgresError

    from ledger.projections.positions import ForkDetected, Hole

    try:
        yield
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
    folder = _ledger_folder(data_dir)
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


@contextmanager
def settings_to_restore(
    data_dir: Path | None, ledger_id: str, partitions: int, kind: LedgerKind = LedgerKind.HOURS
) -> Iterator[Settings]:
    """The settings of a ledger whose event store is to be filled.

    With a data folder: an embedded ledger that is begun there, or that such a filling has begun before; it takes its id
    and its number of partitions from what it is filled with. Raises as `settings_of` does.
    """
    from ledger.embedded_ledger import EmbeddedLedger

    if kind_of_ledger(ledger_id) is not kind:
        raise WrongSetting(f"{ledger_id} is no ledger of kind {kind}: say --ledger {kind_of_ledger(ledger_id)}")
    settings = Settings()
    with _faults_in_words():
        if not is_embedded(data_dir):
            yield settings_of_kind(settings, kind)
            return
        folder = (data_dir or default_data_dir()).absolute()
        if kind is LedgerKind.ACCESS:
            its_own = {"ledger_id": ledger_id.removesuffix(ACCESS_ENDING), "access_partitions": partitions}
        else:
            its_own = {"ledger_id": ledger_id, "partitions": partitions}
        ledger = EmbeddedLedger(folder, settings.model_copy(update=its_own))
        try:
            yield settings_of_kind(ledger.start(opening=False), kind)
        finally:
            ledger.stop()


def settings_at_rest(data_dir: Path | None) -> Settings:
    """The settings of the same ledger, its secrets and its keys' folder too, but no database is started or asked.

    Raises CommandFailed for a folder without a ledger.
    """
    settings = Settings()
    if not is_embedded(data_dir):
        return settings
    folder = _ledger_folder(data_dir)
    return Settings.model_validate({**settings.model_dump(), **_kept_in(folder)})


def _ledger_folder(data_dir: Path | None) -> Path:
    folder = (data_dir or default_data_dir()).absolute()
    if not (folder / "secrets.json").is_file():
        raise CommandFailed(f"{folder} holds no ledger; set LEDGER_DATABASE, or name a ledger's folder with --data-dir")
    return folder


def _kept_in(folder: Path) -> dict[str, str]:
    from ledger.embedded_ledger import ACCESS_SIGNER_FOLDER, MASTER_KEY_FILE, SIGNER_FOLDER

    secrets: dict[str, str] = json.loads((folder / "secrets.json").read_text("utf-8"))
    return {
        **secrets,
        "master_key": "",
        "master_key_file": str(folder / MASTER_KEY_FILE),
        "signer_folder": str(folder / SIGNER_FOLDER),
        "access_signer_folder": str(folder / ACCESS_SIGNER_FOLDER),
    }


def _while_served(folder: Path, settings: Settings) -> Settings:
    from ledger.embedded_ledger import database_urls
    from ledger.embedded_postgres import EmbeddedPostgres

    postgres = EmbeddedPostgres(folder)
    socket = socket_folder(postgres.folder, server_user(postgres.folder))
    urls = {
        name: url.replace(quote(str(postgres.folder), safe=""), quote(str(socket), safe=""))
        for name, url in database_urls(postgres).items()
    }
    return Settings.model_validate({**settings.model_dump(), **urls, **_kept_in(folder)})
