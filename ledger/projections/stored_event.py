"""Stored bytes as the projections read them: each event decoded once, by structs that forgive nothing.

An event of an unknown type, of a newer schema or with an unknown field stops the projection: to skip what one does not
understand is to give wrong answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from ledger.domain.refusals import InvariantBroken
from ledger.projections.directory_data import DIRECTORY_DATA, DirectoryData
from ledger.projections.hours_data import HOURS_TYPES, HoursData


class StoredEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An event's attributes; `data` waits for its type."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    partition: int
    position: int
    streamversion: int
    schemaversion: int
    actor: str
    client: str
    requestid: str
    requesthash: str
    data: msgspec.Raw
    sourcetime: datetime | None = None
    policy: str | None = None
    corrects: str | None = None

    @property
    def known_at(self) -> datetime:
        """Source time, and record time where there is none."""
        return self.sourcetime or self.time


@dataclass(slots=True)
class Batch:
    """Consecutive events of one partition, ready to become rows."""

    partition: int
    hours: list[tuple[StoredEvent, HoursData]] = field(default_factory=list)
    directory: list[tuple[StoredEvent, DirectoryData]] = field(default_factory=list)


NOT_PROJECTED: Final[Mapping[str, str]] = {
    "ledger-opened": "settings and guards read the event store's own table; no question asks for it",
    "policy-enacted": "entries carry the seconds it decided, attendances its name; no question asks for its rules",
}
"""Stored names without rows, each with its reason."""

SCHEMAS_KNOWN: Final[Mapping[str, int]] = dict.fromkeys((*HOURS_TYPES, *DIRECTORY_DATA, *NOT_PROJECTED), 1)
"""Every stored name read here, and the newest schema of it."""

_EVENT: Final = msgspec.json.Decoder(StoredEvent)
_HOURS: Final = msgspec.json.Decoder(HoursData)
_DIRECTORY: Final = {name: msgspec.json.Decoder(kind) for name, kind in DIRECTORY_DATA.items()}


def decode(stored: bytes) -> StoredEvent:
    """Read an event's attributes. Raises InvariantBroken on anything else."""
    try:
        return _EVENT.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvariantBroken(f"stored bytes are no event: {error}") from error


def batch_of(partition: int, events: Sequence[StoredEvent]) -> Batch:
    """Sort events by who needs them. Raises InvariantBroken on one that this program does not know."""
    batch = Batch(partition)
    hours, known = batch.hours, SCHEMAS_KNOWN
    for event in events:
        if known.get(event.type) != event.schemaversion:
            raise InvariantBroken(
                f"partition {partition} position {event.position}: {event.type} schema {event.schemaversion} is "
                "unknown here; a newer program wrote it, so project with that one"
            )
        try:
            if event.type in HOURS_TYPES:
                hours.append((event, _HOURS.decode(event.data)))
            elif event.type not in NOT_PROJECTED:
                batch.directory.append((event, _DIRECTORY[event.type].decode(event.data)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvariantBroken(f"partition {partition} position {event.position}: {event.type}: {error}") from error
    return batch


def sha256(stored: bytes) -> bytes:
    """The hash by which store, topic and projections are compared."""
    return hashlib.sha256(stored).digest()
