"""What can happen to a live session: everything in a stream opportunities/{o}/shifts/{s}/liveSessions/{l}.

These names and fields are the stored format: version them with care. What they count for stands in `live_presence`.

    opened ─► presences and signs, again and again ─► ended ─► peak certified ─► confirmed by adjudicators
                                                       └─► curves of outside platforms attached, as evidence
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from ledger.domain.event import Event, Value, stored_name

RULE_VERSION: Final = 1
SILENCE_SECONDS: Final = 90
SILENCE_SECONDS_MIN: Final = 10
SILENCE_SECONDS_MAX: Final = 600
JOINS_TOGETHER: Final = 300
"""At most in one event: with the longest names it stays below what can be stored."""
ENDS_TOGETHER: Final = 300
SIGNS_TOGETHER: Final = 10_000
CURVE_POINTS_MAX: Final = 2_000

Seconds: TypeAlias = Annotated[int, Field(ge=0)]
"""After the event's `base`."""
Number: TypeAlias = Annotated[int, Field(ge=1)]
"""Of a connection: its place among the joins of the session."""
EndedBy: TypeAlias = Literal["left", "silent"]


class LiveRule(Value):
    """By which attendance is counted (docs/live-lessons.md, The declared rule)."""

    version: Annotated[int, Field(ge=1, le=RULE_VERSION)]
    silence_seconds: Annotated[int, Field(ge=SILENCE_SECONDS_MIN, le=SILENCE_SECONDS_MAX)]
    registration_required: bool
    excluded: tuple[str, ...]
    """Test accounts, ascending: they count for nothing."""


class Joined(Value):
    """A device of a person."""

    volunteer: str
    seconds: Seconds
    """The first whole second that counts."""


class Ended(Value):
    """A connection."""

    number: Number
    seconds: Seconds
    """Its last second: that of the leave, or of its last sign of life."""
    ended_by: EndedBy


class Signs(Value):
    """What was heard in one second."""

    seconds: Seconds
    numbers: tuple[Number, ...]
    """Of connections, ascending, each as the difference to the one before, the first to 0."""


class CurvePoint(Value):
    """So many from this second on."""

    seconds: Seconds
    participants: Annotated[int, Field(ge=0)]


class _OfSession(Event):
    """Fields of all of them."""

    session: str
    shift: str
    opportunity: str


@stored_name("live-session-opened")
class LiveSessionOpened(_OfSession):
    """People can attend from now on; the rule never changes."""

    organization: str
    rule: LiveRule
    at: AwareDatetime


@stored_name("live-presences-recorded")
class LivePresencesRecorded(_OfSession):
    """Devices that joined, and connections that ended, all that came together."""

    base: AwareDatetime
    """A whole second."""
    first_number: Number
    """Of the first join; the others follow."""
    joined: tuple[Joined, ...]
    ended: tuple[Ended, ...]


@stored_name("live-signs-recorded")
class LiveSignsRecorded(_OfSession):
    """Which connections showed a sign of life, second by second."""

    base: AwareDatetime
    """A whole second."""
    through_seconds: Seconds
    """Until here the process that recorded this has stored what it heard."""
    signs: tuple[Signs, ...]


@stored_name("live-session-ended")
class LiveSessionEnded(_OfSession):
    """Whoever is still there leaves with it."""

    at: AwareDatetime
    """The last whole second that counts."""


@stored_name("external-curve-attached")
class ExternalCurveAttached(_OfSession):
    """What an outside platform exported: evidence of its own class, never merged with what was counted here."""

    evidence_class: Literal["external"]
    platform: str
    file_sha256: str
    """Of the file it was read from, hexadecimal."""
    base: AwareDatetime
    points: tuple[CurvePoint, ...]


@stored_name("peak-certified")
class PeakCertified(_OfSession):
    """The authority says how many were there at once."""

    certificate: str
    """A compact JWS, whole: it can be told again whatever becomes of keys and databases."""
    peak_participants: Annotated[int, Field(ge=0)]
    first_second: AwareDatetime | None = None
    """None: nobody was there."""
    peak_seconds: Annotated[int, Field(ge=0)]
    persons: Annotated[int, Field(ge=0)]


@stored_name("peak-confirmed")
class PeakConfirmed(_OfSession):
    """An adjudicator counted again and agrees."""

    certificate_sha256: str
    """Of the certificate's text, hexadecimal."""
    verifier_key: str
    """As in a signed note: name, hash and Ed25519 key."""
    signature: str
    """Base64, over the text of `countersigned_text`."""
