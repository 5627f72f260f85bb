"""Forget every row, so that the consumers make them anew from the topic: position 0 of every partition."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ledger.projections.canonical_hash import APPLIED, HASHED_TABLES


def forget_rows(projector_url: str) -> None:
    """Empty all tables made from events, in one transaction, as role ledger_projector.

    Whoever is applying a batch finishes it first. Afterwards a consumer finds a hole before its next batch and reads
    the topic again from its beginning; it may keep running. Alarms and quarantine stay: they are no rows of events.

    Raises:
        psycopg.Error: nothing was forgotten.
    """
    tables = [*(table.name for table in HASHED_TABLES), APPLIED]
    connection: psycopg.Connection[Any]
    with psycopg.connect(projector_url) as connection:
        # Whoever applies locks a row of positions first: with the same order two who wait never wait for each other.
        for table in tables:
            connection.execute(sql.SQL("truncate table {}").format(sql.Identifier(table)))
