"""That somebody completed a course, provable like an hour: the stored event, and that it is in the signed log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain.completion import CompletionRecorded, CompletionRevoked
from ledger.domain.refusals import Reason, refuse
from ledger.event_bytes import decode, recorded_event
from ledger.log_serving.log_lookups import Pool
from ledger.log_serving.log_reader import LogReader

_EVENTS: Final = "select partition, position, body from events where stream = %b order by version"


@dataclass(frozen=True, slots=True)
class ProvenCompletion:
    """One record, and the proof of it."""

    number: int
    partition: int
    position: int
    stored: bytes
    """The event's bytes."""
    proof_file: bytes
    """A `.tlog-proof`."""
    revoked: bool
    """By now; the proof does not say it."""


class CompletionProofs:
    """Reads the event store and its log. Safe to share between calls."""

    def __init__(self, pool: Pool, log: LogReader) -> None:
        self._pool = pool
        self._log = log

    async def of(self, name: str, number: int) -> ProvenCompletion:
        """The record with this number, 0: the newest. Refuses NOT_FOUND, LOG_NOT_KEPT, NOT_IN_LOG_YET."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_EVENTS, (name,), binary=True)).fetchall()
        recorded: list[tuple[int, int, bytes]] = []
        revoked: set[int] = set()
        for partition, position, body in rows:
            match recorded_event(decode(body)).data:
                case CompletionRecorded():
                    recorded.append((partition, position, body))
                case CompletionRevoked(number=taken_back):
                    revoked.add(taken_back)
        if not recorded or number > len(recorded):
            refuse(Reason.NOT_FOUND, name=name)
        wanted = number or len(recorded)
        partition, position, body = recorded[wanted - 1]
        proof = (await self._log.newest_inclusion(partition, position)).proof_file(position)
        return ProvenCompletion(wanted, partition, position, body, proof, wanted in revoked)
