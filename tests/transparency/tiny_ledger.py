"""Events in the form of docs/format.md for tests of the balance map: synthetic persons, made by hand or by number."""

from __future__ import annotations

import json
from typing import Final

from ledger.domain.streams import ROUTING_RULE
from ledger.transparency.account_balance import AccountBalance
from ledger.transparency.balance_map import MemoryNodeStore, updated
from ledger.transparency.entry_chain import Entry
from ledger.transparency.log_balances import LogPartition, balances_after, entries_by_key
from ledger.transparency.map_hash import EMPTY

Movement = dict[str, str | int]


def movement(from_class: str, to_class: str, seconds: int, reason: str | None = None) -> Movement:
    told: Movement = {
        "service_date": "2026-11-20",
        "from_class": from_class,
        "to_class": to_class,
        "seconds": seconds,
    }
    return told if reason is None else {**told, "reason": reason}


def stored(
    position: int, stored_name: str, subject: str, data: dict[str, object], partition: int = 0, stream_version: int = 1
) -> bytes:
    """The stored bytes of an event."""
    event = {
        "specversion": "1.0",
        "id": f"{position:032x}",
        "source": "tiny-ledger",
        "type": stored_name,
        "subject": subject,
        "time": "2026-11-20T12:00:00Z",
        "partition": partition,
        "position": position,
        "streamversion": stream_version,
        "schemaversion": 1,
        "actor": "staff/amal",
        "client": "tests",
        "requestid": "" if stored_name == "ledger-opened" else f"request-{position}",
        "requesthash": "" if stored_name == "ledger-opened" else f"{position:064x}",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def opened(partition: int = 0, partitions: int = 1) -> bytes:
    """The stored bytes of a partition's first event."""
    data: dict[str, object] = {
        "ledger_id": "tiny-ledger",
        "partitions": partitions,
        "routing_rule": ROUTING_RULE,
        "format_version": 1,
    }
    return stored(1, "ledger-opened", f"partitions/{partition}", data, partition)


def moved(
    position: int,
    stored_name: str,
    attendance: str,
    *movements: Movement,
    partition: int = 0,
    stream_version: int = 1,
    also: dict[str, object] | None = None,
) -> bytes:
    """The stored bytes of an event that moves hours; `also` are fields that no entry depends on."""
    data: dict[str, object] = {
        "holder": "/".join(attendance.split("/")[:2]),
        "attendance": attendance,
        "organization": "organizations/green",
        "opportunity": "opportunities/garden",
        "shift": "opportunities/garden/shifts/s1",
        "entries": list(movements),
    }
    return stored(position, stored_name, attendance, data | (also or {}), partition, stream_version)


def present(end_hour: int) -> dict[str, object]:
    """A presence from 05:00 on."""
    span = {"start": "2026-11-20T05:00:00Z", "end": f"2026-11-20T{end_hour:02}:00:00Z"}
    return {**span, "counted": [span]}


DECIDED: Final[dict[str, object]] = {
    "time_zone": "Asia/Riyadh",
    "crediting": "clock",
    "source": "native",
    "flags": [],
}


class TinyLedger:
    """One partition's map, batch by batch, as whoever keeps it in a database does."""

    def __init__(self, log: LogPartition | None = None) -> None:
        self.log = log or LogPartition(0, 1)
        self.size = 0
        self.root = EMPTY
        self.store = MemoryNodeStore()
        self.balances: dict[bytes, AccountBalance] = {}
        self.entries: dict[bytes, list[Entry]] = {}

    def add(self, events: list[bytes]) -> None:
        entries = entries_by_key(self.log, self.size, events)
        changed = balances_after(entries, self.balances)
        update = updated(self.store, self.root, {key: balance.value() for key, balance in changed.items()})
        self.store.write(update.pages)
        self.balances |= changed
        for key, some in entries.items():
            self.entries.setdefault(key, []).extend(some)
        self.root, self.size = update.root, self.size + len(events)

    def balance(self, key: bytes) -> AccountBalance:
        return self.balances[key]


EXAMPLE: Final = [
    opened(),
    moved(
        2,
        "attendance-recorded",
        "volunteers/amal/attendances/a1",
        movement("outside", "attended", 10_800),
        also={**present(8), **DECIDED},
    ),
    moved(
        3,
        "attendance-recorded",
        "volunteers/badr/attendances/a2",
        movement("outside", "attended", 7_200),
        movement("outside", "withheld", 3_600, "OVERLAP"),
        also={**present(8), "counted": present(7)["counted"], **DECIDED, "withheld_reason": "OVERLAP"},
    ),
    moved(
        4,
        "group-attendance-recorded",
        "opportunities/garden/shifts/s1/groupAttendances/g1",
        movement("outside", "attended", 86_400),
        also={
            "head_count": 6,
            "attended_seconds": 86_400,
            "service_date": "2026-11-20",
            "time_zone": "Asia/Riyadh",
            "source": "native",
            "flags": [],
        },
    ),
    moved(
        5,
        "hours-verified",
        "volunteers/amal/attendances/a1",
        movement("attended", "verified", 7_200),
        movement("attended", "reversed", 3_600, "NOT_CONFIRMED"),
        stream_version=2,
        also={**present(7), "appointment": "organizations/green/appointments/p1", "verified_seconds": 7_200},
    ),
]
"""The worked example of docs/provable-balances.md."""
