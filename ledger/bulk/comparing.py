"""A row beside what the ledger has of it: recorded, the same, changed, or what only people can decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.bulk.seen_rows import Listed
from volunteer_hours.v1 import resources_pb2 as pb

STAYS: Final[Mapping[int, str]] = {
    pb.ATTENDANCE_STATE_WITHDRAWN: "withdrawn in the ledger: it stays so",
    pb.ATTENDANCE_STATE_TRANSFERRED: "transferred in the ledger: it stays so",
}
_DECIDED: Final[Mapping[int, str]] = {
    pb.ATTENDANCE_STATE_VERIFIED: "verified",
    pb.ATTENDANCE_STATE_DECLINED: "declined",
    pb.ATTENDANCE_STATE_REVERSED: "reversed",
    pb.ATTENDANCE_STATE_DISPUTED: "disputed",
    pb.ATTENDANCE_STATE_CLAIMED: "claimed by the person",
    pb.ATTENDANCE_STATE_PRESENT: "not over: the person is checked in",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says. Times in whole seconds since 1970 UTC."""

    name: str
    shift: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Same:
    """Nothing is to be sent."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corrected:
    """Its times are to be corrected."""

    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForPeople:
    """No import may decide it: what is so, and what would be right."""

    what: str
    right: str


def compared(wanted: Wanted, known: Listed) -> Same | Corrected | ForPeople:
    """The row beside the attendance that has its id."""
    if note := STAYS.get(known.state, ""):
        return Same((note,))
    if known.name != wanted.name:
        return ForPeople(f"the ledger has it as {known.name}", "to move it to another person, transfer it there")
    if known.shift != wanted.shift:
        return ForPeople(f"the ledger has it at {known.shift}", "to move it to another shift, transfer it there")
    changed = tuple(
        name
        for name, now, then in (("start_time", wanted.start, known.start), ("end_time", wanted.end, known.end))
        if now != then
    )
    if not changed:
        return Same()
    if state := _DECIDED.get(known.state, ""):
        return ForPeople(
            f"its hours are {state}, and {' and '.join(changed)} differ",
            "a correction takes that back: a person decides, with CorrectAttendance",
        )
    return Corrected(changed)
