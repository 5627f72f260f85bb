"""Changed balance proofs, at random from a seed: most by structure, some by bytes.

Structure is what somebody who knows the format would change: proof, person, size, partition, presence, siblings.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_proof import BalanceProof, OtherLeaf, prove_balance
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.entry_chain import Entry
from ledger.transparency.holder_key import account_key, partition_of_holder
from ledger.transparency.log_balances import LogPartition
from ledger.transparency.map_hash import EMPTY
from tests.transparency import naive_balances as naive
from tests.transparency.tiny_ledger import TinyLedger, moved, movement, opened

HOLDERS = [f"volunteers/v{number}" for number in range(40)] + [f"opportunities/o{number}" for number in range(10)]
STRANGERS = [f"volunteers/stranger{number}" for number in range(30)]
SIZES = (60, 200)


def attendance_of(holder: str, number: int) -> str:
    if holder.startswith("volunteers/"):
        return f"{holder}/attendances/a{number}"
    return f"{holder}/shifts/s1/groupAttendances/g{number}"


def history(chance: random.Random, log: LogPartition, size: int) -> list[bytes]:
    """Events of one partition: hours come, are verified, are reversed."""
    own = [name for name in HOLDERS if partition_of_holder(name, log.partitions) == log.partition]
    events = [opened(log.partition, log.partitions)]
    while len(events) < size:
        attendance, position = attendance_of(chance.choice(own), len(events)), len(events) + 1
        steps = [
            ("attendance-recorded", movement("outside", "attended", 3_600)),
            ("hours-verified", movement("attended", "verified", 3_600)),
            ("hours-reversed", movement("verified", "reversed", 3_600, "SHIFT_CANCELLED")),
        ][: chance.randrange(1, 4)]
        events += [
            moved(position + at, stored_name, attendance, step, partition=log.partition)
            for at, (stored_name, step) in enumerate(steps)
        ]
    return events[:size]


@dataclass(frozen=True)
class Published:
    """A map as it was published at one size: what may be proven under its note, and nothing else."""

    note: BalancesNote
    ledger: TinyLedger

    def truth(self, holder: str) -> AccountBalance:
        key = account_key(holder)
        return self.ledger.balances.get(key) or AccountBalance.without_entries(key)

    def entries(self, holder: str) -> list[Entry]:
        return self.ledger.entries.get(account_key(holder), [])

    def proof(self, holder: str) -> BalanceProof:
        return prove_balance(self.ledger.store, self.ledger, self.ledger.root, holder)


@dataclass
class Maps:
    """Two partitions at two sizes, and another history of the first one."""

    chance: random.Random
    published: list[Published] = field(default_factory=list)

    def __post_init__(self) -> None:
        for partition, seed in ((0, 1), (1, 2), (0, 3)):
            log = LogPartition(partition, 2)
            events = history(random.Random(seed), log, SIZES[-1])
            for size in SIZES:
                ledger = TinyLedger(log)
                ledger.add(events[:size])
                log_root = naive.log_root([naive.sha256(b"\x00", event) for event in events[:size]])
                note = BalancesNote(f"tiny.example/log/{partition}", size, ledger.root, log_root, partition, 2)
                self.published.append(Published(note, ledger))

    def any_map(self) -> Published:
        return self.chance.choice(self.published)

    def any_holder(self) -> str:
        return self.chance.choice(HOLDERS + STRANGERS)

    def any_of(self, published: Published) -> str:
        """A holder or a stranger that this map can speak of."""
        while partition_of_holder(holder := self.any_holder(), 2) != published.note.partition:
            pass
        return holder

    def any_proof(self) -> BalanceProof:
        return self.any_map().proof(self.any_holder())


def change_end(maps: Maps, proof: BalanceProof, holder: str) -> BalanceProof:
    """What is said to be at the end of the way."""
    chance, end = maps.chance, proof.end
    key = account_key(holder)
    match chance.randrange(6):
        case 0:
            return replace(proof, end=None)
        case 1:
            return replace(proof, end=maps.any_map().truth(maps.any_holder()))
        case 2:  # The holder's own leaf as somebody else's.
            if isinstance(end, AccountBalance):
                return replace(proof, end=OtherLeaf(key, end.value()))
            return replace(proof, end=AccountBalance.without_entries(key))
        case 3:  # An inner node, taken apart as if it were a leaf.
            halves = (chance.choice(proof.siblings or (EMPTY,)), chance.choice(proof.siblings or (EMPTY,)))
            return replace(proof, end=OtherLeaf(*halves))
        case 4 if isinstance(end, AccountBalance):
            return replace(proof, end=change_balance(chance, end))
        case _:
            other = maps.any_holder()
            return replace(proof, end=OtherLeaf(account_key(other), maps.any_map().truth(other).value()))


def change_balance(chance: random.Random, balance: AccountBalance) -> AccountBalance:
    """Seconds moved between classes, added or hidden; an entry more or less; the head of a shorter chain."""
    match chance.randrange(5):
        case 0:
            return replace(
                balance, verified_seconds=balance.reversed_seconds, reversed_seconds=balance.verified_seconds
            )
        case 1:
            return replace(balance, verified_seconds=balance.verified_seconds + 3_600)
        case 2:
            return replace(balance, entry_count=max(0, balance.entry_count + chance.choice((-1, 1))))
        case 3:
            return replace(balance, reversed_seconds=0)
        case _:
            return replace(balance, head=chance.randbytes(32))


def change_siblings(maps: Maps, proof: BalanceProof) -> BalanceProof:
    """Hashes of the right length in the wrong place."""
    chance, siblings = maps.chance, list(proof.siblings)
    others = [*maps.any_proof().siblings, maps.any_map().note.map_root, EMPTY]
    at = chance.randrange(len(siblings) + 1)
    match chance.randrange(7):
        case 0:
            siblings.insert(at, chance.choice(others))
        case 1:
            del siblings[at : at + 1]
        case 2:
            chance.shuffle(siblings)
        case 3:
            siblings[at : at + 1] = [chance.choice(others)]
        case 4:
            siblings = siblings[:at]
        case 5:
            siblings.extend([EMPTY] * chance.randrange(1, 4))
        case _:
            siblings = list(maps.any_proof().siblings)
    return replace(proof, siblings=tuple(siblings))


def change_entries(chance: random.Random, entries: list[Entry], foreign: list[Entry]) -> list[Entry]:
    """An entry left out, doubled, moved, changed, or somebody else's."""
    changed, at = list(entries), chance.randrange(len(entries) + 1)
    match chance.randrange(6):
        case 0:
            del changed[at : at + 1]
        case 1:
            changed[at:at] = changed[at : at + 1]
        case 2:
            chance.shuffle(changed)
        case 3:
            changed[at:at] = foreign[:1]
        case 4:
            return foreign
        case _:
            changed = [change_entry(chance, entry) if number == at else entry for number, entry in enumerate(changed)]
    return changed


def change_entry(chance: random.Random, entry: Entry) -> Entry:
    match chance.randrange(5):
        case 0:
            return replace(entry, seconds=entry.seconds + chance.choice((-1, 1)))
        case 1:
            return replace(entry, service_date="2026-11-21")
        case 2:
            return replace(entry, reason="KINDNESS")
        case 3:
            return replace(entry, event_leaf_hash=chance.randbytes(32))
        case _:
            return replace(entry, position=entry.position + 1)


def change_bytes(chance: random.Random, data: bytes) -> bytes:
    """Without knowing what they mean."""
    changed = bytearray(data)
    at, end = sorted(chance.choices(range(len(data) + 1), k=2))
    match chance.randrange(5):
        case 0 | 1:
            changed[at % len(data)] ^= 1 << chance.randrange(8)
        case 2:
            del changed[at : at + chance.randrange(1, 40)]
        case 3:
            changed[at:at] = chance.choice((chance.randbytes(chance.randrange(1, 5)), data[-32:], bytes(32)))
        case _:
            return data[at:end]
    return bytes(changed)


def loosely_written(proof: BalanceProof) -> bytes:
    """A proof's bytes without the care that `to_bytes` takes."""
    end = proof.end
    if isinstance(end, AccountBalance):
        body = b"\x01\x01" + end.to_bytes()
    else:
        body = b"\x01\x02" if end is None else b"\x01\x03" + end.key + end.value
    bits = "".join("0" if sibling == EMPTY else "1" for sibling in proof.siblings)
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0") or "0", 2).to_bytes(-(-len(bits) // 8), "big")
    hashes = b"".join(sibling for sibling in proof.siblings if sibling != EMPTY)
    return body + len(proof.siblings).to_bytes(2, "big") + packed + hashes
