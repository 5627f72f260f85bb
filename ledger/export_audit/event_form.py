"""One event of an export, by itself: whether its bytes are what `docs/format.md` allows at this position.

Its JSON and its entries are read by `ledger.transparency.event_entries`, whose rules decide every balance; attributes
and data of every type by strict decoders of this package. Every fault gets the name of its field.
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

from ledger.auditing.finding import shown
from ledger.domain.ledger_kind import belongs, kind_of_ledger
from ledger.domain.ledger_opened import FORMAT_VERSION
from ledger.domain.streams import ROUTING_RULE, ledger_stream, partition_of
from ledger.export_audit.event_table import (
    DECODERS,
    SUBJECTS,
    LedgerOpened,
    MovesHours,
    OfAnomaly,
    OfAttendance,
    OfCompletion,
    OfDonation,
    OfMilestone,
    OfNomination,
    OfProject,
    OfSession,
    OfStanding,
    OfStatement,
    OfSubscription,
    PeriodClosed,
    ShiftOpened,
)
from ledger.export_audit.value_forms import (
    EventId,
    Fields,
    NotEmpty,
    PolicyVersion,
    Position,
    RecordTime,
    RequestHash,
    SourceTime,
    WholeNumber,
)
from ledger.transparency.entry_chain import Entry
from ledger.transparency.event_entries import EventEntries, entries_of_event
from ledger.transparency.event_types import SCHEMA
from ledger.transparency.failures import Malformed

STREAM_VERSION_MAX: Final = 2**31 - 1
AS_THE_FORMAT_SAYS: Final = "as docs/format.md says"

_BODY: Final = "body"
_DATA: Final = "data"
_OPENED: Final = "ledger-opened"
_WHERE: Final = re.compile(r"(?s)(?P<said>.*) - at `\$\.?(?P<path>[^`]*)`")
_NAMED: Final = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_STEPS: Final = re.compile(r"[^.\[\]]+")
_BEGAN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Attributes(Fields, kw_only=True):
    specversion: Literal["1.0"]
    id: EventId
    source: str
    type: str
    subject: str
    time: RecordTime
    partition: WholeNumber
    position: Position
    streamversion: Annotated[int, Meta(ge=1, le=STREAM_VERSION_MAX)]
    schemaversion: int
    actor: NotEmpty
    client: NotEmpty
    requestid: str
    requesthash: RequestHash
    data: msgspec.Raw
    sourcetime: SourceTime | UnsetType = UNSET
    policy: PolicyVersion | UnsetType = UNSET
    corrects: EventId | UnsetType = UNSET


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
    closed: PeriodClosed | None
    """What it closed, if it did."""


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
            event, data = _decoded(stored)
            moved = _moved(stored, event, data)
        except Unreadable as fault:
            faults.append(Fault(position, "", fault.field, fault.expected, shown(fault.found)))
            return None
        for field, expected, found in self._differences(position, event, data):
            faults.append(Fault(position, shown(event.subject), field, expected, shown(found)))
        return ReadEvent(
            event.subject,
            event.streamversion,
            event.id,
            event.client,
            event.requestid,
            _microseconds(event.time),
            moved.holder,
            moved.entries,
            data if isinstance(data, PeriodClosed) else None,
        )

    def _differences(self, position: int, event: _Attributes, data: Fields) -> Iterator[tuple[str, str, object]]:
        """Field, what it must be, what it is: the event's place, and its request."""
        if event.partition != self.partition:
            yield "partition", str(self.partition), event.partition
        if event.position != position:
            yield "position", str(position), event.position
        if event.source != self.ledger_id:
            yield "source", self.ledger_id, event.source
        if SUBJECTS[event.type].fullmatch(event.subject) is None:
            yield "subject", f"a stream in which {event.type} can lie", event.subject
        elif not belongs(event.subject, kind := kind_of_ledger(self.ledger_id)):
            yield "subject", f"a stream of a ledger of kind {kind}", event.subject
        elif (home := partition_of(event.subject, self.partitions)) != self.partition:
            yield "subject", f"a stream that routing puts into partition {self.partition}", f"one of partition {home}"
        if isinstance(data, LedgerOpened) != (position == 1):
            yield "type", f"{_OPENED} at position 1, and only there", event.type
        elif isinstance(data, LedgerOpened):
            yield from self._opening(event, data)
        if bool(event.requestid) != bool(event.requesthash):
            yield "requesthash", "empty with requestid, and only then", event.requesthash

    def _opening(self, event: _Attributes, opened: LedgerOpened) -> Iterator[tuple[str, str, object]]:
        told = (
            ("subject", ledger_stream(self.partition), event.subject),
            ("data.ledger_id", self.ledger_id, opened.ledger_id),
            ("data.partitions", self.partitions, opened.partitions),
            ("data.routing_rule", ROUTING_RULE, opened.routing_rule),
            ("data.format_version", FORMAT_VERSION, opened.format_version),
        )
        yield from ((field, str(expected), found) for field, expected, found in told if found != expected)


def _decoded(stored: bytes) -> tuple[_Attributes, Fields]:
    """Attributes and data. Raises Unreadable."""
    try:
        event = _ATTRIBUTES.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, "", stored) from error
    if event.type not in DECODERS:
        raise Unreadable("type", "one that docs/format.md names", event.type)
    if event.schemaversion != SCHEMA:
        raise Unreadable("schemaversion", str(SCHEMA), event.schemaversion)
    try:
        return event, DECODERS[event.type].decode(event.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, _DATA, bytes(event.data)) from error


def _moved(stored: bytes, event: _Attributes, data: Fields) -> EventEntries:
    """The entries, once what the fields say together is right. Raises Unreadable."""
    if isinstance(data, OfAttendance | OfStanding | OfMilestone | OfStatement | OfCompletion):
        holder = "/".join(event.subject.split("/", 2)[:2])
        _need_equal("data.holder", holder, data.holder)
    if isinstance(data, OfStanding):
        _need_equal("data.standing", event.subject, data.standing)
    if isinstance(data, OfMilestone):
        _need_equal("data.milestone", event.subject, data.milestone)
    if isinstance(data, OfNomination):
        _need_equal("data.nomination", event.subject, data.nomination)
    if isinstance(data, OfAnomaly):
        _need_equal("data.anomaly", event.subject, data.anomaly)
    if isinstance(data, OfStatement):
        _need_equal("data.statement", event.subject, data.statement)
    if isinstance(data, OfCompletion):
        _need_equal("data.completion", event.subject, data.completion)
    if isinstance(data, OfSubscription):
        _need_equal("data.subscription", event.subject, data.subscription)
    if isinstance(data, OfSession):
        _need_equal("data.session", event.subject, data.session)
    if isinstance(data, OfProject):
        _need_equal("data.project", "/".join(event.subject.split("/", 2)[:2]), data.project)
    if isinstance(data, OfDonation):
        _need_equal("data.donation", event.subject, data.donation)
    if isinstance(data, OfAttendance):
        _need_equal("data.attendance", event.subject, data.attendance)
    if isinstance(data, ShiftOpened):
        times = [given is not UNSET for given in (data.start, data.end, data.service_date)]
        if times not in ([True, True, False], [False, False, True]):
            raise Unreadable("data.start", "there with end, or service_date instead of both", "otherwise")
    if isinstance(data, MovesHours):
        for index, entry in enumerate(data.entries):
            if entry.to_class in ("outside", entry.from_class):
                raise Unreadable(f"data.entries[{index}].to_class", "another class, and not outside", entry.to_class)
    try:
        return entries_of_event(stored)
    except Malformed as error:
        raise Unreadable(_BODY, AS_THE_FORMAT_SAYS, f"not understood ({error.reason})") from error


def _need_equal(field: str, expected: str, found: str) -> None:
    if found != expected:
        raise Unreadable(field, shown(expected), found)


def _microseconds(time: str) -> int:
    """Of a record time in its one form."""
    since = datetime.fromisoformat(time) - _BEGAN
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _unreadable(error: Exception, prefix: str, json_text: bytes) -> Unreadable:
    """A decoder's complaint, with the field it is about and what stands there."""
    said = _WHERE.fullmatch(str(error))
    missing = _NAMED.fullmatch(said["said"] if said else str(error))
    path = ".".join(filter(None, (prefix, said["path"] if said else "", missing["name"] if missing else "")))
    if not path:
        return Unreadable(_BODY, AS_THE_FORMAT_SAYS, f"not understood ({error})")
    if missing is not None:
        return Unreadable(shown(path), AS_THE_FORMAT_SAYS, "missing" if "missing" in str(error) else "unknown")
    expected = said["said"] if said else str(error)
    expected = expected.partition(", got ")[0].removeprefix("Expected ")
    return Unreadable(path, expected, _at(json_text, said["path"] if said else ""))


def _at(json_text: bytes, path: str) -> object:
    """What stands at a path, as far as it can be told."""
    try:
        found: object = json.loads(json_text)
    except (ValueError, RecursionError):
        return "unreadable"
    for step in _STEPS.findall(path):
        if isinstance(found, dict):
            found = found.get(step, "missing")
        elif isinstance(found, list) and step.isdecimal():
            found = found[int(step)]
    return found
