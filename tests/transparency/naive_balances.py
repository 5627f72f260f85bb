"""The balance map a second time, as docs/provable-balances.md tells it: standard library only, slow, nothing shared."""

from __future__ import annotations

import hashlib
import json

CLASSES = ("outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed")
NOTHING = bytes(32)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def number(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


def text(value: str) -> bytes:
    return number(len(value.encode()), 2) + value.encode()


def entry_bytes(event: bytes) -> list[bytes]:
    """The bytes of each entry of an event that moves hours."""
    told = json.loads(event)
    return [
        number(told["position"], 8)
        + number(index, 4)
        + number(CLASSES.index(entry["from_class"]), 1)
        + number(CLASSES.index(entry["to_class"]), 1)
        + number(entry["seconds"], 8)
        + entry["service_date"].encode()
        + sha256(b"\x00", event)
        + text(entry.get("reason", ""))
        + text(told["data"]["attendance"])
        for index, entry in enumerate(told["data"].get("entries", []))
    ]


def key_of(holder: str) -> bytes:
    return sha256(holder.encode())


class Account:
    """One holder, entry by entry."""

    def __init__(self, holder: str) -> None:
        self.key = key_of(holder)
        self.head = sha256(b"\x12", self.key)
        self.heads = [self.head]
        self.seconds = dict.fromkeys(CLASSES, 0)
        self.count = 0

    def add(self, event: bytes) -> None:
        for entry, raw in zip(json.loads(event)["data"]["entries"], entry_bytes(event), strict=True):
            self.seconds[entry["from_class"]] -= entry["seconds"]
            self.seconds[entry["to_class"]] += entry["seconds"]
            self.count += 1
            self.head = sha256(b"\x12", self.head, raw)
            self.heads.append(self.head)

    @property
    def balance(self) -> bytes:
        return b"".join(number(self.seconds[name], 8) for name in CLASSES[1:]) + number(self.count, 8) + self.head

    @property
    def value(self) -> bytes:
        return sha256(b"\x13", self.balance)


def accounts_of(events: list[bytes]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for event in events:
        data = json.loads(event)["data"]
        if data.get("entries"):
            accounts.setdefault(data["holder"], Account(data["holder"])).add(event)
    return accounts


def leaf(key: bytes, value: bytes) -> bytes:
    return sha256(b"\x10", key, value)


def bits(key: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in key)


def subtree(leaves: dict[str, bytes], depth: int) -> bytes:
    """The hash of the subtree at `depth` over these leaves: bits of the key → leaf hash."""
    if not leaves:
        return NOTHING
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    left = {key: value for key, value in leaves.items() if key[depth] == "0"}
    right = {key: value for key, value in leaves.items() if key[depth] == "1"}
    return sha256(b"\x11", subtree(left, depth + 1), subtree(right, depth + 1))


def root(leaves: dict[bytes, bytes]) -> bytes:
    """The map's root: key → value."""
    return subtree({bits(key): leaf(key, value) for key, value in leaves.items()}, 0)


def siblings(leaves: dict[bytes, bytes], key: bytes) -> tuple[list[bytes], dict[bytes, bytes]]:
    """What lies beside the way along a key, from the top down, and the leaves (one or none) at its end."""
    way, depth, found = bits(key), 0, list[bytes]()
    near = dict(leaves)
    while len(near) > 1:
        far = {other: value for other, value in near.items() if bits(other)[depth] != way[depth]}
        near = {other: value for other, value in near.items() if other not in far}
        depth += 1
        found.append(subtree({bits(other): leaf(other, value) for other, value in far.items()}, depth))
    return found, near


def proof(leaves: dict[bytes, bytes], key: bytes, balance: bytes) -> bytes:
    """The bytes of a proof; `balance` is that of the key, if it has a leaf."""
    beside, end = siblings(leaves, key)
    if key in end:
        body = b"\x01\x01" + balance
    elif end:
        body = b"\x01\x03" + b"".join(next(iter(end.items())))
    else:
        body = b"\x01\x02"
    present = "".join("0" if sibling == NOTHING else "1" for sibling in beside)
    present += "0" * (-len(present) % 8)
    packed = bytes(int(present[at : at + 8], 2) for at in range(0, len(present), 8))
    return body + number(len(beside), 2) + packed + b"".join(sibling for sibling in beside if sibling != NOTHING)


def log_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01", log_root(hashes[:split]), log_root(hashes[split:]))
