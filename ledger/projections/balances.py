"""How many seconds of each evidence class has a holder? One row a holder: the sum of its entries.

With the partition's `outside` row all accounts of a partition sum to zero at every position.
"""

from __future__ import annotations

import struct
from typing import Final

from ledger.projections.binary_rows import ReadDatabase, copy_rows, text
from ledger.projections.hours_data import CLASS_NUMBERS
from ledger.projections.stored_event import Batch

_STAGE: Final = "create temp table if not exists staged_balances (like balances) on commit delete rows"
_COPY: Final = """
    copy staged_balances (
        partition, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds, withheld_seconds,
        reversed_seconds, entry_count, holder
    ) from stdin (format binary)
"""
# A merge and no upsert: an upsert locks each row in a step of its own before it changes it. The lock of the position
# row keeps every other writer of these holders away.
_MERGE: Final = """
    merge into balances using staged_balances as added on balances.holder = added.holder
    when matched then update set
        claimed_seconds = balances.claimed_seconds + added.claimed_seconds,
        attended_seconds = balances.attended_seconds + added.attended_seconds,
        verified_seconds = balances.verified_seconds + added.verified_seconds,
        disputed_seconds = balances.disputed_seconds + added.disputed_seconds,
        withheld_seconds = balances.withheld_seconds + added.withheld_seconds,
        reversed_seconds = balances.reversed_seconds + added.reversed_seconds,
        entry_count = balances.entry_count + added.entry_count
    when not matched then insert values (
        added.holder, added.partition, added.claimed_seconds, added.attended_seconds, added.verified_seconds,
        added.disputed_seconds, added.withheld_seconds, added.reversed_seconds, added.entry_count
    )
"""
_OUTSIDE: Final = """
    insert into outside_balances values (%s, %s)
    on conflict (partition) do update set seconds = outside_balances.seconds + excluded.seconds
"""
_FIXED: Final = struct.Struct("!h ii iq iq iq iq iq iq iq").pack
ENTRY_COUNT: Final = 7
"""In a list of changes, the place after the classes: how many entries there were."""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add the batch's entries to their holders' balances, one statement for all."""
    changes = _changes(batch)
    if not changes:
        return
    connection.execute(_STAGE)
    # In the order of their names: neighbours lie on the same pages of the index.
    rows = [
        _FIXED(9, 4, batch.partition, 8, c[1], 8, c[2], 8, c[3], 8, c[4], 8, c[5], 8, c[6], 8, c[ENTRY_COUNT])
        + text(holder)
        for holder, c in sorted(changes.items())
    ]
    copy_rows(connection, _COPY, rows)
    # Planned anew for each batch: the plan for a small table would read a large one from end to end.
    connection.execute(_MERGE, prepare=False)
    connection.execute(_OUTSIDE, [batch.partition, sum(change[0] for change in changes.values())])


def _changes(batch: Batch) -> dict[str, list[int]]:
    changes: dict[str, list[int]] = {}
    for event in batch.hours:
        hours = event.data
        if not hours.entries:
            continue
        change = changes.get(hours.holder)
        if change is None:
            change = changes[hours.holder] = [0] * (ENTRY_COUNT + 1)
        for entry in hours.entries:
            change[CLASS_NUMBERS[entry.from_class]] -= entry.seconds
            change[CLASS_NUMBERS[entry.to_class]] += entry.seconds
            change[ENTRY_COUNT] += 1
    return changes
