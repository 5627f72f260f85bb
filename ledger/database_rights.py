"""Refuse a database role that may do more than its work: then its own mistake, or whoever steals it, can do more too.

Read from the server's catalogues as the role itself, so that what it inherits from other roles counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, LiteralString, TypeAlias

import psycopg

from ledger.settings import WrongSetting

Connection: TypeAlias = psycopg.Connection[Any]

_EVENTS_READ_ONLY: Final = tuple(("events", right) for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"))

FORBIDDEN: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "database": (
        *((table, right) for table in ("events", "request_keys") for right in ("UPDATE", "DELETE", "TRUNCATE")),
        *((table, "DELETE") for table in ("presences", "shift_places", "shift_waiting")),
        *((table, "DELETE") for table in ("volunteer_identities", "partition_counters")),
        ("partition_counters", "INSERT"),
        ("ledger", "UPDATE"),
        *((table, right) for table in ("log_tiles", "log_checkpoints") for right in ("INSERT", "UPDATE", "DELETE")),
    ),
    "relay_database": (*_EVENTS_READ_ONLY, ("volunteer_identities", "SELECT")),
    "log_keeper_database": (
        *_EVENTS_READ_ONLY,
        ("partition_counters", "UPDATE"),
        ("volunteer_identities", "SELECT"),
        ("log_tiles", "UPDATE"),
        *(("log_checkpoints", right) for right in ("DELETE", "TRUNCATE")),
    ),
    "keys_database": (
        *(("person_keys", right) for right in ("UPDATE", "TRUNCATE")),
        *((table, right) for table in ("erased_persons", "erasures_followed") for right in ("DELETE", "TRUNCATE")),
    ),
    "read_database": tuple(("balances", right) for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
    "projector_database": (("quarantine", "DELETE"), ("alarms", "DELETE")),
}
"""Setting → table and right that its role must not have."""

_ROLE: Final = """
    select current_user, rolsuper,
           array_remove(array[
               case when rolcreaterole then 'create roles' end,
               case when rolcreatedb then 'create databases' end,
               case when rolreplication then 'replicate' end,
               case when rolbypassrls then 'pass row security' end], null)
    from pg_roles where rolname = current_user
"""
# Members of these read or write everything, or run programs on the server (PostgreSQL 18, table 21.1).
_MEMBER: Final = """
    select rolname from pg_roles
    where rolname = any(array['pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                              'pg_execute_server_program', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain'])
      and pg_has_role(current_user, oid, 'member') order by 1
"""
_OWNED: Final = """
    select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind = any('{r,p,v,m,S}') and nspname !~ '^pg_' and nspname <> 'information_schema'
      and pg_has_role(current_user, relowner, 'member') order by 1 limit 3
"""
_TRIGGERS: Final = """
    select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind = any('{r,p}') and nspname !~ '^pg_' and nspname <> 'information_schema'
      and has_table_privilege(pg_class.oid, 'TRIGGER') order by 1 limit 3
"""
_CREATES: Final = """
    select 'schema ' || nspname from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(oid, 'CREATE')
    union all
    select 'database ' || current_database() where has_database_privilege(current_database(), 'CREATE') order by 1
"""
_MAY: Final = "select to_regclass(%s) is not null and has_table_privilege(to_regclass(%s), %s)"
# The role may be of another server, which knows nothing of this table.
_MAY_READ: Final = """
    select rolname from pg_roles
    where rolname = any(%s) and to_regclass(%s) is not null and has_table_privilege(rolname, to_regclass(%s), 'SELECT')
"""


class RoleRights:
    """What the role of one connection may do beyond its work."""

    def __init__(self, connection: Connection, setting: str) -> None:
        """`setting` names the database, as in Settings: it says what the role is for."""
        row = connection.execute(_ROLE).fetchone()
        self.role: str = "?" if row is None else row[0]
        self.is_superuser: bool = row is None or row[1]
        self._attributes: list[str] = [] if row is None else row[2]
        self.setting = setting
        self.too_much: Sequence[str] = () if self.is_superuser else tuple(self._found(connection))

    def _found(self, connection: Connection) -> list[str]:
        found = [*self._attributes]
        found += [f"all that {name} may" for name in _names(connection, _MEMBER)]
        found += [f"all to {name}, which it owns" for name in _names(connection, _OWNED)]
        found += [f"CREATE in {name}" for name in _names(connection, _CREATES)]
        found += [f"TRIGGER on {name}" for name in _names(connection, _TRIGGERS)]
        forbidden = FORBIDDEN[self.setting]
        return found + [f"{right} on {table}" for table, right in forbidden if _may(connection, table, right)]


def check_rights(connection: Connection, setting: str, variable: str = "") -> str:
    """Gives the role's name. Raises WrongSetting where it may do more than the role of `setting` needs.

    `variable` is what the database was set by, if not by the setting of that name.
    """
    rights = RoleRights(connection, setting)
    variable = variable or f"LEDGER_{setting.upper()}"
    if rights.is_superuser:
        raise WrongSetting(f"{variable}: {rights.role} is a superuser, whom no right binds; use the role made for it")
    if rights.too_much:
        raise WrongSetting(f"{variable}: {rights.role} may {', '.join(rights.too_much)}; revoke that")
    return rights.role


def read_by_others(connection: Connection, table: str, roles: Sequence[str]) -> Iterator[str]:
    """Which of `roles`, those of other databases, may read `table` of this one, and what would be right."""
    for row in connection.execute(_MAY_READ, [list(roles), table, table]):
        yield f"{row[0]} may read {table} of {connection.info.dbname}, which is not its business; revoke that"


def _names(connection: Connection, query: LiteralString) -> list[str]:
    return [str(row[0]) for row in connection.execute(query)]


def _may(connection: Connection, table: str, right: str) -> bool:
    row = connection.execute(_MAY, [table, table, right]).fetchone()
    return bool(row and row[0])
