"""What a stranger runs on a balance: bytes in, verdict out, by numbered steps. No database, no network, no clock.

Every function raises StepFailed, which names the step, what had to hold and what was found. The note whose text is
handed over here must have been verified as a note before (its origin and signatures): nothing here looks at signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_proof import BalanceProof, OtherLeaf, parse_balance_proof
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.entry_chain import Entry
from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import account_key, partition_of_holder
from ledger.transparency.map_hash import EMPTY, bit_of, inner_hash, leaf_hash
from ledger.transparency.steps import step


@dataclass(frozen=True, slots=True)
class BalanceVerdict:
    """These are all the hours of this holder in the first `note.size` events of that log."""

    holder: str
    balance: AccountBalance
    """For a holder of whom the log says nothing: zero everywhere, no entries, and the head of a chain without any."""
    note: BalancesNote

    @property
    def is_known(self) -> bool:
        """Whether the log has entries of this holder."""
        return self.balance.entry_count > 0


def verify_balance_proof(proof: bytes, holder: str, note: BalancesNote, first: int = 1) -> BalanceVerdict:
    """Check what a map says of a holder, under the root in a note.

    Steps, counted from `first`: 1 the holder's name is that of an account: its key; 2 its entries lie in the note's
    partition; 3 form of the proof; 4 the end of the way is the holder's leaf with entries, or a place that only another
    key's leaf, or none, is in; 5 no shorter proof says the same; 6 the way leads to the map root.

    Raises:
        StepFailed: a step does not hold.
    """
    with step(first, "the holder is named as an account"):
        key = account_key(holder)
    with step(first + 1, f"the holder's entries lie in partition {note.partition} of {note.partitions}"):
        _need_partition(holder, note)
    with step(first + 2, "the proof is a balance proof"):
        parsed = parse_balance_proof(proof)
    with step(first + 3, "the way ends at the holder's balance, or where the holder's leaf would be"):
        end = _end_hash(parsed, key)
    with step(first + 4, "the last sibling is not empty"):
        if parsed.siblings and parsed.siblings[-1] == EMPTY:
            raise Malformed("balance proof", "beside an empty subtree a single leaf, or none, stands a level higher")
    with step(first + 5, "the way leads to the map root"):
        _need_root(parsed.siblings, key, end, note.map_root)
    balance = parsed.end if isinstance(parsed.end, AccountBalance) else AccountBalance.without_entries(key)
    return BalanceVerdict(holder, balance, note)


def verify_entries(holder: str, entries: Sequence[Entry], balance: AccountBalance, first: int = 1) -> None:
    """Check that a list is all entries of a holder, in order and unchanged; `balance` is the one a verdict gave.

    Steps, counted from `first`: 1 the holder's name is that of an account: the chain's start; 2 as many entries as the
    balance says; 3 ascending by position and entry_index; 4 they add up to the balance, and no class falls below zero
    on the way; 5 their chain ends in the balance's head.

    Raises:
        StepFailed: a step does not hold: one was left out, added, changed or moved.
    """
    with step(first, "the holder is named as an account"):
        start = AccountBalance.without_entries(account_key(holder))
    with step(first + 1, f"the list has {balance.entry_count} entries"):
        if len(entries) != balance.entry_count:
            raise Malformed("entries", f"it has {len(entries)}")
    with step(first + 2, "the entries ascend by position and index"):
        _need_order(entries)
    with step(first + 3, f"the entries add up to {balance.seconds} seconds"):
        found = start.after(entries)
        if found.seconds != balance.seconds:
            raise Malformed("entries", f"they add up to {found.seconds}")
    with step(first + 4, f"the chain of the entries ends in {balance.head.hex()}"):
        if found.head != balance.head:
            raise Malformed("entries", f"it ends in {found.head.hex()}: an entry is not the recorded one")


def _need_partition(holder: str, note: BalancesNote) -> None:
    if (partition := partition_of_holder(holder, note.partitions)) != note.partition:
        raise Malformed("partition", f"ask partition {partition}: this map can not know {holder}")


def _end_hash(proof: BalanceProof, key: bytes) -> bytes:
    end = proof.end
    if end is None:
        return EMPTY
    if isinstance(end, OtherLeaf):
        depth = len(proof.siblings)
        if end.key == key:
            raise Malformed("balance proof", "the other leaf must not be the holder's own")
        if any(bit_of(end.key, at) != bit_of(key, at) for at in range(depth)):
            raise Malformed("balance proof", f"the other leaf's key must begin with the {depth} bits of {key.hex()}")
        return leaf_hash(end.key, end.value)
    if end.entry_count < 1:
        raise Malformed("balance proof", "a leaf must have one entry or more: who has none is not in the map")
    return leaf_hash(key, end.value())


def _need_root(siblings: Sequence[bytes], key: bytes, end: bytes, root: bytes) -> None:
    computed = end
    for depth in range(len(siblings) - 1, -1, -1):
        sibling = siblings[depth]
        computed = inner_hash(sibling, computed) if bit_of(key, depth) else inner_hash(computed, sibling)
    if computed != root:
        raise Malformed("balance proof", f"it leads to {computed.hex()}, not to {root.hex()}")


def _need_order(entries: Sequence[Entry]) -> None:
    before = (0, 0)
    for entry in entries:
        if (here := (entry.position, entry.entry_index)) <= before:
            raise Malformed(
                "entries", f"position {here[0]} entry {here[1]} must not follow {before[0]} entry {before[1]}"
            )
        before = here
