"""What does an event say of the attendance it belongs to? State, flags, reasons, head count; null is "as before".

The view `attendances` folds what all events of an attendance say.
"""

from __future__ import annotations

import struct
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import EMPTY_TEXTS, NULL, text_or_null, texts
from ledger.projections.hours_data import HoursData
from ledger.projections.stored_event import HoursEvent

STATES: Final[dict[str, str | None]] = {
    "volunteer-checked-in": "present",
    "volunteer-checked-out": "recorded",
    "attendance-recorded": "recorded",
    "attendance-corrected": "recorded",
    "attendance-withdrawn": "withdrawn",
    "attendance-transferred": "transferred",
    "attendance-received": "recorded",
    "hours-verified": "verified",
    "hours-declined": "declined",
    "hours-reversed": "reversed",
    "hours-released": None,
    "hours-claimed": "claimed",
    "hours-adjusted": "verified",
    "hours-disputed": "disputed",
    "dispute-resolved": None,
    "attendance-confirmed": None,
    "verification-begun": None,
    "group-attendance-recorded": "recorded",
    "group-attendance-corrected": "recorded",
    "group-attendance-withdrawn": "withdrawn",
    "group-head-named": None,
    "group-hours-verified": "verified",
    "group-hours-declined": "declined",
    "group-hours-reversed": "reversed",
}
"""The attendance's state after each event; None: as the event says, else as before."""

_STATES_WITH_REST: Final = {"hours-declined": "verified", "hours-reversed": "recorded"}
"""The state when a decision about a person leaves seconds that count."""

_counted: Final = struct.Struct("!iii?").pack

_DECIDES_HOURS: Final = frozenset(
    {
        "volunteer-checked-out",
        "attendance-recorded",
        "attendance-received",
        "attendance-corrected",
        "hours-claimed",
        "group-attendance-recorded",
        "group-attendance-corrected",
    }
)
"""Events that say flags, withheld reason and source anew, even when they say none."""

_ENDS_WITHHOLDING: Final = frozenset(
    {
        "attendance-withdrawn",
        "attendance-transferred",
        "hours-declined",
        "hours-released",
        "dispute-resolved",
        "group-attendance-withdrawn",
        "group-hours-declined",
    }
)
"""Events after which nothing is withheld, unless they give a reason."""


SAID_COLUMNS: Final = 6


def said_of_attendance(event: HoursEvent) -> bytes:
    """Columns head_count, migrated, state, policy, flags and withheld_reasons."""
    hours, decides = event.data, event.type in _DECIDES_HOURS
    flags = texts(hours.flags) if decides else NULL
    reasons = EMPTY_TEXTS if decides or event.type in _ENDS_WITHHOLDING else NULL
    if hours.withheld_reason is not None:
        reasons = texts((hours.withheld_reason,))
    counted = _counted(4, _head_count(hours), 1, decides and hours.source == "migrated")
    return b"".join((counted, text_or_null(_state(event)), text_or_null(event.policy), flags, reasons))


def _head_count(hours: HoursData) -> int:
    """People counted: what a head count says, one for a person; 0: as before."""
    if hours.head_count is not None:
        return hours.head_count
    if hours.heads_left is not None:
        return hours.heads_left
    return 1 if hours.start is not None or hours.at is not None else 0


def _state(event: HoursEvent) -> str | None:
    if event.data.counted and event.type in _STATES_WITH_REST:
        return _STATES_WITH_REST[event.type]
    if event.type not in STATES:
        raise InvariantBroken(f"{event.type} moves hours, but not to any state of an attendance")
    return event.data.attendance_state or STATES[event.type]
