"""`data` of the events about live sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    session: str
    shift: str
    opportunity: str


class Joined(msgspec.Struct, forbid_unknown_fields=True):
    """A device of a person."""

    volunteer: str
    seconds: int


class Ended(msgspec.Struct, forbid_unknown_fields=True):
    """A connection."""

    number: int
    seconds: int
    ended_by: str


class Signs(msgspec.Struct, forbid_unknown_fields=True):
    """What was heard in one second."""

    seconds: int
    numbers: list[int]


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """The declared rule."""

    version: int
    silence_seconds: int
    registration_required: bool
    excluded: list[str]


class LiveSessionOpened(_Data):
    """live-session-opened"""

    organization: str
    rule: Rule
    at: datetime


class LivePresencesRecorded(_Data):
    """live-presences-recorded"""

    base: datetime
    first_number: int
    joined: list[Joined]
    ended: list[Ended]


class LiveSignsRecorded(_Data):
    """live-signs-recorded"""

    base: datetime
    through_seconds: int
    signs: list[Signs]


class LiveSessionEnded(_Data):
    """live-session-ended"""

    at: datetime


LiveSessionData: TypeAlias = LiveSessionOpened | LivePresencesRecorded | LiveSignsRecorded | LiveSessionEnded

LIVE_SESSION_DATA: Final[dict[str, type[LiveSessionData]]] = {
    "live-session-opened": LiveSessionOpened,
    "live-presences-recorded": LivePresencesRecorded,
    "live-signs-recorded": LiveSignsRecorded,
    "live-session-ended": LiveSessionEnded,
}
