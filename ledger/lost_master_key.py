"""A master key that is missing is never replaced by a new one: names would be lost without a word."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ledger.settings import WrongSetting

_COLUMN: Final = """
    select from information_schema.columns where table_name = 'person_keys' and column_name = 'master_key_id'
"""
_UNKNOWN: Final = """
    select master_key_id, count(*) from person_keys
    where master_key_id is not null and not master_key_id = any(%s) group by 1 order by 1
"""


def refuse_lost_master_key(owner_keys_url: str, known_ids: Set[str], where: str) -> None:
    """Raises WrongSetting where keys of persons are wrapped under a master key that is not in `known_ids`.

    `where` says where the keys are expected. A keys database that is not there yet holds none.
    """
    found = _wrapped_under_others(owner_keys_url, known_ids)
    if found:
        told = ", ".join(f"{count} under {name}" for name, count in found)
        raise WrongSetting(
            f"{where} lacks a master key: keys of persons are wrapped {told}. Put its line back from where you keep a "
            "copy: a new key opens none of them. If it is lost for good, docs/privacy.md says what is left to do"
        )


def _wrapped_under_others(url: str, known_ids: Set[str]) -> list[tuple[str, int]]:
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, dbname="postgres") as connection:
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            return []
    with psycopg.connect(url) as connection:
        if connection.execute(_COLUMN).fetchone() is None:
            return []  # from before there were master keys: `migrate` wraps what lies plain
        return connection.execute(_UNKNOWN, [list(known_ids)]).fetchall()
