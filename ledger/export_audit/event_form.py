"""One event of an export, by itself: whether its bytes are what `docs/format.md` allows at this position.

Entries are read by `ledger.transparency.event_entries`, whose rules decide every balance, and data of every type by the
domain's strict classes. Here the attributes are read, and every fault gets the name of its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType
from pydantic import ValidationError

from ledger.auditing.finding import shown
from ledger.domain import catalogue
from ledger.domain.event import read_event
from ledger.domain.ledger_opened import FORMAT_VERSION
from ledger.domain.refusals import InvariantBroken
from ledger.domain.streams import ROUTING_RULE, ledger_stream, partition_of
from ledger.export_audit.stream_names import SUBJECT_OF
from ledger.transparency.entry_chain import NUMBER_MAX, Entry
from ledger.transparency.event_entries import entries_of_event
from ledger.transparency.event_types import SCHEMA
from ledger.transparency.failures import Malformed

STREAM_VERSION_MAX: Final = 2**31 - 1
AS_THE_FORMAT_SAYS: Final = "as docs/format.md says"

_BODY: Final = "body"
_OPENED: Final = "ledger-opened"
_ID: Final = r"\A[0-9a-f]{32}\Z"
_TIME: Final = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z\Z"
_HASH: Final = r"\A(?:[0-9a-f]{64})?\Z"
_POLICY: Final = r"\Apolicies/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/versions/[1-9][0-9]*\Z"
_WHERE: Final = re.compile(r"(?s)(?P<said>.*) - at `\$\.?(?P<path>[^`]*)`")
_BEGAN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: Final = catalogue.EVOLVE
"""Not asked: to import the catalogue makes every stored name known to `read_event`."""


class _Attributes(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    specversion: Literal["1.0"]
    id: Annotated[str, Meta(pattern=_ID)]
    source: str
    type: str
    subject: str
    time: Annotated[str, Meta(pattern=_TIME)]
    partition: Annotated[int, Meta(ge=0)]
    position: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    streamversion: Annotated[int, Meta(ge=1, le=STREAM_VERSION_MAX)]
    schemaversion: int
    actor: Annotated[str, Meta(min_length=1)]
    client: str
    requestid: str
    requesthash: Annotated[str, Meta(pattern=_HASH)]
    data: msgspec.Raw
    sourcetime: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    policy: Annotated[str, Meta(pattern=_POLICY)] | UnsetType = UNSET
    corrects: Annotated[str, Meta(pattern=_ID)] | UnsetType = UNSET


_ATTRIBUTES: Final = msgspec.json.Decoder(_Attributes)


class Fault(NamedTuple):
    """What is wrong with one event."""

    position: int
    row: str
    field: str
    expected: str
    found: str


class ReadEvent(NamedTuple):
    """What later passes need of an event."""

    subject: str
    streamversion: int
    event_id: str
    client: str
    requestid: str
    recorded_microseconds: int
    """Record time, since 1970 UTC."""
    holder: str
    entries: tuple[Entry, ...]


class Unreadable(Exception):
    """The event is not understood, so nothing that follows from it can be judged."""

    def __init__(self, field: str, expected: str, found: object) -> None:
        super().__init__(field)
        self.field = field
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class EventForm:
    """The form of the events of one partition's log."""

    ledger_id: str
    partition: int
    partitions: int

    def read(self, position: int, stored: bytes, faults: list[Fault]) -> ReadEvent | None:
        """The event; None if it is not understood. What is wrong with it is added to `faults`."""
        try:
            attributes, entries = _decoded(stored)
            recorded = _microseconds(attributes.time)
        except Unreadable as fault:
            faults.append(Fault(position, "", fault.field, fault.expected, shown(fault.found)))
            return None
        for field, expected, found in self._differences(position, attributes):
            faults.append(Fault(position, shown(attributes.subject), field, expected, shown(found)))
        return ReadEvent(
            attributes.subject,
            attributes.streamversion,
            attributes.id,
            attributes.client,
            attributes.requestid,
            recorded,
            entries.holder,
            entries.entries,
        )

    def _differences(self, position: int, event: _Attributes) -> Iterator[tuple[str, str, object]]:
        """Field, what it must be, what it is."""
        if event.partition != self.partition:
            yield "partition", str(self.partition), event.partition
        if event.position != position:
            yield "position", str(position), event.position
        if event.source != self.ledger_id:
            yield "source", self.ledger_id, event.source
        if SUBJECT_OF[event.type].fullmatch(event.subject) is None:
            yield "subject", f"a stream in which {event.type} can lie", event.subject
        elif (home := partition_of(event.subject, self.partitions)) != self.partition:
            yield "subject", f"a stream that routing puts into partition {self.partition}", f"one of partition {home}"
        if (event.type == _OPENED) != (position == 1):
            yield "type", f"{_OPENED}, first and only there", event.type
        elif position == 1:
            yield from self._opening(event)
        if bool(event.requestid) != bool(event.requesthash):
            yield "requesthash", "empty with requestid, and only then", event.requesthash

    def _opening(self, event: _Attributes) -> Iterator[tuple[str, str, object]]:
        opened: dict[str, object] = msgspec.json.decode(event.data)
        told = {
            "ledger_id": self.ledger_id,
            "partitions": self.partitions,
            "routing_rule": ROUTING_RULE,
            "format_version": FORMAT_VERSION,
        }
        if event.subject != ledger_stream(self.partition):
            yield "subject", ledger_stream(self.partition), event.subject
        for field, expected in told.items():
            if opened.get(field) != expected:
                yield f"data.{field}", str(expected), opened.get(field)


class _Read(NamedTuple):
    holder: str
    entries: tuple[Entry, ...]


def _decoded(stored: bytes) -> tuple[_Attributes, _Read]:
    """The attributes and the entries, once all of the event is understood. Raises Unreadable."""
    if b"\n" in stored or b"\r" in stored:
        raise Unreadable(_BODY, "JSON without line breaks", "one with a line break")
    try:
        attributes = _ATTRIBUTES.decode(stored)
        if attributes.type not in SUBJECT_OF:
            raise Unreadable("type", "one that docs/format.md names", attributes.type)
        if attributes.schemaversion != SCHEMA:
            raise Unreadable("schemaversion", str(SCHEMA), attributes.schemaversion)
        moved = entries_of_event(stored)
        read_event(attributes.type, attributes.schemaversion, bytes(attributes.data))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(("data", *map(str, first["loc"])))
        raise Unreadable(path, f"a value of {attributes.type}", first["msg"]) from error
    except msgspec.MsgspecError as error:
        raise _named(error, stored) from error
    except Malformed as error:
        raise Unreadable(_BODY, AS_THE_FORMAT_SAYS, f"not understood ({error.reason})") from error
    except (InvariantBroken, ValueError, RecursionError) as error:
        raise Unreadable(_BODY, AS_THE_FORMAT_SAYS, f"not understood ({error})") from error
    return attributes, _Read(moved.holder, moved.entries)


def _microseconds(time: str) -> int:
    try:
        since = datetime.fromisoformat(time) - _BEGAN
    except ValueError as error:
        raise Unreadable("time", "a moment that exists", f"{time} ({error})") from error
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _named(error: msgspec.MsgspecError, stored: bytes) -> Unreadable:
    """The decoder's complaint, with the field it is about and what stands there."""
    said = _WHERE.fullmatch(str(error))
    if said is None or not said["path"]:
        return Unreadable(_BODY, AS_THE_FORMAT_SAYS, f"not understood ({error})")
    expected = said["said"].partition(", got ")[0].removeprefix("Expected ")
    return Unreadable(said["path"], expected, _at(stored, said["path"]))


def _at(stored: bytes, path: str) -> object:
    """What stands at a member of the event, as far as it can be told."""
    try:
        members: object = json.loads(stored)
    except (ValueError, RecursionError):
        return "unreadable"
    return members.get(path, "missing") if isinstance(members, dict) else members
