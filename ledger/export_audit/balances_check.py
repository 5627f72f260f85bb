"""Pass: the entries add up. From them every holder's balance and chain, from these the root of the balance map.

A holder's balance is kept as the 88 bytes that the map binds (`docs/provable-balances.md`): with its key it takes some
250 bytes of memory, and nothing else here grows.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.exporting.manifest import ExportedLog
from ledger.transparency.account_balance import read_balance
from ledger.transparency.entry_chain import CLASS_NUMBERS, NUMBER_MAX, OUTSIDE, chain_start, chained
from ledger.transparency.map_hash import fold, leaf_hash, numbers_of, subtree_of

PLACE: Final = "export balances"

_SPLIT_BITS: Final = 8
"""The map is hashed in 256 parts, one after the other: whole, it would double the memory."""
_BALANCE: Final = struct.Struct("!7Q32s")
_MOVED: Final = struct.Struct("!QIBBQ")
"""How the bytes of an entry begin: position, entry_index, from_class, to_class, seconds."""
_COUNT: Final = 6
_CLASS_NAMES: Final = {number: name for name, number in CLASS_NUMBERS.items()}


class BalancesCheck:
    """All balances of one partition, entry by entry in order of position."""

    def __init__(self, log: ExportedLog, report: Report) -> None:
        self._log = log
        self._report = report
        self._held: dict[bytes, bytes] = {}
        self._outside_seconds = 0
        self._stopped_at = 0

    def stop(self, position: int) -> None:
        """What this event moves is not known: balances behind it cannot be judged."""
        self._stopped_at = self._stopped_at or position

    def move(self, holder: str, entries: Sequence[bytes]) -> None:
        """What the next event with entries moves; the holder lies in this partition."""
        if self._stopped_at:
            return
        key = sha256(holder.encode()).digest()
        held = self._held.get(key)
        numbers, head = ([0] * 7, chain_start(key)) if held is None else _unpacked(held)
        for entry in entries:
            position, _, from_class, to_class, seconds = _MOVED.unpack_from(entry)
            if from_class == OUTSIDE:
                self._outside_seconds -= seconds
            else:
                numbers[from_class - 1] -= seconds
            numbers[to_class - 1] += seconds
            numbers[_COUNT] += 1
            head = chained(head, entry)
            for each in (from_class, to_class):
                if each != OUTSIDE and not 0 <= numbers[each - 1] <= NUMBER_MAX:
                    self._break(position, holder, each, numbers[each - 1])
                    return
        self._held[key] = _BALANCE.pack(*numbers, head)

    def end(self) -> bytes | None:
        """Sums and root, which is returned; None where the events could not be added up to the end."""
        if self._stopped_at:
            self._report.note(
                f"{PLACE}, partition {self._log.partition}: added up before position {self._stopped_at} only"
            )
            return None
        where = Where(PLACE, self._log.partition, self._log.size or None)
        total = sum(sum(_BALANCE.unpack(held)[:_COUNT]) for held in self._held.values()) + self._outside_seconds
        if total:
            self._report.differs(where, "sum of all accounts", 0, total)
        root = self._root()
        if self._log.map_root is not None and root != self._log.map_root:
            self._report.differs(where, "map root", self._log.map_root, root)
        return root

    @property
    def holders(self) -> int:
        """How many have an entry."""
        return len(self._held)

    def _break(self, position: int, holder: str, evidence_class: int, seconds: int) -> None:
        where = Where(PLACE, self._log.partition, position, holder)
        self._report.differs(where, f"{_CLASS_NAMES[evidence_class]}_seconds", f"from 0 to {NUMBER_MAX}", seconds)
        self.stop(position)

    def _root(self) -> bytes:
        parts: list[list[bytes]] = [[] for _ in range(1 << _SPLIT_BITS)]
        for key in sorted(self._held):
            parts[key[0]].append(key)
        subtrees = [
            subtree_of(
                numbers_of(keys), [leaf_hash(key, read_balance(self._held[key]).value()) for key in keys], _SPLIT_BITS
            )
            for keys in parts
        ]
        return fold(subtrees)[0]


def _unpacked(held: bytes) -> tuple[list[int], bytes]:
    *numbers, head = _BALANCE.unpack(held)
    return numbers, head
