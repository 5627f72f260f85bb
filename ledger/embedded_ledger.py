"""A whole ledger in one folder: the embedded PostgreSQL with its databases, and the secrets beside it."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from ledger.access.local_issuer import JWKS_FILE, LOCAL_AUDIENCE, LOCAL_CLIENT, LOCAL_ISSUER, LocalIssuer
from ledger.access.master_keys import new_master_key, parsed, put_first
from ledger.access_ledger.access_settings import access_settings
from ledger.answer_keys import AnswerKeys
from ledger.credentials.issuer_key_file import add_key, create
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.lost_master_key import refuse_lost_master_key
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.settings import Settings, WrongSetting

EVENTS_DATABASE: Final = "ledger_events"
KEYS_DATABASE: Final = "ledger_keys"
READ_DATABASE: Final = "ledger_read"
ACCESS_DATABASE: Final = "ledger_access"
SIGNER_FOLDER: Final = "signer"
ACCESS_SIGNER_FOLDER: Final = "signer-access"
MASTER_KEY_FILE: Final = "master.key"
STATEMENT_KEY_FILE: Final = "statement-keys.json"
LOCAL_STATEMENT_ISSUER: Final = "https://volunteer-hours.localhost"
"""Of statements that are only good for trying, where no other is set."""
_SECRETS: Final = ("request_hash_key", "identity_key", "relay_key", "auditor_token", "answer_keys", "pages_key")


class EmbeddedLedger:
    """Starts, migrates and opens the ledger in `data_dir`; the data is there again at the next start."""

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        """`settings` say everything but databases and secrets."""
        self._data_dir = data_dir
        self._settings = settings
        self.postgres = EmbeddedPostgres(data_dir)

    def start(self, *, opening: bool = True) -> Settings:
        """Returns the settings with which every part of this ledger runs.

        Without `opening` an empty store stays empty, to be filled with the events of another one.
        """
        self.postgres.start()
        master_key_file = self._data_dir.absolute() / MASTER_KEY_FILE
        self._need_master_key(master_key_file)
        LocalIssuer.made_in(self._data_dir)
        settings = self._settings.model_copy(
            update={
                **database_urls(self.postgres),
                **self._kept_secrets(),
                **self._local_issuer(),
                "kafka": self._settings.kafka,
                "master_key_file": str(master_key_file),
                "master_key": SecretStr(""),
                "statement_keys": str(self._statement_keys()),
                "statement_issuer": self._settings.statement_issuer or LOCAL_STATEMENT_ISSUER,
                "pages_client": self._settings.pages_client or LOCAL_CLIENT,
                "signer_folder": str(self._data_dir.absolute() / SIGNER_FOLDER),
                "access_signer_folder": str(self._data_dir.absolute() / ACCESS_SIGNER_FOLDER),
            }
        )
        settings = Settings.model_validate(settings.model_dump())
        migrate(settings)
        if opening:
            open_ledger(settings)
            open_ledger(access_settings(settings))
        return settings

    def _statement_keys(self) -> Path:
        """The file of the issuer's keys, with a first one at the first start."""
        file = self._data_dir.absolute() / STATEMENT_KEY_FILE
        if not file.exists():
            create(file)
            add_key(file, int(time.time()))
        return file

    def _need_master_key(self, file: Path) -> None:
        """The one there is, or a new one where nothing is wrapped yet. Raises WrongSetting for a lost one."""
        try:
            known = parsed(file.read_text("utf-8")).keys() if file.exists() else set()
            refuse_lost_master_key(self.postgres.dsn(KEYS_DATABASE), known, str(file))
        except WrongSetting:
            self.postgres.stop()
            raise
        if not file.exists():
            put_first(file, new_master_key())

    def stop(self) -> None:
        """End the server in order."""
        self.postgres.stop()

    def _local_issuer(self) -> dict[str, str]:
        """Tokens of the issuer in the folder are believed, and no others."""
        first_clients = self._settings.first_clients
        return {
            "token_issuer": LOCAL_ISSUER,
            "token_audience": LOCAL_AUDIENCE,
            "token_jwks": str(self._data_dir.absolute() / JWKS_FILE),
            "token_algorithms": "ES256",
            "first_clients": f"{first_clients},{LOCAL_CLIENT}" if first_clients else LOCAL_CLIENT,
        }

    def _kept_secrets(self) -> dict[str, str]:
        """The secrets of this ledger, made at its first start. If they are lost, no request can be recognised again."""
        path = self._data_dir / "secrets.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in _SECRETS if name not in kept]
        if missing:
            kept |= {name: self._fresh_secret(name) for name in missing}
            fresh = path.with_suffix(".new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        return kept

    def _fresh_secret(self, name: str) -> str:
        if name == "answer_keys":
            return AnswerKeys.fresh(self._settings.log_origin).setting()
        return secrets.token_hex(32)


def database_urls(postgres: EmbeddedPostgres) -> dict[str, str]:
    """The URLs of the databases, each under the role that needs it."""
    return {
        "database": postgres.dsn(EVENTS_DATABASE, "ledger_service"),
        "relay_database": postgres.dsn(EVENTS_DATABASE, "ledger_relay"),
        "log_keeper_database": postgres.dsn(EVENTS_DATABASE, "ledger_log_keeper"),
        "owner_database": postgres.dsn(EVENTS_DATABASE),
        "keys_database": postgres.dsn(KEYS_DATABASE, "ledger_service"),
        "owner_keys_database": postgres.dsn(KEYS_DATABASE),
        "read_database": postgres.dsn(READ_DATABASE, "ledger_reader"),
        "projector_database": postgres.dsn(READ_DATABASE, "ledger_projector"),
        "owner_read_database": postgres.dsn(READ_DATABASE),
        "access_database": postgres.dsn(ACCESS_DATABASE, "ledger_service"),
        "access_relay_database": postgres.dsn(ACCESS_DATABASE, "ledger_relay"),
        "access_log_keeper_database": postgres.dsn(ACCESS_DATABASE, "ledger_log_keeper"),
        "owner_access_database": postgres.dsn(ACCESS_DATABASE),
    }
