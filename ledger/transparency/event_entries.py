"""Which entries an event causes, read from its stored bytes alone, by rules of this package's own (`docs/format.md`).

An auditor who distrusts everything else reads the log with this. Whatever it doesn't understand it refuses: an unknown
type, a newer schema, an unknown or repeated member. A reader that skipped it could leave out an entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ledger.transparency.entry_chain import CLASS_NUMBERS, NUMBER_MAX, Entry
from ledger.transparency.event_types import KNOWN, MOVES_HOURS, SCHEMA
from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import holder_of
from ledger.transparency.tree_hash import leaf_hash

EVENT_BYTES_MAX: Final = 65_535

_FORM: Final = "event"
_Class: TypeAlias = Literal["outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed"]


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: str
    partition: Annotated[int, Meta(ge=0)]
    position: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    streamversion: int
    schemaversion: int
    actor: str
    client: str
    requestid: str
    requesthash: str
    data: msgspec.Raw
    sourcetime: str | UnsetType = UNSET
    policy: str | UnsetType = UNSET
    corrects: str | UnsetType = UNSET


class _Movement(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    service_date: str
    from_class: _Class
    to_class: _Class
    seconds: int
    reason: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


class _Hours(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Every field an event of MOVES_HOURS may have. What decides no entry stays raw."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[_Movement, ...]
    appointment: msgspec.Raw = msgspec.Raw()
    attendance_state: msgspec.Raw = msgspec.Raw()
    attended_seconds: msgspec.Raw = msgspec.Raw()
    counted: msgspec.Raw = msgspec.Raw()
    crediting: msgspec.Raw = msgspec.Raw()
    end: msgspec.Raw = msgspec.Raw()
    flags: msgspec.Raw = msgspec.Raw()
    head_count: msgspec.Raw = msgspec.Raw()
    imported_from: msgspec.Raw = msgspec.Raw()
    method: msgspec.Raw = msgspec.Raw()
    reason: msgspec.Raw = msgspec.Raw()
    resolution: msgspec.Raw = msgspec.Raw()
    served: msgspec.Raw = msgspec.Raw()
    service_date: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()
    start: msgspec.Raw = msgspec.Raw()
    time_zone: msgspec.Raw = msgspec.Raw()
    verified_seconds: msgspec.Raw = msgspec.Raw()
    withheld_reason: msgspec.Raw = msgspec.Raw()
    was_served: msgspec.Raw = msgspec.Raw()
    to_attendance: msgspec.Raw = msgspec.Raw()
    to_shift: msgspec.Raw = msgspec.Raw()
    transferred_from: msgspec.Raw = msgspec.Raw()
    heads_left: msgspec.Raw = msgspec.Raw()
    seconds_left: msgspec.Raw = msgspec.Raw()


_Number: TypeAlias = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
_Plain0: TypeAlias = str | bool | _Number
_Plain1: TypeAlias = _Plain0 | list[_Plain0] | dict[str, _Plain0]
_Plain2: TypeAlias = _Plain0 | list[_Plain1] | dict[str, _Plain1]
_Plain3: TypeAlias = _Plain0 | list[_Plain2] | dict[str, _Plain2]
_Plain4: TypeAlias = _Plain0 | list[_Plain3] | dict[str, _Plain3]
"""Neither null nor any number but a plain one, nowhere, to a depth that no event of today reaches."""

_PLAIN: Final = msgspec.json.Decoder(dict[str, _Plain4])
_AGAIN: Final = msgspec.json.Encoder()
_EVENT: Final = msgspec.json.Decoder(_Event)
_HOURS: Final = msgspec.json.Decoder(_Hours)


@dataclass(frozen=True, slots=True)
class EventEntries:
    """What an event moves: nothing (no entries), or seconds of one holder."""

    partition: int
    position: int
    holder: str
    """Empty for an event of a type that moves nothing."""
    entries: tuple[Entry, ...]


def entries_of_event(stored: bytes) -> EventEntries:
    """The entries of an event, from its stored bytes.

    Raises:
        Malformed: they are no event of `docs/format.md`, or one that this program does not understand.
    """
    try:
        members = _members_if_plain(stored) or _members(stored)
        event = _EVENT.decode(stored)
        if event.schemaversion != SCHEMA or event.type not in KNOWN:
            raise Malformed(_FORM, f"{event.type[:60]!r} schema {event.schemaversion} is unknown to this program")
        if event.type in MOVES_HOURS:
            return _moved(event, _HOURS.decode(event.data), leaf_hash(stored))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(_FORM, f"it must be as docs/format.md says: {error}") from error
    data = members["data"]
    if not isinstance(data, dict) or "entries" in data:
        raise Malformed(_FORM, f"{event.type} at position {event.position} must have data without entries")
    return EventEntries(event.partition, event.position, "", ())


def _moved(event: _Event, hours: _Hours, event_leaf_hash: bytes) -> EventEntries:
    if hours.attendance != event.subject or hours.holder != holder_of(event.subject):
        # Routing goes by the stream's name: entries of another holder would lie in a partition where nobody looks.
        raise Malformed(_FORM, f"{event.subject[:200]!r} must move hours of its own holder, not {hours.holder[:140]!r}")
    entries = tuple(
        Entry(
            position=event.position,
            entry_index=index,
            from_class=CLASS_NUMBERS[movement.from_class],
            to_class=CLASS_NUMBERS[movement.to_class],
            seconds=movement.seconds,
            service_date=movement.service_date,
            reason="" if movement.reason is UNSET else movement.reason,
            attendance=hours.attendance,
            event_leaf_hash=event_leaf_hash,
        )
        for index, movement in enumerate(hours.entries)
    )
    return EventEntries(event.partition, event.position, hours.holder, entries)


def _members_if_plain(stored: bytes) -> Mapping[str, object] | None:
    """What `_members` gives, many times as quick, for an event written as this ledger writes; None: look closer.

    What is read and written again is the same bytes only if no member was repeated (a dict drops one), nothing stands
    between the tokens, and no text or number has a second spelling.
    """
    if len(stored) > EVENT_BYTES_MAX:
        return None
    try:
        members = _PLAIN.decode(stored)
        return members if _AGAIN.encode(members) == stored else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _members(stored: bytes) -> dict[str, object]:
    """The event as plain JSON: only here is seen what readers would take in different ways.

    A repeated member, null, numbers with a sign, a fraction or an exponent, line breaks (`docs/format.md`, An event is
    its bytes).
    """
    if len(stored) > EVENT_BYTES_MAX:
        raise Malformed(_FORM, f"it must have at most {EVENT_BYTES_MAX} bytes, not {len(stored)}")
    if b"\n" in stored or b"\r" in stored:
        raise Malformed(_FORM, "no line break may stand in it")
    members: object = _JSON.decode(stored.decode("utf-8"))
    if not isinstance(members, dict):
        raise Malformed(_FORM, "it must be a JSON object")
    return members


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed(_FORM, "every member must appear once")
    if None in members.values():
        raise Malformed(_FORM, "what has no value must be absent, not null")
    return members


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS_MAX or digits[0] == "-" or (number := int(digits)) > NUMBER_MAX:
        raise Malformed(_FORM, f"a number must be digits from 0 to {NUMBER_MAX}, not {digits[:30]}")
    return number


def _no_number(text: str) -> object:
    raise Malformed(_FORM, f"a number must be digits alone, not {text[:30]}")


_DIGITS_MAX: Final = len(str(NUMBER_MAX))
_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_whole, parse_float=_no_number, parse_constant=_no_number
)
