"""The events of a ledger as its logs hold them, told by hand: every person in it is synthetic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.domain.streams import ROUTING_RULE, partition_of

LEDGER: Final = "synthetic-hours"
SHIFT: Final = "opportunities/park/shifts/morning"
GROUP: Final = "opportunities/park/shifts/morning/groupAttendances/school"
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SPAN: Final = {"start": "2026-03-02T05:00:00Z", "end": "2026-03-02T07:00:00Z"}
_WHOLE_SPAN: Final = {**_SPAN, "counted": [_SPAN]}
_DECIDED: Final = {"time_zone": "Asia/Riyadh", "crediting": "clock", "source": "native", "flags": []}


class Telling:
    """One partition's events, in order; each may be told with attributes other than those that are right."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self.partition = partition
        self.partitions = partitions
        self.events: list[bytes] = []
        self._versions: dict[str, int] = {}
        opened = {"ledger_id": LEDGER, "partitions": partitions, "routing_rule": ROUTING_RULE, "format_version": 1}
        self.tell("ledger-opened", f"partitions/{partition}", opened, requestid="", requesthash="", client="ledger")

    def tell(self, kind: str, stream: str, data: dict[str, Any], **other: Any) -> int:
        """Add an event; gives its position."""
        position = len(self.events) + 1
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        name = f"{self.partition}/{position}"
        event = {
            "specversion": "1.0",
            "id": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
            "source": LEDGER,
            "type": kind,
            "subject": stream,
            "time": (_BEGAN + timedelta(seconds=position)).isoformat().replace("+00:00", "Z"),
            "partition": self.partition,
            "position": position,
            "streamversion": version,
            "schemaversion": 1,
            "actor": "staff/synthetic",
            "client": "tests",
            "requestid": f"request-{name}",
            "requesthash": "0" * 64,
            "data": data,
        }
        self.events.append(json.dumps({**event, **other}, separators=(",", ":")).encode())
        return position

    def attendance(self, volunteer: str, number: int, **other: Any) -> int:
        """Two hours of a person."""
        moved = moves(f"{volunteer}/attendances/a{number}", entry("outside", "attended", 7_200))
        return self.tell("attendance-recorded", moved["attendance"], {**moved, **_WHOLE_SPAN, **_DECIDED}, **other)

    def verified(self, volunteer: str, number: int, seconds: int = 7_200, **other: Any) -> int:
        """The same, verified."""
        moved = moves(f"{volunteer}/attendances/a{number}", entry("attended", "verified", seconds))
        more = {"appointment": "organizations/green/appointments/p1", "verified_seconds": seconds}
        return self.tell("hours-verified", moved["attendance"], {**moved, **_WHOLE_SPAN, **more}, **other)

    def group(self) -> int:
        """A school class in the park."""
        moved = moves(GROUP, entry("outside", "attended", 36_000))
        more = {"head_count": 5, "attended_seconds": 36_000, "service_date": "2026-03-02", "time_zone": "Asia/Riyadh"}
        return self.tell("group-attendance-recorded", GROUP, {**moved, **more, "source": "native", "flags": []})

    def volunteer(self, name: str) -> int:
        """A person; the sealed name can be opened by nobody."""
        sealed = f"p1.{'A' * 22}.{'B' * 16}.{'C' * 54}"
        return self.tell("volunteer-registered", name, {"volunteer": name, "details": {"full_name": sealed}})


def moves(attendance: str, *entries: dict[str, Any]) -> dict[str, Any]:
    """What every event with entries says."""
    return {
        "holder": "/".join(attendance.split("/")[:2]),
        "attendance": attendance,
        "organization": "organizations/green",
        "opportunity": "opportunities/park",
        "shift": SHIFT,
        "entries": list(entries),
    }


def entry(source: str, sink: str, seconds: int) -> dict[str, Any]:
    """One movement."""
    return {"service_date": "2026-03-02", "from_class": source, "to_class": sink, "seconds": seconds}


def person(number: int) -> str:
    """A resource name."""
    return f"volunteers/synthetic-{number}"


def history(sizes: Sequence[int], persons: int = 40) -> list[Telling]:
    """So many events in each partition, or more by one: people, their hours, most of them verified."""
    tellings = [Telling(partition, len(sizes)) for partition in range(len(sizes))]
    for telling, size in zip(tellings, sizes, strict=True):
        own = [person(number) for number in range(persons) if _home(person(number), len(sizes)) == telling.partition]
        for name in own:
            telling.volunteer(name)
        if _home(GROUP, len(sizes)) == telling.partition:
            telling.group()
        number = 0
        while len(telling.events) < size:
            number += 1
            telling.attendance(own[number % len(own)], number)
            if number % 3:
                telling.verified(own[number % len(own)], number)
        del telling.events[max(size, 1) :]
    return tellings


def _home(stream: str, partitions: int) -> int:
    return partition_of(stream, partitions)
