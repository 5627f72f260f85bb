"""A service's start is recorded before it serves anybody: what ran, set to what, and who held the keys."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import psycopg

from ledger import __version__
from ledger.access.caller import ACTOR_PATTERN
from ledger.access_ledger.access_settings import access_settings
from ledger.application import Application
from ledger.domain.refusals import Reason, Refusal
from ledger.domain.service_run import (
    SERVE,
    KeyHolders,
    KeyHoldersListed,
    ListKeyHolders,
    RecordServiceStart,
    ServiceStarted,
)
from ledger.domain.world import Command
from ledger.settings import Settings, WrongSetting
from ledger.told_settings import told_settings

ACTOR: Final = "ledger/start"
CLIENT: Final = "ledger/start"
KEYS: Final = (
    "access-signer",
    "answer-keys",
    "auditor-token",
    "identity-key",
    "issuer",
    "master-key",
    "owner-roles",
    "relay-key",
    "request-hash-key",
    "signer",
    "tls-key",
)
"""Of which it can be stated who holds them."""
_DATABASES: Final = {
    "events": "database",
    "keys": "keys_database",
    "read": "read_database",
    "access": "access_database",
}
_FILE_BYTES_MAX: Final = 20_000
_MAY_READ_STEPS: Final = "select has_table_privilege('schema_version', 'SELECT')"
_STEPS: Final = "select step from schema_version order by step"


async def record_start(settings: Settings) -> None:
    """Record that `serve` starts now. Raises Refusal UNAVAILABLE when it cannot be, WrongSetting for a wrong list."""
    run = secrets.token_hex(16)
    started = ServiceStarted(
        service=SERVE,
        run=run,
        code_version=__version__,
        migrations=tuple(_migrations(settings)),
        settings=tuple(told_settings(settings)),
    )
    listed = KeyHoldersListed(service=SERVE, key_holders=tuple(key_holders(settings)))
    of_access = access_settings(settings)
    key = settings.request_hash_key.get_secret_value().encode()
    application = Application(of_access.database, of_access.ledger_id, of_access.partitions, key, _nobodys)
    await application.open()
    try:
        commands: tuple[Command, ...] = (RecordServiceStart(started), ListKeyHolders(listed))
        for number, command in enumerate(commands):
            with _nothing_changes():
                await application.execute(
                    command,
                    client=CLIENT,
                    actor=ACTOR,
                    request_id=f"{run}/{number}",
                    request_body=command.stream.encode(),
                )
    finally:
        await application.close()


@contextlib.contextmanager
def _nothing_changes() -> Iterator[None]:
    """Whoever holds the keys is listed once, and again when it is somebody else."""
    try:
        yield
    except Refusal as refusal:
        if refusal.reason is not Reason.NOTHING_CHANGES:
            raise


def key_holders(settings: Settings) -> Iterator[KeyHolders]:
    """What the file of LEDGER_KEY_HOLDERS states: lines `KEY: staff/id, staff/id`. Raises WrongSetting."""
    if not settings.key_holders:
        return
    try:
        text = Path(settings.key_holders).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"LEDGER_KEY_HOLDERS cannot be read: {type(error).__name__}") from error
    if len(text) > _FILE_BYTES_MAX:
        raise WrongSetting(f"LEDGER_KEY_HOLDERS names a file of more than {_FILE_BYTES_MAX} characters")
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        stated = line.partition("#")[0].strip()
        if stated:
            one = _stated(number, stated)
            if one.key in seen:
                raise WrongSetting(f"LEDGER_KEY_HOLDERS, line {number}: {one.key} stands there twice")
            seen.add(one.key)
            yield one


def _stated(number: int, line: str) -> KeyHolders:
    key, _, names = line.partition(":")
    holders = tuple(name for name in names.replace(",", " ").split())
    if key.strip() not in KEYS:
        raise WrongSetting(f"LEDGER_KEY_HOLDERS, line {number}: the key must be one of {', '.join(KEYS)}")
    if not holders or not all(ACTOR_PATTERN.fullmatch(name) for name in holders):
        raise WrongSetting(f"LEDGER_KEY_HOLDERS, line {number}: name who holds it, such as staff/amal, after a colon")
    return KeyHolders(key=key.strip(), holders=holders)


def _migrations(settings: Settings) -> Iterator[str]:
    """Every step of every database that the service works with."""
    for folder, name in _DATABASES.items():
        with psycopg.connect(getattr(settings, name)) as connection:
            readable = connection.execute(_MAY_READ_STEPS).fetchone() == (True,)
            for (step,) in connection.execute(_STEPS) if readable else [("unknown",)]:
                yield f"{folder}/{step}"


async def _nobodys(volunteers: Mapping[str, object | None]) -> Mapping[str, date | None]:
    """A ledger of accesses has no birth dates."""
    return dict.fromkeys(volunteers)
