"""Events of a synthetic history, told in any order and numbered by their record time. Nobody in it exists."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ledger.event_bytes import Envelope, encode

TIME_ZONE = "Asia/Riyadh"
RIYADH = ZoneInfo(TIME_ZONE)
OPENED = datetime(2025, 1, 1, tzinfo=UTC)
Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shift:
    """When and for whom somebody could serve."""

    name: str
    organization: str
    start: datetime
    end: datetime

    @property
    def opportunity(self) -> str:
        return self.name.rpartition("/shifts/")[0]

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Served:
    """One attendance as it was recorded."""

    name: str
    holder: str
    shift: Shift
    start: datetime
    end: datetime
    recorded_at: datetime
    recorded_by: str

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())


@dataclass
class Told:
    """What happened, whenever it is told; `stored` puts it in order."""

    seed: int
    _events: list[tuple[datetime, int, str, str, str, Data]] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def tell(self, at: datetime, kind: str, stream: str, actor: str, data: Data) -> None:
        self._events.append((at, len(self._events), kind, stream, actor, data))

    def organization(self, name: str) -> None:
        data = {"organization": name, "display_name": {"en": "Synthetic"}}
        self.tell(OPENED, "organization-registered", name, "staff/synthetic", data)

    def volunteer(self, name: str, at: datetime) -> None:
        self.tell(at, "volunteer-registered", name, "staff/registrar", {"volunteer": name, "details": {}})

    def link(self, one: str, other: str, at: datetime) -> None:
        for name, linked in ((one, other), (other, one)):
            data = {"volunteer": name, "linked_volunteer": linked, "overlaps": [], "overlap_seconds": 0}
            self.tell(at, "volunteer-linked", name, "staff/registrar", data)

    def opportunity(self, name: str, organization: str) -> None:
        details = {"title": {"en": "Synthetic"}, "minimum_age_years": 0, "crediting": "clock"}
        data = {"opportunity": name, "organization": organization, "details": details}
        self.tell(OPENED + timedelta(seconds=1), "opportunity-published", name, "staff/synthetic", data)

    def shift(self, shift: Shift, city: str) -> None:
        data = {
            "shift": shift.name,
            "opportunity": shift.opportunity,
            "time_zone": TIME_ZONE,
            "places": 40,
            "place": {"city": city, "online": False},
            "start": _moment(shift.start),
            "end": _moment(shift.end),
        }
        self.tell(OPENED + timedelta(seconds=2), "shift-opened", shift.name, "staff/synthetic", data)

    def serve(
        self, holder: str, shift: Shift, start: datetime, end: datetime, at: datetime, by: str, *, clocked: bool = False
    ) -> Served:
        """Recorded by a member of staff at a moment, or clocked by the person."""
        number = self._numbers[holder] = self._numbers.get(holder, 0) + 1
        name = f"{holder}/attendances/a{number}"
        told = Served(name, holder, shift, start, end, end if clocked else at, holder if clocked else by)
        came: Data = {"time_zone": TIME_ZONE, "crediting": "clock"}
        if clocked:
            arrived = {**_names(told), **came, "at": _moment(start), "method": "qr"}
            self.tell(start, "volunteer-checked-in", name, holder, arrived)
        left = {**_hours(told, "outside", "attended"), **came, "source": "native", "flags": []}
        kind = "volunteer-checked-out" if clocked else "attendance-recorded"
        self.tell(told.recorded_at, kind, name, told.recorded_by, {**left, "method": "qr"} if clocked else left)
        return told

    def verify(self, served: Served, by: str, at: datetime) -> None:
        more = {"appointment": f"{served.shift.organization}/appointments/v", "verified_seconds": served.seconds}
        self.tell(at, "hours-verified", served.name, by, {**_hours(served, "attended", "verified"), **more})

    def decline(self, served: Served, by: str, at: datetime) -> None:
        more = {"appointment": f"{served.shift.organization}/appointments/v", "reason": "NOT_SEEN"}
        self.tell(at, "hours-declined", served.name, by, {**_hours(served, "attended", "reversed"), **more})

    def count_heads(self, shift: Shift, heads: int, seconds: int, at: datetime, by: str) -> None:
        name = f"{shift.name}/groupAttendances/g"
        data = {
            "holder": shift.opportunity,
            "attendance": name,
            "organization": shift.organization,
            "opportunity": shift.opportunity,
            "shift": shift.name,
            "entries": [_entry(shift.start, "outside", "attended", seconds)],
            "head_count": heads,
            "attended_seconds": seconds,
            "service_date": _day(shift.start).isoformat(),
            "time_zone": TIME_ZONE,
            "source": "native",
            "flags": [],
        }
        self.tell(at, "group-attendance-recorded", name, by, data)

    def stored(self) -> list[bytes]:
        """The events of one partition, in order of record time."""
        opened = {"ledger_id": "synthetic", "partitions": 1, "routing_rule": "by hand", "format_version": 1}
        first = (OPENED - timedelta(seconds=1), -1, "ledger-opened", "partitions/0", "service", opened)
        versions: dict[str, int] = {}
        stored: list[bytes] = []
        for position, (at, _, kind, stream, actor, data) in enumerate([first, *sorted(self._events, key=_order)], 1):
            versions[stream] = versions.get(stream, 0) + 1
            envelope = Envelope(
                specversion="1.0",
                id=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}/{position}").hex,
                source="synthetic",
                type=kind,
                subject=stream,
                time=at,
                partition=0,
                position=position,
                streamversion=versions[stream],
                schemaversion=1,
                actor=actor,
                client="tests",
                requestid=f"request-{position}",
                requesthash="0" * 64,
                data=msgspec.Raw(json.dumps(data).encode()),
            )
            stored.append(encode(envelope))
        return stored


def _order(event: tuple[datetime, int, str, str, str, Data]) -> tuple[datetime, int]:
    return event[0], event[1]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(at: datetime) -> date:
    return at.astimezone(RIYADH).date()


def _names(served: Served) -> Data:
    return {
        "holder": served.holder,
        "attendance": served.name,
        "organization": served.shift.organization,
        "opportunity": served.shift.opportunity,
        "shift": served.shift.name,
    }


def _hours(served: Served, source: str, sink: str) -> Data:
    times = {"start": _moment(served.start), "end": _moment(served.end), "counted": []}
    return {**_names(served), **times, "entries": [_entry(served.start, source, sink, served.seconds)]}


def _entry(start: datetime, source: str, sink: str, seconds: int) -> Data:
    return {"service_date": _day(start).isoformat(), "from_class": source, "to_class": sink, "seconds": seconds}
