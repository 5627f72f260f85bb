"""Stored bytes as the projections read them: each event decoded once, by structs that forgive nothing.

An event of an unknown type, of a newer schema or with an unknown field stops the projection: to skip what one does not
understand is to give wrong answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import Moments, microseconds, moment
from ledger.projections.directory_data import DIRECTORY_DATA, DirectoryData
from ledger.projections.hours_data import HOURS_TYPES, HoursData


class _Attributes(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    partition: int
    position: int
    streamversion: int
    schemaversion: int
    actor: str
    client: msgspec.Raw
    requestid: msgspec.Raw
    requesthash: msgspec.Raw


class HoursEvent(_Attributes, kw_only=True):
    """An event that moves hours, read in one pass: nearly all events are of this kind.

    Its times stay as written until they become columns: see `Moments`.
    """

    time: str
    data: HoursData
    sourcetime: str | None = None
    policy: str | None = None
    corrects: str | None = None


class OtherEvent(_Attributes, kw_only=True):
    """Any other event: its type decides how `data` is read."""

    time: datetime
    data: msgspec.Raw
    sourcetime: datetime | None = None
    policy: str | None = None
    corrects: str | None = None


StoredEvent: TypeAlias = HoursEvent | OtherEvent


@dataclass(slots=True)
class Batch:
    """Consecutive events of one partition, ready to become rows."""

    partition: int
    hours: list[HoursEvent] = field(default_factory=list)
    directory: list[tuple[OtherEvent, DirectoryData]] = field(default_factory=list)
    moments: Moments = field(default_factory=Moments)


NOT_PROJECTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("client-registered", "client-updated", "client-revoked"),
        "who may call is read from the event store itself: projections may lag (decision 19)",
    ),
    **dict.fromkeys(
        ("service-started", "key-holders-listed"),
        "they lie in the ledger of accesses: whoever looks into it reads events",
    ),
    "hours-read": "it lies in the ledger of accesses, which answers from tables of its own",
    **dict.fromkeys(
        ("member-named", "member-erased"),
        "few, asked for one by one, and read from the event store itself: no ciphertext to purge elsewhere",
    ),
    **dict.fromkeys(
        ("external-curve-attached", "peak-certified", "peak-confirmed"),
        "few, of one live session, and read from the event store itself, as what they rest on is",
    ),
    "volunteer-link-proposed": "nothing is linked yet, and whoever approves names the pair",
    "training-established": "what a registration rested on: whoever asks reads the event",
    "ledger-opened": "settings and guards read the event store's own table; no question asks for it",
}
"""Stored names without rows, each with its reason."""

SCHEMAS_KNOWN: Final[Mapping[str, int]] = dict.fromkeys((*HOURS_TYPES, *DIRECTORY_DATA, *NOT_PROJECTED), 1)
"""Every stored name read here, and the newest schema of it."""

_LENGTH_BYTES: Final = 4
"""Before the value of a column."""
_HOURS_EVENT: Final = msgspec.json.Decoder(HoursEvent)
_OTHER_EVENT: Final = msgspec.json.Decoder(OtherEvent)
_HOURS_DATA: Final = msgspec.json.Decoder(HoursData)
_DIRECTORY: Final = {name: msgspec.json.Decoder(kind) for name, kind in DIRECTORY_DATA.items()}


def decode(stored: bytes) -> StoredEvent:
    """Read an event. Raises InvariantBroken on anything else."""
    try:
        return _HOURS_EVENT.decode(stored)
    except (msgspec.ValidationError, UnicodeDecodeError):
        pass  # of another kind; or, if the second reading fails too, of none
    except msgspec.DecodeError as error:
        raise InvariantBroken(f"stored bytes are no event: {error}") from error
    try:
        return _OTHER_EVENT.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvariantBroken(f"stored bytes are no event: {error}") from error


def batch_of(partition: int, events: Sequence[StoredEvent]) -> Batch:
    """Sort events by who needs them. Raises InvariantBroken on one that this program does not know."""
    batch = Batch(partition)
    schemas, hours_types = SCHEMAS_KNOWN, HOURS_TYPES
    for event in events:
        if schemas.get(event.type) != event.schemaversion:
            raise InvariantBroken(
                f"partition {partition} position {event.position}: {event.type} schema {event.schemaversion} is "
                "unknown here; a newer program wrote it, so project with that one"
            )
        if isinstance(event, HoursEvent) and event.type in hours_types:
            batch.hours.append(event)
        elif event.type not in NOT_PROJECTED:
            batch.directory.append(_with_data(event))
    return batch


def recorded_at(event: StoredEvent) -> datetime:
    """Its record time."""
    return moment(event.time) if isinstance(event, HoursEvent) else event.time


def recorded_microseconds(events: Sequence[StoredEvent], moments: Moments) -> bytes:
    """Their record times: int64 microseconds since 2000 each, in their order."""
    return b"".join(
        [
            moments[event.time][_LENGTH_BYTES:]
            if isinstance(event, HoursEvent)
            else microseconds(event.time).to_bytes(8, "big", signed=True)
            for event in events
        ]
    )


def _with_data(event: StoredEvent) -> tuple[OtherEvent, DirectoryData]:
    where = f"partition {event.partition} position {event.position}: {event.type}"
    if isinstance(event, HoursEvent):
        raise InvariantBroken(f"{where} has the data of an event that moves hours")
    try:
        if event.type in HOURS_TYPES:
            _HOURS_DATA.decode(event.data)  # says what is wrong with it
            raise InvariantBroken(f"{where} cannot be read")
        return event, _DIRECTORY[event.type].decode(event.data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvariantBroken(f"{where}: {error}") from error


def sha256(stored: bytes) -> bytes:
    """The hash by which store, topic and projections are compared."""
    return hashlib.sha256(stored).digest()
