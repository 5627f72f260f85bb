"""The ledger of accesses beside a test's ledger of hours, made when the test first serves: most tests never do."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ledger.access_ledger.access_settings import access_settings
from ledger.embedded_postgres import OWNER_ROLE
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.settings import Settings
from ledger.topic_guard import create_topic


def with_access_store(settings: Settings) -> Settings:
    """The same settings; database and topic of accesses are there now."""
    of_access = access_as_owner(settings)
    name = str(conninfo_to_dict(of_access.owner_database)["dbname"])
    # To copy a database takes a tenth of the time it takes to make one.
    template = f"access_template_{of_access.partitions}"
    with psycopg.connect(of_access.owner_database, dbname="postgres", autocommit=True) as connection:
        if _is_there(connection, name):
            return settings
        if not _is_there(connection, template):
            place = urlsplit(of_access.owner_database)._replace(path=f"/{template}")
            made = of_access.model_copy(update={"owner_database": urlunsplit(place)})
            migrate(made)
            open_ledger(made)
        create = sql.SQL("create database {} template {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    if of_access.kafka:
        create_topic(of_access)
    return settings


def access_as_owner(settings: Settings) -> Settings:
    """The settings of the ledger of accesses, with which everything may be done to it."""
    owner = settings.access_database.replace("//ledger_service@", f"//{OWNER_ROLE}@")
    return access_settings(settings).model_copy(update={"owner_database": owner})


def _is_there(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("select from pg_database where datname = %s", [name]).fetchone() is not None
