"""What somebody looks for, as the text that is sealed: docs/finding.md, "What is sealed of preferences"."""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.domain.refusals import InvariantBroken

ZONE_DEFAULT: Final = "Asia/Riyadh"
DAY_MINUTES: Final = 1440


class FreeTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time of one day of each week."""

    weekday: int
    """1 is Monday, 7 is Sunday."""
    from_minute: int = 0
    until_minute: int = DAY_MINUTES


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody looks for."""

    skills: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    availability: tuple[FreeTime, ...] = ()
    """Empty: any time."""
    time_zone: str = ""
    home_region: str = ""
    home_city: str = ""
    home: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""
    distance_metres_max: int = 0
    """0: any."""
    online_ok: bool = False


_DECODER: Final = msgspec.json.Decoder(Preferences)


def written(preferences: Preferences) -> str:
    """As it is sealed."""
    return msgspec.json.encode(preferences).decode()


def read(text: str) -> Preferences:
    """What was sealed. Raises InvariantBroken for anything else; the error repeats none of it."""
    try:
        return _DECODER.decode(text)
    except msgspec.MsgspecError:
        raise InvariantBroken("sealed preferences have not their form") from None
