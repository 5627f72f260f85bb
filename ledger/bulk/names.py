"""What a row is called in the ledger: the same row has the same names for ever.

Never change these rules: with others a repeated import would record everything a second time.
"""

from __future__ import annotations

import re
from typing import Final

from ledger.feeds.names import hashed_id, own_id, printable_record_id

__all__ = ["attendance_id", "hashed_id", "own_id", "printable_record_id", "volunteer_name"]

VOLUNTEER: Final = re.compile(r"volunteers/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SHIFT: Final = re.compile(r"opportunities/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/shifts/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ORGANIZATION: Final = re.compile(r"(organizations|initiatives)/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
OPPORTUNITY: Final = re.compile(r"opportunities/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HEAD_COUNT: Final = re.compile(
    r"opportunities/[a-z0-9-]{1,63}/shifts/[a-z0-9-]{1,63}/groupAttendances/(?P<id>[a-z0-9-]{1,63})"
)
_ATTENDANCE: Final = re.compile(r"(?P<volunteer>volunteers/[a-z0-9-]{1,63})/attendances/(?P<id>[a-z0-9-]{1,63})")


def volunteer_name(system: str, cell: str) -> str:
    """A name of the ledger stays what it is; any other text is the person's id in the system."""
    return cell if VOLUNTEER.fullmatch(cell) else f"volunteers/{own_id(system, cell)}"


def attendance_id(system: str, record_id: str) -> str:
    """The last part of the attendance's name; that of an id that is a name of the ledger already."""
    named = _ATTENDANCE.fullmatch(record_id) or _HEAD_COUNT.fullmatch(record_id)
    return named["id"] if named else own_id(system, record_id)


def row_key(system: str, record_id: str) -> str:
    """By what rows of attendances are told apart: persons may have attendances of one id, if rows give whole names."""
    return record_id if is_attendance(record_id) else own_id(system, record_id)


def holder_of(attendance: str) -> str:
    """volunteers/v of volunteers/v/attendances/a; empty for what is no such name."""
    named = _ATTENDANCE.fullmatch(attendance)
    return named["volunteer"] if named else ""


def is_attendance(text: str) -> bool:
    """Whether it is the name of one, of a person or of a head count."""
    return bool(_ATTENDANCE.fullmatch(text) or _HEAD_COUNT.fullmatch(text))
