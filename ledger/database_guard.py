"""Refuse a database that may lose what it acknowledged: read as the role that will write, not as its administrator.

`synchronous_commit` can be set for one role or one database alone, so a look into postgresql.conf proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg

from ledger.settings import WrongSetting

# All four wait until our own disk has the commit; they differ in what they ask of a standby. Only `off` does not wait.
DURABLE: Final[Mapping[str, frozenset[str]]] = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "local", "remote_apply", "remote_write"}),
}


def check_database(connection: psycopg.Connection[Any]) -> None:
    """Compare what makes a commit durable, as this connection's role sees it.

    Raises:
        WrongSetting: names database, role, setting, its value and the right one.
    """
    place = connection.execute("select current_database(), current_user").fetchone()
    rows = connection.execute("select name, setting from pg_settings where name = any(%s)", [list(DURABLE)]).fetchall()
    seen = {str(row[0]): str(row[1]) for row in rows}
    wrong = [
        f"{name} is {seen.get(name)}, it must be on" for name, good in DURABLE.items() if seen.get(name) not in good
    ]
    if wrong and place is not None:
        raise WrongSetting(f"database {place[0]}, as role {place[1]}: " + "; ".join(wrong))
