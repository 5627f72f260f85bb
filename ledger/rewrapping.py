"""Wraps stored keys of persons under the newest master key, some at a time, as the owner of their database.

Each batch is one transaction: after a crash run it again, what is done is done. No event, no seal and no key changes,
only what the keys are wrapped in; who seals or opens meanwhile notices nothing.
"""

from __future__ import annotations

import time
from typing import Final

import psycopg

from ledger.access.key_wrapping import KeyWrapping, StoredKey

BATCH_ROWS: Final = 1000
PAUSE_SECONDS: Final = 0.1

# A row that an erasure is destroying is skipped, and gone at the next look.
_OTHERS: Final = """
    select key_id, volunteer, key, master_key_id from person_keys
    where key_id > %s and master_key_id is distinct from %s order by key_id limit %s for update skip locked
"""
_REWRAP: Final = "update person_keys set key = %s, master_key_id = %s where key_id = %s"
_LEFT: Final = "select count(*) from person_keys where master_key_id is distinct from %s"
_PLAIN: Final = "select exists (select from person_keys where master_key_id is null)"


def rewrap(owner_url: str, wrapping: KeyWrapping) -> int:
    """Wrap every row that is not under the newest master key; returns how many there were.

    Raises:
        WrongSetting: a row names a master key that is not known here; those before it are done.
        InvariantBroken: a row was changed.
        psycopg.Error: run it again.
    """
    done, after, newest = 0, "", wrapping.master_key_id
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while True:
            with connection.transaction():
                rows = connection.execute(_OTHERS, [after, newest, BATCH_ROWS]).fetchall()
                wrapped = wrapping.wrap(wrapping.unwrap([StoredKey(*row) for row in rows]))
                connection.cursor().executemany(_REWRAP, [(row.key, row.master_key_id, row.key_id) for row in wrapped])
            done += len(rows)
            after = rows[-1][0] if rows else ""
            if not rows:
                if _count(connection, newest) == 0:
                    return done
                time.sleep(PAUSE_SECONDS)  # made under the old key meanwhile, or held by an erasure: once more


def wrap_plain_rows(owner_url: str, wrapping: KeyWrapping) -> int:
    """As `rewrap`, and what lay plain is no more in the table's files; returns how many rows were wrapped."""
    done = rewrap(owner_url, wrapping)
    if done:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("vacuum full person_keys")
    return done


def has_plain_rows(owner_url: str) -> bool:
    """Whether keys lie there that no master key wraps."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(_PLAIN).fetchone()
    return row is not None and bool(row[0])


def _count(connection: psycopg.Connection[tuple[int]], newest: str) -> int:
    row = connection.execute(_LEFT, [newest]).fetchone()
    return 0 if row is None else row[0]
