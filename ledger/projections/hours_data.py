"""`data` of the events that move hours or tell of a presence. They share these fields, so one struct reads them all."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

Class: TypeAlias = Literal["outside", "claimed", "attended", "verified", "disputed", "withheld", "reversed"]

CLASS_NUMBERS: Final[dict[Class, int]] = {
    "outside": 0,
    "claimed": 1,
    "attended": 2,
    "verified": 3,
    "disputed": 4,
    "withheld": 5,
    "reversed": 6,
}
"""As in the proto's EvidenceClass."""


class EntryData(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One movement of seconds between two accounts of the event's holder."""

    service_date: str
    """ISO 8601, checked when it becomes a day."""
    from_class: Class
    to_class: Class
    seconds: int
    reason: str | None = None


class HoursData(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Everything such an event may say. What no projection reads stays raw; times are read when they become columns."""

    holder: str
    attendance: str
    organization: str
    opportunity: str
    shift: str
    entries: tuple[EntryData, ...] = ()
    at: str | None = None
    start: str | None = None
    end: str | None = None
    counted: tuple[msgspec.Raw, ...] = ()
    head_count: int | None = None
    flags: tuple[str, ...] = ()
    withheld_reason: str | None = None
    heads_left: int | None = None
    source: Literal["native", "migrated"] | None = None
    attendance_state: Literal["claimed", "recorded", "verified", "declined", "reversed"] | None = None
    attended_seconds: msgspec.Raw = msgspec.Raw()
    verified_seconds: msgspec.Raw = msgspec.Raw()
    service_date: msgspec.Raw = msgspec.Raw()
    served: msgspec.Raw = msgspec.Raw()
    time_zone: msgspec.Raw = msgspec.Raw()
    crediting: msgspec.Raw = msgspec.Raw()
    method: msgspec.Raw = msgspec.Raw()
    imported_from: msgspec.Raw = msgspec.Raw()
    appointment: msgspec.Raw = msgspec.Raw()
    reason: msgspec.Raw = msgspec.Raw()
    resolution: msgspec.Raw = msgspec.Raw()
    was_served: msgspec.Raw = msgspec.Raw()
    to_attendance: msgspec.Raw = msgspec.Raw()
    to_shift: msgspec.Raw = msgspec.Raw()
    transferred_from: msgspec.Raw = msgspec.Raw()
    seconds_left: msgspec.Raw = msgspec.Raw()


HOURS_TYPES: Final = frozenset(
    {
        "volunteer-checked-in",
        "volunteer-checked-out",
        "attendance-recorded",
        "attendance-corrected",
        "attendance-withdrawn",
        "attendance-transferred",
        "attendance-received",
        "hours-verified",
        "hours-declined",
        "hours-reversed",
        "hours-released",
        "hours-claimed",
        "hours-adjusted",
        "hours-disputed",
        "dispute-resolved",
        "attendance-confirmed",
        "verification-begun",
        "group-attendance-recorded",
        "group-attendance-corrected",
        "group-attendance-withdrawn",
        "group-head-named",
        "group-hours-verified",
        "group-hours-declined",
        "group-hours-reversed",
    }
)
