"""Which entries wait for a receiver? Where none does is remembered: it is not looked for anew each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ledger.projections.delivery_lines import BEGINNING, END_OF_EVENT, Place, behind
from ledger.projections.delivery_rows import Known
from ledger.projections.snapshot import Snapshot

NOTHING_SENT: Final[Mapping[int, Place]] = {}


class WaitingEntries:
    """Of all subscriptions, as far as one process has looked."""

    def __init__(self) -> None:
        self._quiet: dict[tuple[str, int], tuple[Place, Place]] = {}
        """Subscription, partition → its place, and up to where nothing of it lies behind."""

    def places(self, found: Snapshot, known: Known, sent: Mapping[int, Place] = NOTHING_SENT) -> dict[int, Place]:
        """Each partition → from where to look: what is known to be quiet is left out."""
        places: dict[int, Place] = {}
        for partition in found.basis.positions:
            here = max(known.place(partition), sent.get(partition, BEGINNING))
            at, through = self._quiet.get((known.name, partition), (here, here))
            places[partition] = through if at == here else here
        return places

    async def since(
        self, found: Snapshot, known: Known, sent: Mapping[int, Place] = NOTHING_SENT
    ) -> dict[int, datetime]:
        """Partition → since when its first entry behind what was acknowledged, and `sent`, waits."""
        firsts = await behind(found.connection, known.organizations, self.places(found, known, sent))
        if not sent:
            for partition, applied in found.basis.positions.items():
                first = firsts.get(partition)
                through = (applied, END_OF_EVENT) if first is None else (first.place[0] - 1, END_OF_EVENT)
                here = known.place(partition)
                self._quiet[known.name, partition] = (here, max(here, through))
        return {partition: first.recorded_at for partition, first in firsts.items()}
