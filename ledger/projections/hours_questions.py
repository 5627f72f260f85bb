"""What HoursService asks: balances, entries and sums, each with the positions it was computed at."""

from __future__ import annotations

from typing import Final

from ledger.domain.refusals import Reason, refuse
from ledger.projections.basis import Ground, KnownHorizon, NotYetApplied, Patience, ReadPool, missing
from volunteer_hours.v1.hours_service_pb2 import Balance, GetBalanceRequest
from volunteer_hours.v1.values_pb2 import EvidenceSeconds

# One statement is one snapshot: the balance is what the entries up to these positions add up to.
_BALANCE: Final = """
    select p.partition, p.position, p.recorded_at, b.entry_count, b.claimed_seconds, b.attended_seconds,
           b.verified_seconds, b.disputed_seconds, b.withheld_seconds, b.reversed_seconds
    from positions p left join balances b on b.holder = %b
    order by p.partition
"""


class HoursQuestions:
    """Answers from the read database. Safe to share between calls."""

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)

    async def get_balance(self, request: GetBalanceRequest, seconds_left: float | None = None) -> Balance:
        """A holder's seconds by evidence class.

        Refuses POSITION_UNKNOWN, NOT_FOUND. Raises NotYetApplied when `positions` were not reached in `seconds_left`.
        """
        wanted = self._ground.wanted(request.positions) if request.positions else {}
        patience = Patience.of(seconds_left)
        while True:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_BALANCE, (request.name,), prepare=True, binary=True)
                rows = await cursor.fetchall()
            basis = self._ground.basis(rows)
            behind = missing(wanted, basis) if wanted else {}
            if not behind:
                break
            if not await patience.wait():
                raise NotYetApplied(behind)
        if not rows or rows[0][3] is None:
            refuse(Reason.NOT_FOUND, name=request.name)
        return Balance(
            name=request.name,
            seconds=evidence_seconds(rows[0][4:]),
            entry_count=rows[0][3],
            positions=basis.position_messages(),
            recorded_through=basis.recorded_through_message(),
        )


def evidence_seconds(classes: tuple[int, ...]) -> EvidenceSeconds:
    """From claimed, attended, verified, disputed, withheld and reversed seconds; `recorded` is all but the last."""
    claimed, attended, verified, disputed, withheld, reversed_ = classes
    return EvidenceSeconds(
        claimed_seconds=claimed,
        attended_seconds=attended,
        verified_seconds=verified,
        disputed_seconds=disputed,
        withheld_seconds=withheld,
        reversed_seconds=reversed_,
        recorded_seconds=claimed + attended + verified + disputed + withheld,
    )
