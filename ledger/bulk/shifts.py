"""Shifts that rows name, as the ledger has them: asked for once each, with what they hold already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from ledger.bulk.asking import Questions
from ledger.bulk.names import SHIFT
from ledger.bulk.seen_rows import Listed, SeenRows
from volunteer_hours.v1 import resources_pb2 as pb

REMEMBERED_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What times of a row are read by. Times in whole seconds since 1970 UTC."""

    name: str
    time_zone: str
    day: date
    """Its date in its own time zone."""
    span: tuple[int, int] | None
    """None: only the date is known."""


class Shifts:
    """Shifts by name, the newest in memory."""

    def __init__(self, questions: Questions, seen: SeenRows) -> None:
        self._questions = questions
        self._seen = seen
        self._known: dict[str, ShiftFacts | None] = {}

    def get(self, name: str) -> ShiftFacts | None:
        """One that was learnt in this page; None where the ledger has none of this name."""
        return self._known.get(name)

    async def learn(self, names: Iterable[str]) -> None:
        """Ask for those that are not known yet, and for the attendances that they have. Raises grpc.RpcError."""
        if len(self._known) > REMEMBERED_MAX:
            self._known.clear()
        new = sorted({name for name in names if name not in self._known and SHIFT.fullmatch(name)})
        await asyncio.gather(*(self._learn(name) for name in new))

    async def _learn(self, name: str) -> None:
        shift = await self._questions.shift(name)
        self._known[name] = None if shift is None else facts_of(shift)
        if shift is not None and self._seen.is_new_shift(name):
            async for attendance in self._questions.attendances(name):
                self._seen.keep_listed(listed_of(attendance))


def facts_of(shift: pb.Shift) -> ShiftFacts:
    """A shift's message as rows need it."""
    if shift.service_date:
        return ShiftFacts(shift.name, shift.time_zone, date.fromisoformat(shift.service_date), None)
    span = (shift.start_time.seconds, shift.end_time.seconds)
    day = datetime.fromtimestamp(span[0], UTC).astimezone(ZoneInfo(shift.time_zone)).date()
    return ShiftFacts(shift.name, shift.time_zone, day, span)


def listed_of(attendance: pb.Attendance) -> Listed:
    """An attendance's message as it is compared."""
    return Listed(
        attendance.name,
        attendance.shift,
        attendance.start_time.seconds,
        attendance.end_time.seconds,
        attendance.state,
    )
