"""Stored events made by hand, all synthetic, and read databases to project them into."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import Envelope, encode
from ledger.migrate import migrate
from ledger.projections.projector import Projector
from ledger.projections.rebuild import forget_rows
from ledger.settings import Settings

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
ORGANIZATION = "organizations/green"
OPPORTUNITY = "opportunities/park"
SHIFT = f"{OPPORTUNITY}/shifts/morning"


def read_database(postgres: EmbeddedPostgres) -> Settings:
    """Settings with a migrated read database, empty for this test; all tests of a run share it."""
    name = "projections_tests"
    settings = Settings(
        owner_database=postgres.dsn(f"{name}_events"),
        owner_keys_database=postgres.dsn(f"{name}_keys"),
        owner_read_database=postgres.dsn(f"{name}_read"),
        read_database=postgres.dsn(f"{name}_read", "ledger_reader"),
        projector_database=postgres.dsn(f"{name}_read", "ledger_projector"),
    )
    migrate(settings)
    forget_rows(settings.projector_database)
    return settings


@contextmanager
def projector(settings: Settings) -> Iterator[Projector]:
    """A projector over a connection of its own."""
    connection: psycopg.Connection[Any]
    with psycopg.connect(settings.projector_database) as connection:
        yield Projector(connection)


@asynccontextmanager
async def reader_pool(settings: Settings) -> AsyncIterator[AsyncConnectionPool[AsyncConnection[Any]]]:
    """The pool of a server."""
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        settings.read_database, min_size=1, max_size=4, open=False, kwargs={"autocommit": True, "prepare_threshold": 0}
    )
    async with pool:
        yield pool


def rows(settings: Settings, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What the reader sees."""
    with psycopg.connect(settings.read_database, autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


@dataclass
class Story:
    """Events of one partition as they are told: dense positions, rising record times, a minute apart."""

    partition: int = 0
    events: list[bytes] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tell(
            "ledger-opened",
            f"partitions/{self.partition}",
            {"ledger_id": "synthetic", "partitions": 1, "routing_rule": "by hand", "format_version": 1},
        )

    @property
    def position(self) -> int:
        """Of the last event told."""
        return len(self.events)

    @property
    def now(self) -> datetime:
        """Record time of the last event told."""
        return self.time_of(self.position)

    def time_of(self, position: int) -> datetime:
        """Record time of any event: a minute a position."""
        return OPENED + timedelta(minutes=position)

    def tell(self, kind: str, stream: str, data: dict[str, Any], source_time: datetime | None = None) -> int:
        """Add an event; gives its position."""
        position = self.position + 1
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        envelope = Envelope(
            specversion="1.0",
            id=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.partition}/{position}").hex,
            source="synthetic",
            type=kind,
            subject=stream,
            time=self.time_of(position),
            partition=self.partition,
            position=position,
            streamversion=version,
            schemaversion=1,
            actor="staff/synthetic",
            client="tests",
            requestid=f"request-{position}",
            requesthash="0" * 64,
            data=msgspec.Raw(json.dumps(data).encode()),
            sourcetime=source_time,
            policy="policies/standard/versions/1" if "entries" in data else None,
        )
        self.events.append(encode(envelope))
        return position

    def organization(self) -> None:
        self.tell(
            "organization-registered",
            ORGANIZATION,
            {"organization": ORGANIZATION, "display_name": {"en": "Green (synthetic)"}},
        )

    def opportunity(
        self, name: str = OPPORTUNITY, *, source_time: datetime | None = None, new: bool = True, **details: Any
    ) -> int:
        """Publish it, or with `new=False` describe it anew."""
        data: dict[str, Any] = {"opportunity": name, "organization": ORGANIZATION}
        data["details"] = {"title": {"en": "Park (synthetic)"}, "minimum_age_years": 0, "crediting": "clock", **details}
        if new:
            return self.tell("opportunity-published", name, data, source_time)
        return self.tell("opportunity-updated", name, {**data, "changed": list(details)}, source_time)

    def volunteer(self, name: str) -> int:
        return self.tell("volunteer-registered", name, {"volunteer": name, "details": {"full_name": "p1.a.b.c"}})

    def shift(
        self,
        name: str = SHIFT,
        places: int = 10,
        place: Mapping[str, object] | None = None,
        source_time: datetime | None = None,
    ) -> int:
        """Open it; in SA-01 unless `place` says otherwise."""
        data = {
            "shift": name,
            "opportunity": name.rsplit("/shifts/", maxsplit=1)[0],
            "service_date": "2026-03-02",
            "time_zone": "Asia/Riyadh",
            "places": places,
            "place": place or {"region": "SA-01", "online": False},
        }
        return self.tell("shift-opened", name, data, source_time)

    def hours(
        self,
        kind: str,
        attendance: str,
        *entries: dict[str, Any],
        source_time: datetime | None = None,
        shift: str = SHIFT,
        **more: Any,
    ) -> int:
        """An event that moves hours; a person's unless `head_count` or a group's name says otherwise."""
        holder = "/".join(attendance.split("/")[:2])
        data: dict[str, Any] = {
            "holder": holder,
            "attendance": attendance,
            "organization": ORGANIZATION,
            "opportunity": shift.rsplit("/shifts/", maxsplit=1)[0],
            "shift": shift,
            "entries": list(entries),
        }
        if holder.startswith("volunteers/"):
            data |= {"start": "2026-03-02T05:00:00Z", "end": "2026-03-02T07:00:00Z", "counted": []}
        return self.tell(kind, attendance, {**data, **more}, source_time)

    def recorded(
        self, attendance: str, seconds: int = 7200, day: str = "2026-03-02", *, shift: str = SHIFT, **more: Any
    ) -> int:
        """attendance-recorded with one entry."""
        return self.hours(
            "attendance-recorded",
            attendance,
            entry("outside", "attended", seconds, day),
            shift=shift,
            **{"time_zone": "Asia/Riyadh", "crediting": "clock", "source": "native", "flags": [], **more},
        )


def entry(source: str, sink: str, seconds: int, day: str = "2026-03-02", reason: str | None = None) -> dict[str, Any]:
    """One movement of seconds as it stands in an event's data."""
    known = {"service_date": day, "from_class": source, "to_class": sink, "seconds": seconds}
    return known if reason is None else {**known, "reason": reason}


def cut(events: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """Batches of `size` events."""
    for first in range(0, len(events), size):
        yield events[first : first + size]
