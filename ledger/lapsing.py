"""Claims that nobody answered end when the policy says so; somebody must look at the clock for that.

Which claim has lapsed the domain decides. Here those are found that may have: older than the shortest time that any
approved version of the policy gives, and without a word of anybody.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from psycopg import AsyncConnection

from ledger import metrics
from ledger.application import Application
from ledger.domain.catalogue import fold
from ledger.domain.claims import LapseClaim
from ledger.domain.policy import STANDARD_POLICY_STREAM, Policy
from ledger.domain.refusals import Refusal
from ledger.event_bytes import decode, recorded_event
from ledger.follow_up_requests import ask

log = logging.getLogger(__name__)

RULE: Final = "lapse-claim"
CLAIMS_TOGETHER: Final = 2_000
"""Of one partition and look, answered ones among them: a look costs the same however many claims there ever were."""

_POLICY: Final = "select body from events where stream = %b order by version"
_CLAIMS: Final = """
    with claim as materialized (
        select position, stream, recorded_at, body from events
        where type = 'hours-claimed' and partition = %b and position > %b order by position limit %b
    )
    select claim.position, claim.body,
           claim.recorded_at < clock_timestamp() - make_interval(days => %b) as old,
           exists (
               select from events answer
               where answer.stream = claim.stream and answer.version > 1 and answer.type in (
                   'hours-verified', 'hours-declined', 'attendance-corrected', 'attendance-withdrawn'
               )
           ) as answered
    from claim order by claim.position
"""


class ClaimLapsing:
    """Goes round the open claims of all partitions, some at a time."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._looked_at: dict[int, int] = {}
        """Partition → the last claim's position of this round."""

    async def look(self, connection: AsyncConnection[Any], partitions: list[int]) -> None:
        """Look at some claims of each partition and let those lapse whose time has come. Raises psycopg.Error."""
        days = await self._shortest_days(connection)
        if days is None:
            return
        for partition in partitions:
            wanted = (partition, self._looked_at.get(partition, 0), CLAIMS_TOGETHER, days)
            rows = await (await connection.execute(_CLAIMS, wanted, binary=True)).fetchall()
            for _, body, old, answered in rows:
                if old and not answered:
                    await self._let_lapse(body)
            # Record time rises with position: behind one that is too young there are only younger ones.
            all_old = len(rows) == CLAIMS_TOGETHER and rows[-1][2]
            self._looked_at[partition] = rows[-1][0] if all_old else 0

    async def _shortest_days(self, connection: AsyncConnection[Any]) -> int | None:
        """That any approved version lets a claim wait; None: claims do not lapse."""
        state: object | None = None
        rows = await (await connection.execute(_POLICY, (STANDARD_POLICY_STREAM,), binary=True)).fetchall()
        for (body,) in rows:
            state = fold(state, recorded_event(decode(body)))
        if not isinstance(state, Policy):
            return None
        given = [rules.claim_lapses_after_days for _, _, rules in state.hours]
        return min((days for days in given if days is not None), default=None)

    async def _let_lapse(self, body: bytes) -> None:
        claim = recorded_event(decode(body))
        try:
            await ask(self._application, LapseClaim(claim.stream), claim, RULE)
        except Refusal as refusal:
            log.debug("%s does not lapse yet: %s", claim.stream, refusal.reason.name)
            return
        metrics.FOLLOW_UPS.labels(RULE, "OK").inc()
