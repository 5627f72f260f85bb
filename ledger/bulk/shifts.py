"""Shifts that rows name, as the ledger has them: asked for once each, with what they hold already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import grpc

from ledger.bulk.asking import Questions
from ledger.bulk.names import SHIFT
from ledger.bulk.refusals import Words, as_status
from ledger.bulk.seen_rows import Listed, SeenRows
from ledger.sheets.words import shown
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

    def __init__(self, questions: Questions, seen: SeenRows, words: Words) -> None:
        self._questions = questions
        self._seen = seen
        self._words = words
        self._known: dict[str, ShiftFacts | str] = {}

    def get(self, name: str) -> ShiftFacts | str:
        """One that was learnt in this page; or why there is none for this caller."""
        if name and not SHIFT.fullmatch(name):
            return f"{shown(name)} is no shift"
        return self._known[name] if name else "empty"

    async def learn(self, names: Iterable[str]) -> None:
        """Ask for those that are not known yet, and for the attendances that they have. Raises grpc.RpcError."""
        if len(self._known) > REMEMBERED_MAX:
            self._known.clear()
        new = sorted({name for name in names if name not in self._known and SHIFT.fullmatch(name)})
        await asyncio.gather(*(self._learn(name) for name in new))

    async def _learn(self, name: str) -> None:
        shift = await self._questions.shift(name)
        if shift is None:
            self._known[name] = f"the ledger has no {name}"
            return
        self._known[name] = facts_of(shift)
        if self._seen.is_new_shift(name):
            try:
                async for attendance in self._questions.attendances(name):
                    self._seen.keep_listed(listed_of(attendance))
            except grpc.aio.AioRpcError as error:
                # It is not this caller's: what it has is not told, and nothing may be recorded there.
                self._known[name] = self._words(as_status(error))
                self._seen.forget_shift(name)


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
