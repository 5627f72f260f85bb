"""How the eventsourcing library is pointed at a PostgreSQL database: its documented variables, nothing else."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict


def library_environment(database_url: str, connections: int) -> dict[str, str]:
    """The library's settings for its PostgreSQL module: a pool opened once, connections not pinged before each use.

    POSTGRES_ENABLE_DB_FUNCTIONS stays off on purpose: it appends without the library's table lock, so that a reader can
    pass over an event that commits later. Raises psycopg.ProgrammingError for what is not a connection URL.
    """
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts.get("dbname", "postgres")),
        "POSTGRES_HOST": str(parts.get("host", "127.0.0.1")),
        "POSTGRES_PORT": str(parts.get("port", "5432")),
        "POSTGRES_USER": str(parts.get("user", "postgres")),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_MAX_WAITING": "0",
        "POSTGRES_PRE_PING": "n",
    }
