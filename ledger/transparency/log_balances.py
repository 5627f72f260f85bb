"""From the log to the leaves of the map: which balances a batch of events changes, and into what.

Nothing but stored bytes goes in, so an auditor who has the events makes the same map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.entry_chain import Entry
from ledger.transparency.event_entries import entries_of_event
from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import account_key, partition_of_holder


@dataclass(frozen=True, slots=True)
class LogPartition:
    """Which log it is, as `ledger-opened` at its position 1 says."""

    partition: int
    partitions: int


def entries_by_key(log: LogPartition, size: int, stored: Iterable[bytes]) -> dict[bytes, list[Entry]]:
    """The entries in the events that follow a log of `size`, by their holder's key, in the log's order.

    Raises:
        Malformed: an event is not understood, not the next one, or of another partition.
    """
    found: dict[bytes, list[Entry]] = {}
    for position, event in enumerate(map(entries_of_event, stored), size + 1):
        if (event.partition, event.position) != (log.partition, position):
            where = f"position {event.position} of partition {event.partition}"
            raise Malformed("log", f"position {position} of partition {log.partition} must follow, not {where}")
        if event.entries:
            if partition_of_holder(event.holder, log.partitions) != log.partition:
                raise Malformed("log", f"position {position}: {event.holder} lies in another partition")
            found.setdefault(account_key(event.holder), []).extend(event.entries)
    return found


def balances_after(
    entries: Mapping[bytes, Sequence[Entry]], held: Mapping[bytes, AccountBalance]
) -> dict[bytes, AccountBalance]:
    """The balances that these entries change, by key; `held` has those of the same keys before, where there are any.

    Raises:
        EntryCannotFollow: an entry takes more from a class than it holds.
    """
    return {key: (held.get(key) or AccountBalance.without_entries(key)).after(moved) for key, moved in entries.items()}
