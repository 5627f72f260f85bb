"""What statements rest on: the proof of the balance, the hours at its size of the log, and the name.

Everything a statement says is of one size: that of the newest signed balance map that covers what the caller asks for.
Whoever asks for many pays each journey to a database once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.person_keys import ERASED, Erased, PersonKeys
from ledger.credentials.claims import ENTRIES_MAX
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.streams import partition_of
from ledger.log_serving.map_reader import MapReader, ProvenBalance
from ledger.projections.stated_hours import Asked, StatedHours, StatedHoursQuestions
from ledger.statements.signing import Basis, Wish

WAIT_SECONDS_MAX: Final = 5.0
"""For a signed size that covers the caller's positions."""
_RECORDED: Final = "select recorded_at from events where partition = %b and position = %b"

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class StatementBases:
    """Reads them. Safe to share between calls."""

    def __init__(self, event_pool: Pool, partitions: int, hours: StatedHoursQuestions, person_keys: PersonKeys) -> None:
        self._pool = event_pool
        self._partitions = partitions
        self._maps = MapReader(event_pool, partitions)
        self._hours = hours
        self._person_keys = person_keys
        self._recorded: dict[int, tuple[int, datetime]] = {}
        """Partition → (the signed size asked about last, record time of its last event)."""

    async def of(self, wishes: Sequence[Wish], seconds_left: float | None) -> list[Basis | Refusal]:
        """In the order of the wishes. Refused, each by itself: see `StatementIssuing.prepare_all`.

        Raises NotYetApplied. Raises InvariantBroken where the hours are not those that the map proves.
        """
        proven = await self._proven(wishes, seconds_left)
        asked = [
            Asked(wish.scope, one.partition, one.verdict.note.size)
            for wish, one in zip(wishes, proven, strict=True)
            if isinstance(one, ProvenBalance)
        ]
        told = await self._hours.stated(asked)
        rests = iter(zip(told, await self._full_names(told), strict=True))
        found = list[Basis | Refusal]()
        for wish, one in zip(wishes, proven, strict=True):
            if isinstance(one, Refusal):
                found.append(one)
                continue
            hours, name = next(rests)
            if isinstance(hours, Refusal):
                found.append(hours)
            elif name is ERASED:  # between the two questions
                found.append(Refusal(Reason.VOLUNTEER_ERASED, {"name": wish.scope.holder}))
            else:
                recorded = await self._recorded_at(one.partition, one.verdict.note.size)
                found.append(_refused(basis := Basis(wish, hours, one, recorded, name)) or basis)
        return found

    async def _proven(self, wishes: Sequence[Wish], seconds_left: float | None) -> list[ProvenBalance | Refusal]:
        waits = WAIT_SECONDS_MAX if seconds_left is None else min(seconds_left, WAIT_SECONDS_MAX)
        together: dict[tuple[int, int], list[int]] = {}
        for number, wish in enumerate(wishes):
            partition = partition_of(wish.scope.holder, self._partitions)
            together.setdefault((partition, wish.size_min), []).append(number)
        found: dict[int, ProvenBalance | Refusal] = {}
        for (partition, size_min), numbers in together.items():
            holders = [wishes[number].scope.holder for number in numbers]
            try:
                found |= zip(numbers, await self._maps.balance_proofs(partition, holders, size_min, waits), strict=True)
            except Refusal as refusal:  # the logs of other partitions may be there
                found |= dict.fromkeys(numbers, refusal)
        return [found[number] for number in range(len(wishes))]

    async def _recorded_at(self, partition: int, position: int) -> datetime:
        """Of the last event under a signed size: many ask about the same one."""
        known = self._recorded.get(partition)
        if known is not None and known[0] == position:
            return known[1]
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_RECORDED, (partition, position), binary=True)).fetchone()
        if row is None:
            raise InvariantBroken(f"partition {partition} has a signed size {position} and no such event")
        moment: datetime = row[0].astimezone(UTC)
        self._recorded[partition] = position, moment
        return moment

    async def _full_names(self, told: Sequence[StatedHours | Refusal]) -> list[str | Erased]:
        """Of each person; empty where none is known."""
        sealed = [None if isinstance(hours, Refusal) else hours.full_name for hours in told]
        texts = iter(await self._person_keys.open_all([one for one in sealed if one is not None]))
        return ["" if one is None else next(texts) for one in sealed]


def _refused(basis: Basis) -> Refusal | None:
    """Why nothing can be stated of it. Raises InvariantBroken where the hours are not those that the map proves."""
    wish, holder = basis.wish, basis.wish.scope.holder
    if not basis.verified_seconds:
        return Refusal(Reason.NOTHING_VERIFIED, {"volunteer": holder})
    if wish.kind == "transcript" and len(basis.hours.rows) > ENTRIES_MAX:
        told = {"volunteer": holder, "entries": str(len(basis.hours.rows)), "entries_max": str(ENTRIES_MAX)}
        return Refusal(Reason.ENTRIES_TOO_MANY, told)
    if wish.is_of_everything and basis.verified_seconds != basis.proven.verdict.balance.verified_seconds:
        # Signed once, it is believed for decades: what the map proves is compared, not assumed.
        size = basis.proven.verdict.note.size
        raise InvariantBroken(f"{holder}: the projections and the balance map at {size} differ")
    return None
