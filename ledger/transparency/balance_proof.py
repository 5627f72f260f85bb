"""A balance proof: what a map says of one holder, all of it, or that it says nothing. Its bytes, and a strict reader.

    version   0x01
    kind      0x01 the holder's balance | 0x02 no leaf: the place is empty | 0x03 no leaf: another leaf is in the place
    body      kind 1: the balance, 88 bytes (`account_balance`); kind 2: nothing; kind 3: the other's key 32 || value 32
    depth     2 bytes, big-endian, 0 to 256: how many siblings there are
    present   ceil(depth / 8) bytes: bit i, the first the highest, is 1 if sibling i is not empty; unused bits 0
    siblings  32 bytes each, those that are not empty, from the root's two subtrees down

One proof has one spelling. Holder, size and root are not in it: whoever checks it must have them from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from ledger.transparency.account_balance import BALANCE_BYTES, VALUE_BYTES, AccountBalance, read_balance
from ledger.transparency.balance_map import PageBroken, PageReader
from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import KEY_BYTES, account_key
from ledger.transparency.map_hash import EMPTY, HASH_BYTES, KEY_BITS
from ledger.transparency.map_path import map_path

PROOF_BYTES_MAX: Final = 4 + BALANCE_BYTES + KEY_BITS // 8 + KEY_BITS * HASH_BYTES

_FORM: Final = "balance proof"
_VERSION: Final = 1
_BALANCE: Final = 1
_EMPTY_PLACE: Final = 2
_OTHER_LEAF: Final = 3
_BODY_BYTES: Final = {_BALANCE: BALANCE_BYTES, _EMPTY_PLACE: 0, _OTHER_LEAF: KEY_BYTES + VALUE_BYTES}


class BalanceReader(Protocol):
    """Reads the balances that the map's leaves commit to, as they were at the size of the pages read beside it."""

    def balance(self, key: bytes) -> AccountBalance:
        """The balance of the holder with this key, who has a leaf: the newest one not later than that size."""
        ...


@dataclass(frozen=True, slots=True)
class OtherLeaf:
    """The only leaf of the subtree in which the holder's would be. Its balance stays hidden behind `value`."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class BalanceProof:
    """As it is sent. Until it was verified it is nobody's word."""

    end: AccountBalance | OtherLeaf | None
    """What is at the end of the way along the holder's key; None: nothing."""
    siblings: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """Its bytes. Raises Malformed for a proof that could not be read back."""
        depth = len(self.siblings)
        present = sum(1 << (depth - 1 - at) for at, sibling in enumerate(self.siblings) if sibling != EMPTY)
        # Shifted to the left edge of its bytes: bit i counts from the first.
        bits = (present << (-depth % 8)).to_bytes((depth + 7) // 8, "big")
        head = bytes((_VERSION, _kind(self.end))) + _body(self.end) + depth.to_bytes(2, "big")
        data = head + bits + b"".join(sibling for sibling in self.siblings if sibling != EMPTY)
        if parse_balance_proof(data) != self:
            raise Malformed(_FORM, f"every hash must have {HASH_BYTES} bytes")
        return data


def prove_balance(store: PageReader, balances: BalanceReader, root: bytes, holder: str) -> BalanceProof:
    """The proof for one holder under the map with this root. Verify it before it is handed out, as with all answers.

    Raises:
        Malformed: there is no account of this name.
        PageBroken: a stored page or balance is not what the root was made from.
    """
    key = account_key(holder)
    way = map_path(store, root, key)
    if way.end is None:
        return BalanceProof(None, way.siblings)
    end_key, value = way.end
    if end_key != key:
        return BalanceProof(OtherLeaf(end_key, value), way.siblings)
    balance = balances.balance(key)
    if balance.value() != value:
        raise PageBroken(f"the balance kept for {holder} is not the one its leaf was made from")
    return BalanceProof(balance, way.siblings)


def parse_balance_proof(data: bytes) -> BalanceProof:
    """Read a proof that may come from anybody.

    Raises:
        Malformed: it is none, or not in the one spelling.
    """
    if not 4 <= len(data) <= PROOF_BYTES_MAX:
        raise Malformed(_FORM, f"it must have 4 to {PROOF_BYTES_MAX} bytes, not {len(data)}")
    if data[0] != _VERSION or data[1] not in _BODY_BYTES:
        raise Malformed(_FORM, f"it must begin with version 1 and kind 1, 2 or 3, not {data[:2].hex()}")
    body_end = 2 + _BODY_BYTES[data[1]]
    end = _read_end(data[1], data[2:body_end])
    depth = int.from_bytes(data[body_end : body_end + 2], "big")
    if len(data) < body_end + 2 or depth > KEY_BITS:
        raise Malformed(_FORM, f"its depth must be 0 to {KEY_BITS}, in 2 bytes")
    return BalanceProof(end, _read_siblings(depth, data[body_end + 2 :]))


def _read_end(kind: int, body: bytes) -> AccountBalance | OtherLeaf | None:
    if kind == _BALANCE:
        return read_balance(body)
    if kind == _EMPTY_PLACE:
        return None
    if len(body) != KEY_BYTES + VALUE_BYTES:
        raise Malformed(_FORM, f"the other leaf must have {KEY_BYTES + VALUE_BYTES} bytes, not {len(body)}")
    return OtherLeaf(body[:KEY_BYTES], body[KEY_BYTES:])


def _read_siblings(depth: int, data: bytes) -> tuple[bytes, ...]:
    bits_bytes, unused = (depth + 7) // 8, -depth % 8
    bits, hashes = int.from_bytes(data[:bits_bytes], "big"), data[bits_bytes:]
    if bits & ((1 << unused) - 1):
        raise Malformed(_FORM, "unused bits behind the last sibling's must be 0")
    present = bits >> unused
    if len(data) < bits_bytes or len(hashes) != present.bit_count() * HASH_BYTES:
        raise Malformed(_FORM, f"{present.bit_count()} siblings must follow, in {HASH_BYTES} bytes each and no more")
    siblings, start = list[bytes](), 0
    for at in range(depth):
        if present >> (depth - 1 - at) & 1:
            siblings.append(hashes[start : start + HASH_BYTES])
            start += HASH_BYTES
        else:
            siblings.append(EMPTY)
    if siblings.count(EMPTY) != depth - present.bit_count():
        raise Malformed(_FORM, "an empty sibling must be told by its bit alone")
    return tuple(siblings)


def _kind(end: AccountBalance | OtherLeaf | None) -> int:
    if end is None:
        return _EMPTY_PLACE
    return _BALANCE if isinstance(end, AccountBalance) else _OTHER_LEAF


def _body(end: AccountBalance | OtherLeaf | None) -> bytes:
    if end is None:
        return b""
    return end.to_bytes() if isinstance(end, AccountBalance) else end.key + end.value
