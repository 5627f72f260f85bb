"""From identity documents to the volunteers registered under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

_HOLDERS_SQL: Final = "select identity_key, volunteer from volunteer_identities where identity_key = any(%b)"


async def holders_of(
    pool: AsyncConnectionPool[AsyncConnection[Any]], identity_keys: Sequence[bytes]
) -> list[str | None]:
    """The volunteer registered under each keyed hash, None where nobody is; in the order asked.

    `pool` is of the event store: whoever was registered a moment ago is found.
    """
    async with pool.connection() as connection:
        cursor = await connection.execute(_HOLDERS_SQL, (list(identity_keys),), binary=True)
        holders: dict[bytes, str] = {bytes(row[0]): row[1] for row in await cursor.fetchall()}
    return [holders.get(identity_key) for identity_key in identity_keys]
