"""What the map says of one holder: seconds in each class, how many entries made them, and the head of their chain.

bytes of a balance   claimed, attended, verified, disputed, withheld, reversed seconds, entry_count: 8 bytes each,
                     unsigned, big-endian; then the chain's head, 32 bytes: 88 in all
value in the map     SHA-256(0x13 || bytes of the balance)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.transparency.entry_chain import CLASS_NUMBERS, CLASSES, NUMBER_MAX, OUTSIDE, Entry, chain_head, chain_start
from ledger.transparency.failures import EntryCannotFollow, Malformed

BALANCE_BYTES: Final = 88
VALUE_BYTES: Final = 32

_VALUE: Final = b"\x13"
_FORM: Final = "balance"
_CLASS_NAMES: Final = {number: name for name, number in CLASS_NUMBERS.items()}
_layout: Final = struct.Struct("!7Q32s")


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """All accounts of one holder after some of the log. Every class counts for itself; no sum is formed here."""

    claimed_seconds: int
    attended_seconds: int
    verified_seconds: int
    disputed_seconds: int
    withheld_seconds: int
    reversed_seconds: int
    entry_count: int
    head: bytes
    """Of the chain of all its entries (`entry_chain`)."""

    @classmethod
    def without_entries(cls, key: bytes) -> AccountBalance:
        """The balance of a holder of whom the log says nothing; such a holder has no leaf in the map."""
        return cls(0, 0, 0, 0, 0, 0, 0, chain_start(key))

    @property
    def seconds(self) -> tuple[int, ...]:
        """Claimed, attended, verified, disputed, withheld, reversed."""
        return (
            self.claimed_seconds,
            self.attended_seconds,
            self.verified_seconds,
            self.disputed_seconds,
            self.withheld_seconds,
            self.reversed_seconds,
        )

    def after(self, entries: Iterable[Entry]) -> AccountBalance:
        """The balance after these further entries, in order.

        Raises:
            EntryCannotFollow: an entry takes more from a class than it holds, or makes it hold what no number can say.
        """
        moved = tuple(entries)
        held = [0, *self.seconds]
        for entry in moved:
            held[entry.from_class] -= entry.seconds
            held[entry.to_class] += entry.seconds
            if entry.from_class != OUTSIDE and held[entry.from_class] < 0:
                too_many = f"{-held[entry.from_class]} s too many from {_CLASS_NAMES[entry.from_class]}"
                raise _cannot_follow(entry, f"takes {too_many}")
            if held[entry.to_class] > NUMBER_MAX:
                raise _cannot_follow(entry, f"brings {_CLASS_NAMES[entry.to_class]} above {NUMBER_MAX} s")
        claimed, attended, verified, disputed, withheld, reversed_ = held[1:CLASSES]
        return AccountBalance(
            claimed,
            attended,
            verified,
            disputed,
            withheld,
            reversed_,
            self.entry_count + len(moved),
            chain_head(self.head, moved),
        )

    def to_bytes(self) -> bytes:
        """Its 88 bytes, in hashes, in proofs and wherever it is kept. Raises Malformed for numbers beyond 63 bits."""
        numbers = (*self.seconds, self.entry_count)
        if min(numbers) < 0 or max(numbers) > NUMBER_MAX:
            raise Malformed(_FORM, f"every number must be from 0 to {NUMBER_MAX}")
        return _layout.pack(*numbers, self.head)

    def value(self) -> bytes:
        """What the holder's leaf in the map holds: a commitment that gives nothing away without the balance."""
        return value_of(self.to_bytes())


def _cannot_follow(entry: Entry, reason: str) -> EntryCannotFollow:
    where = f"position {entry.position}, entry {entry.entry_index}"
    return EntryCannotFollow(_FORM, f"{where} {reason}", entry.position)


def value_of(balance: bytes) -> bytes:
    """The value in the map of a balance given as its bytes."""
    return sha256(_VALUE + balance).digest()


def read_balance(data: bytes) -> AccountBalance:
    """A balance from its bytes. Raises Malformed."""
    if len(data) != BALANCE_BYTES:
        raise Malformed(_FORM, f"it must have {BALANCE_BYTES} bytes, not {len(data)}")
    claimed, attended, verified, disputed, withheld, reversed_, count, head = _layout.unpack(data)
    balance = AccountBalance(claimed, attended, verified, disputed, withheld, reversed_, count, head)
    if max(*balance.seconds, count) > NUMBER_MAX:
        raise Malformed(_FORM, f"every number must be from 0 to {NUMBER_MAX}")
    return balance
