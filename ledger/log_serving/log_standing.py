"""Where the log of each partition stands beside its events: what those who run the ledger watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.transparency.checkpoint import parse_checkpoint_text
from ledger.transparency.signed_bytes import ML_DSA_44_SIGNATURE_BYTES, TIME_BYTES
from ledger.transparency.signed_note import parse_note

_STANDINGS: Final = """
    select counters.partition, counters.position, newest.size, newest.checkpoint, coalesce(noted.size, 0)
    from partition_counters as counters
    left join log_balances as noted using (partition)
    left join lateral (
        select size, checkpoint from log_checkpoints where partition = counters.partition order by size desc limit 1
    ) as newest on true
"""


@dataclass(frozen=True, slots=True)
class LogStanding:
    """One partition: what is recorded, and what of it is signed."""

    partition: int
    position: int
    size: int | None
    """Of the newest checkpoint; None where nothing was signed yet."""
    signed_unix_seconds: int | None
    """When the log says it signed; None also for a checkpoint that carries no time."""
    checkpoint: bytes | None = None
    """The newest, as it is served."""
    balances_size: int = 0
    """Of the signed balances; 0 where there are none, as while their map is made anew."""


async def log_standings(pool: AsyncConnectionPool[AsyncConnection[Any]]) -> list[LogStanding]:
    """All partitions. Raises psycopg's errors when the event store is away."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_STANDINGS, binary=True)).fetchall()
    return [
        LogStanding(partition, position, size, None if note is None else signed_unix_seconds(note), note, noted)
        for partition, position, size, note, noted in rows
    ]


def signed_unix_seconds(checkpoint: bytes) -> int | None:
    """The time in the log's own ML-DSA-44 signature, which no plain Ed25519 one carries. Not verified here.

    Raises Malformed when it is no checkpoint.
    """
    note = parse_note(checkpoint)
    origin = parse_checkpoint_text(note.text).origin
    for line in note.signatures:
        # A witness's line may have the same length; its name is another.
        if line.name == origin and len(line.signature) == TIME_BYTES + ML_DSA_44_SIGNATURE_BYTES:
            return int.from_bytes(line.signature[:TIME_BYTES], "big")
    return None
