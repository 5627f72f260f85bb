"""The stored bytes of an event: one CloudEvents 1.0 event in JSON, structured mode (`docs/format.md`).

These very bytes are hashed, published, exported and streamed; nothing re-encodes them. What gives an event its meaning
is in them: columns beside them are copies that a reader compares.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from ledger.domain.event import RecordedEvent, read_event
from ledger.domain.refusals import InvariantBroken

EVENT_BYTES_MAX: Final = 65_535
"""The limit of an entry in a tile log (tlog-tiles: a uint16 length stands before it)."""

CONTENT_TYPE: Final = "application/cloudevents+json"


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All attributes of a stored event. Fields are written in this order and never renamed."""

    specversion: str
    id: str
    """128 random bits, 32 hexadecimal digits."""
    source: str
    """The ledger's id."""
    type: str
    """The stored name."""
    subject: str
    """The stream."""
    time: datetime
    """Record time: the database's clock under the partition lock, never earlier than the event's before."""
    partition: int
    position: int
    streamversion: int
    schemaversion: int
    actor: str
    client: str
    requestid: str
    """The caller's request_id; `/{item}` is added for one item of a page."""
    requesthash: str
    """HMAC-SHA-256 of the request's body under a server secret, hexadecimal."""
    data: msgspec.Raw
    sourcetime: datetime | None = None
    """When an imported system says it learned the fact: the importer's claim."""
    policy: str | None = None
    corrects: str | None = None


_DECODER: Final = msgspec.json.Decoder(Envelope)
_ENCODER: Final = msgspec.json.Encoder()


def encode(envelope: Envelope) -> bytes:
    """The bytes to store."""
    return _ENCODER.encode(envelope)


def decode(stored: bytes) -> Envelope:
    """Read stored bytes.

    Raises:
        InvariantBroken: they are no event of this format.
    """
    try:
        envelope = _DECODER.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvariantBroken(f"stored bytes are no event: {error}") from error
    if envelope.specversion != "1.0" or envelope.position < 1 or envelope.streamversion < 1:
        raise InvariantBroken(f"stored bytes are no event: {envelope.specversion=} {envelope.position=}")
    return envelope


def recorded_event(envelope: Envelope) -> RecordedEvent:
    """The event as the domain folds it. Raises InvariantBroken for a name or version unknown here."""
    return RecordedEvent(
        stream=envelope.subject,
        version=envelope.streamversion,
        event_id=envelope.id,
        partition=envelope.partition,
        position=envelope.position,
        recorded_at=envelope.time,
        actor=envelope.actor,
        data=read_event(envelope.type, envelope.schemaversion, bytes(envelope.data)),
        policy=envelope.policy,
        corrects=envelope.corrects,
        source_time=envelope.sourcetime,
    )


def sha256(stored: bytes) -> bytes:
    """The hash by which store, topic and projections are compared."""
    return hashlib.sha256(stored).digest()


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, as it is stored."""
    return moment.astimezone(UTC)
