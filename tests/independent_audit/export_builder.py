"""Exports for the independent auditor, built as the pages say.

What is built here follows the pages a second time: of the auditor it takes only the text of the routing rule and the
arithmetic of Ed25519, which is compared with vectors of RFC 8032.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import TypeAlias

from examples import independent_audit as auditor

ORIGIN = "tiny.example/log/0"
SEED = bytes(range(32))
Json: TypeAlias = dict[str, object]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def tree_root(hashes: list[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha(b"\x01" + tree_root(hashes[:k]) + tree_root(hashes[k:]))


CLASSES = ["outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed"]


def balance_rows(events: list[bytes]) -> dict[str, tuple[list[int], int, bytes]]:
    rows: dict[str, tuple[list[int], int, bytes]] = {}
    for position, body in enumerate(events, start=1):
        try:
            data = json.loads(body).get("data", {})
            for index, entry in enumerate(data.get("entries", [])):
                key = sha(data["holder"].encode())
                seconds, count, head = rows.get(data["holder"], ([0] * 7, 0, sha(b"\x12" + key)))
                source, target = CLASSES.index(entry["from_class"]), CLASSES.index(entry["to_class"])
                seconds[source] -= entry["seconds"]
                seconds[target] += entry["seconds"]
                reason, attendance = entry.get("reason", "").encode(), data["attendance"].encode()
                head = sha(
                    b"\x12" + head + position.to_bytes(8, "big") + index.to_bytes(4, "big") + bytes([source, target])
                    + entry["seconds"].to_bytes(8, "big") + entry["service_date"].encode() + sha(b"\x00" + body)
                    + len(reason).to_bytes(2, "big") + reason + len(attendance).to_bytes(2, "big") + attendance
                )  # fmt: skip
                rows[data["holder"]] = (seconds, count + 1, head)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            pass  # a case that is wrong on purpose; its map root is of no matter
    return rows


def map_root(events: list[bytes]) -> bytes:
    leaves: dict[str, bytes] = {}
    for holder, (seconds, count, head) in balance_rows(events).items():
        try:
            balance = b"".join(n.to_bytes(8, "big") for n in [*seconds[1:], count]) + head
        except OverflowError:
            continue
        key = sha(holder.encode())
        bits = "".join(f"{byte:08b}" for byte in key)
        leaves[bits] = sha(b"\x10" + key + sha(b"\x13" + balance))

    def subtree(prefix: str) -> bytes:
        below = [bits for bits in leaves if bits.startswith(prefix)]
        if len(below) < 2:
            return leaves[below[0]] if below else bytes(32)
        return sha(b"\x11" + subtree(prefix + "0") + subtree(prefix + "1"))

    return subtree("")


def ed25519_public(seed: bytes) -> bytes:
    return encode_point(auditor.multiply_point(secret_scalar(seed), auditor.BASE_POINT))


def secret_scalar(seed: bytes) -> int:
    return int.from_bytes(hashlib.sha512(seed).digest()[:32], "little") & (2**254 - 8) | 2**254


def encode_point(point: auditor.Point) -> bytes:
    inverse = pow(point[2], -1, auditor.PRIME)
    x, y = point[0] * inverse % auditor.PRIME, point[1] * inverse % auditor.PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    order, public = auditor.GROUP_ORDER, ed25519_public(seed)
    nonce = int.from_bytes(hashlib.sha512(hashlib.sha512(seed).digest()[32:] + message).digest(), "little") % order
    nonce_point = encode_point(auditor.multiply_point(nonce, auditor.BASE_POINT))
    challenge = int.from_bytes(hashlib.sha512(nonce_point + public + message).digest(), "little")
    return nonce_point + ((nonce + challenge * secret_scalar(seed)) % order).to_bytes(32, "little")


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def vkey(name: str, kind: int = 1, public: bytes | None = None) -> str:
    public = ed25519_public(SEED) if public is None else public
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


def signature_line(name: str, text: str) -> str:
    signature = ed25519_sign(SEED, text.encode())
    return f"— {name} {b64(key_id(name, 1, ed25519_public(SEED)) + signature)}\n"


def tile_path(level: str, index: int, width: int) -> str:
    digits = str(index).zfill((len(str(index)) + 2) // 3 * 3)
    groups = re.findall("...", digits)
    name = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_tiles(folder: Path, events: list[bytes]) -> bytes:
    for index in range(0, len(events), 256):
        chunk = events[index : index + 256]
        bundle = b"".join(len(event).to_bytes(2, "big") + event for event in chunk)
        write(folder / tile_path("entries", index // 256, len(chunk)), bundle)
    leaves = [sha(b"\x00" + event) for event in events]
    level, hashes = 0, leaves
    while hashes:
        for index in range(0, len(hashes), 256):
            tile = hashes[index : index + 256]
            write(folder / tile_path(str(level), index // 256, len(tile)), b"".join(tile))
        hashes = [tree_root(hashes[i : i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return tree_root(leaves)


def write_export(folder: Path, partitions: list[list[bytes]], ledger_id: str = "tiny-ledger") -> Path:
    rows: list[Json] = []
    for partition, events in enumerate(partitions):
        base = folder / str(partition)
        origin = f"tiny.example/log/{partition}"
        root, size = write_tiles(base, events), len(events)
        text = f"{origin}\n{size}\n{b64(root)}\n"
        write(base / "checkpoint", (text + "\n" + signature_line(origin, text)).encode())
        row: Json = {"partition": partition, "origin": origin, "size": size, "root": b64(root)}
        if size > 0:
            name, mapped = f"{origin}/balances", b64(map_root(events))
            text = f"{name}\n{size}\n{mapped}\nlog {b64(root)}\npartition {partition} of {len(partitions)}\n"
            write(base / "balances", (text + "\n" + signature_line(name, text)).encode())
            row["map_root"] = mapped
        rows.append(row)
    manifest: Json = {"format": "volunteer-hours-export", "version": 1, "ledger_id": ledger_id, "partitions": rows}
    write(folder / "manifest.json", json.dumps(manifest).encode())
    return folder


def compact(event: Json) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def event(kind: str, subject: str, partition: int, position: int, version: int, data: Json, **more: str) -> bytes:
    return compact({
        "specversion": "1.0", "id": f"{position:032x}", "source": "tiny-ledger", "type": kind, "subject": subject,
        "time": "2026-11-20T12:00:00Z", "partition": partition, "position": position, "streamversion": version,
        "schemaversion": 1, "actor": "staff/amal", "client": "tests", "requestid": f"r-{position}",
        "requesthash": f"{position:064x}", "data": data, **more,
    })  # fmt: skip


def opened(partition: int, partitions: int) -> bytes:
    data: Json = {
        "ledger_id": "tiny-ledger",
        "partitions": partitions,
        "routing_rule": auditor.ROUTING_RULE,
        "format_version": 1,
    }
    return event("ledger-opened", f"partitions/{partition}", partition, 1, 1, data, requestid="", requesthash="")


def attendance(subject: str, partition: int, position: int, version: int, entries: list[Json]) -> bytes:
    span = {"start": "2026-11-20T05:00:00Z", "end": "2026-11-20T08:00:00+03:00"}
    data: Json = {
        "holder": "/".join(subject.split("/")[:2]), "attendance": subject, "organization": "organizations/green",
        "opportunity": "opportunities/garden", "shift": "opportunities/garden/shifts/s1", "entries": entries, **span,
        "counted": [span], "time_zone": "Asia/Riyadh", "crediting": "clock", "source": "native", "flags": [],
    }  # fmt: skip
    kind = "attendance-recorded" if version == 1 else "attendance-corrected"
    if version > 1:
        data["reason"] = "TYPED_WRONG"
    return event(kind, subject, partition, position, version, data)


def moved(seconds: int, source: str = "outside", target: str = "attended", **more: str) -> Json:
    return {"service_date": "2026-11-20", "from_class": source, "to_class": target, "seconds": seconds, **more}


def large_export(folder: Path, counts: list[int]) -> Path:
    """Partitions of this many events, spread over 40 volunteers with one attendance each."""
    names = [f"volunteers/v{number}" for number in range(40)]
    partitions = []
    for partition, count in enumerate(counts):
        home = [name for name in names if routed(name, len(counts)) == partition]
        events = [opened(partition, len(counts))][:count]
        for position in range(2, count + 1):
            subject = f"{home[position % len(home)]}/attendances/a1"
            version = 1 + (position - 2) // len(home)
            entries = [moved(position)] if position % 3 else [moved(position), moved(1, "attended", "verified")]
            events.append(attendance(subject, partition, position, version, entries))
        partitions.append(events)
    return write_export(folder, partitions)


def routed(name: str, partitions: int) -> int:
    return 0 if partitions == 1 else int(sha(name.encode()).hex()[:16], 16) % partitions
