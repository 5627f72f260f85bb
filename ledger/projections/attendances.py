"""What became of a presence? One row for each event of an attendance; the view `attendances` folds them.

Rows are only added: that costs a third of changing one row again and again, and keeps the past.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, TypeAlias

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import (
    EMPTY_TEXTS,
    NULL,
    ReadDatabase,
    copy_rows,
    microseconds,
    moment_or_null,
    text,
    text_or_null,
    texts,
)
from ledger.projections.hours_data import HoursData
from ledger.projections.stored_event import Batch, HoursEvent

_COPY: Final = """
    copy attendance_versions (
        version, partition, position, head_count, migrated, attendance, holder, shift, state, policy, flags,
        withheld_reasons, start_time, end_time
    ) from stdin (format binary)
"""
_fixed: Final = struct.Struct("!h ii ii iq ii i?").pack
"""Number of columns, then length and value of the first five."""
_span: Final = struct.Struct("!iqiq").pack
_length: Final = struct.Struct("!i").pack

STATES: Final[dict[str, str | None]] = {
    "volunteer-checked-in": "present",
    "volunteer-checked-out": "recorded",
    "attendance-recorded": "recorded",
    "attendance-corrected": "recorded",
    "attendance-withdrawn": "withdrawn",
    "hours-verified": "verified",
    "hours-declined": "declined",
    "hours-reversed": "reversed",
    "hours-released": None,
    "group-attendance-recorded": "recorded",
    "group-attendance-corrected": "recorded",
    "group-attendance-withdrawn": "withdrawn",
    "group-hours-verified": "verified",
    "group-hours-declined": "declined",
    "group-hours-reversed": "reversed",
}
"""The attendance's state after each event; None: as before."""

_STATES_WITH_REST: Final = {"hours-declined": "verified", "hours-reversed": "recorded"}
"""The state when a decision about a person leaves seconds that count."""

_DECIDES_HOURS: Final = frozenset(
    {
        "volunteer-checked-out",
        "attendance-recorded",
        "attendance-corrected",
        "group-attendance-recorded",
        "group-attendance-corrected",
    }
)
"""Events that say flags, withheld reason and source anew, even when they say none."""

_ENDS_WITHHOLDING: Final = frozenset(
    {
        "attendance-withdrawn",
        "hours-declined",
        "hours-released",
        "group-attendance-withdrawn",
        "group-hours-declined",
    }
)
"""Events after which nothing is withheld, unless they give a reason."""

_Said: TypeAlias = tuple[str, str, str | None, tuple[str, ...], str | None, bool]


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add a row for each event of an attendance."""
    if batch.hours:
        copy_rows(connection, _COPY, _rows(batch))


def _rows(batch: Batch) -> Iterator[bytes]:
    # Many events of a batch say the same of the same shift: that is packed once.
    known: dict[_Said, bytes] = {}
    partition = batch.partition
    for event in batch.hours:
        hours = event.data
        says = (hours.shift, event.type, event.policy, hours.flags, hours.withheld_reason, bool(hours.counted))
        if (said := known.get(says)) is None:
            said = known[says] = _said(event)
        migrated = hours.source == "migrated" and event.type in _DECIDES_HOURS
        fixed = _fixed(
            14, 4, event.streamversion, 4, partition, 8, event.position, 4, _head_count(hours), 1, migrated
        )  # fmt: skip
        attendance, holder = hours.attendance.encode(), hours.holder.encode()
        yield b"".join((fixed, _length(len(attendance)), attendance, _length(len(holder)), holder, said, _times(hours)))


def _said(event: HoursEvent) -> bytes:
    hours, decides = event.data, event.type in _DECIDES_HOURS
    flags = texts(hours.flags) if decides else NULL
    reasons = EMPTY_TEXTS if decides or event.type in _ENDS_WITHHOLDING else NULL
    if hours.withheld_reason is not None:
        reasons = texts((hours.withheld_reason,))
    return b"".join((text(hours.shift), text_or_null(_state(event)), text_or_null(event.policy), flags, reasons))


def _state(event: HoursEvent) -> str | None:
    if event.data.counted and event.type in _STATES_WITH_REST:
        return _STATES_WITH_REST[event.type]
    if event.type not in STATES:
        raise InvariantBroken(f"{event.type} moves hours, but not to any state of an attendance")
    return STATES[event.type]


def _head_count(hours: HoursData) -> int:
    """People counted: what a head count says, one for a person; 0: as before."""
    if hours.head_count is not None:
        return hours.head_count
    return 1 if hours.start is not None or hours.at is not None else 0


def _times(hours: HoursData) -> bytes:
    if hours.start is not None and hours.end is not None:
        return _span(8, microseconds(hours.start), 8, microseconds(hours.end))
    return moment_or_null(hours.at) + NULL
