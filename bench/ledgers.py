"""Ledgers to measure on: databases of their own, filled with a programme, kept for all lines that ask alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic import SecretStr

from bench import programme
from bench.callers import trusting
from bench.fill import store_facts
from ledger.access.master_keys import new_master_key
from ledger.access_ledger.access_settings import access_settings
from ledger.event_store import heads, read_page
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.projections.projector import Projector
from ledger.settings import Settings

DATABASES: Final = ("events", "keys", "read", "access")
PROJECT_PAGE_EVENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Filling:
    """What a ledger holds before anything is measured."""

    volunteers: int
    attendances_each: int = 1
    partitions: int = 1
    projected: bool = False
    """Whether its read database has applied it all."""


@dataclass(slots=True)
class BenchLedger:
    """A filled ledger; its days are opened one after another, each for one measured stretch."""

    settings: Settings
    filling: Filling
    days: int = 0
    _dice: random.Random = field(default_factory=lambda: random.Random(20_261_123))

    def open_day(self, registered: int = 0) -> tuple[int, list[int]]:
        """Open the shift of a new day, with so many volunteers registered (all, if there are fewer).

        Returns the day, and the registered volunteers' numbers in a random order.
        """
        day, self.days = self.days, self.days + 1
        numbers = self.somebody(registered)
        shift = programme.day_shift(day)
        opened = programme.shift_opened(shift, programme.day_start(day))
        store_facts(self.settings, chain([opened], programme.registrations(shift, numbers)), len(numbers))
        return day, numbers

    def somebody(self, count: int) -> list[int]:
        """The numbers of `count` different volunteers (all, if there are fewer), in a random order."""
        return self._dice.sample(range(self.filling.volunteers), min(count, self.filling.volunteers))

    def positions(self) -> dict[int, int]:
        """Where each partition of the store ends now."""
        with psycopg.connect(self.settings.owner_database) as connection:
            return {partition: head.position for partition, head in heads(connection).items()}

    def stored_since(self, before: dict[int, int]) -> dict[str, int]:
        """How many events of each type were recorded since these positions."""
        counts: dict[str, int] = {}
        with psycopg.connect(self.settings.owner_database) as connection:
            for partition, position in before.items():
                rows = connection.execute(
                    "select type, count(*) from events where partition = %s and position > %s group by type",
                    [partition, position],
                )
                for kind, count in rows:
                    counts[kind] = counts.get(kind, 0) + count
        return counts


class Ledgers:
    """The ledgers of one run. A filling asked for twice is filled once."""

    def __init__(self, server_url: str) -> None:
        """`server_url` names the PostgreSQL server and a role that may create databases."""
        self._server_url = server_url
        self._kept: dict[Filling, BenchLedger] = {}

    def filled(self, filling: Filling) -> BenchLedger:
        """A ledger with this filling; it stays until the server ends."""
        if filling not in self._kept:
            self._kept[filling] = _filled(new_settings(self._server_url, filling.partitions), filling)
        return self._kept[filling]


def new_settings(server_url: str, partitions: int) -> Settings:
    """The settings of an empty, open ledger in databases of its own. It has no topic yet."""
    name = f"bench_{uuid4().hex[:12]}"
    events, keys, read, access = (f"{name}_{part}" for part in DATABASES)
    settings = Settings(
        database=_url(server_url, events, "ledger_service"),
        owner_database=_url(server_url, events),
        relay_database=_url(server_url, events, "ledger_relay"),
        log_keeper_database=_url(server_url, events, "ledger_log_keeper"),
        keys_database=_url(server_url, keys, "ledger_service"),
        owner_keys_database=_url(server_url, keys),
        read_database=_url(server_url, read, "ledger_reader"),
        projector_database=_url(server_url, read, "ledger_projector"),
        owner_read_database=_url(server_url, read),
        access_database=_url(server_url, access, "ledger_service"),
        access_relay_database=_url(server_url, access, "ledger_relay"),
        access_log_keeper_database=_url(server_url, access, "ledger_log_keeper"),
        owner_access_database=_url(server_url, access),
        topic=f"{name}.events",
        consumer_group=f"{name}.projections",
        partitions=partitions,
        grpc_address="127.0.0.1:0",
        http_address="127.0.0.1:0",
        request_hash_key=SecretStr("a request hash key to measure with"),
        master_key=SecretStr(new_master_key()),
        identity_key=SecretStr("an identity key to measure with"),
        relay_key=SecretStr("a relay key to measure with, 32 bytes"),
        quota_calls_per_second=0,
        quota_bytes_per_second=0,
    ).model_copy(update=trusting())
    migrate(settings)
    open_ledger(settings)
    open_ledger(access_settings(settings))
    return settings


@contextmanager
def fresh_read_database(server_url: str, settings: Settings) -> Iterator[Settings]:
    """The same ledger with an empty read database, dropped at the end of the block."""
    name = f"bench_{uuid4().hex[:12]}_read"
    fresh = settings.model_copy(
        update={
            "read_database": _url(server_url, name, "ledger_reader"),
            "projector_database": _url(server_url, name, "ledger_projector"),
            "owner_read_database": _url(server_url, name),
        }
    )
    migrate(fresh)
    try:
        yield fresh
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _url(base: str, database: str, role: str | None = None) -> str:
    parts = urlsplit(base)
    if role is None:
        return urlunsplit(parts._replace(path=f"/{database}"))
    password = "" if parts.password is None else f":{parts.password}"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}{password}@{place}", path=f"/{database}"))


def _filled(settings: Settings, filling: Filling) -> BenchLedger:
    facts = chain(
        programme.beginnings(),
        programme.volunteers(filling.volunteers),
        programme.attendances(filling.volunteers, filling.attendances_each),
    )
    store_facts(settings, facts, filling.volunteers * (1 + filling.attendances_each))
    if filling.projected:
        project(settings)
    _settle(settings)
    return BenchLedger(settings, filling)


def project(settings: Settings) -> None:
    """Bring the read database up to the store, by the projector itself."""
    with (
        psycopg.connect(settings.relay_database, autocommit=True) as events,
        psycopg.connect(settings.projector_database) as rows,
    ):
        projector = Projector(rows)
        for partition, head in heads(events).items():
            after = 0
            while after < head.position:
                page = read_page(events, partition, after, PROJECT_PAGE_EVENTS)
                after = projector.apply(partition, page, None)
    with psycopg.connect(settings.owner_read_database, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")


def _settle(settings: Settings) -> None:
    """Write out what filling left to be written, so that it does not fall into what is measured."""
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        connection.execute("checkpoint")
