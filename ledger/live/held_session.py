"""One session as one process holds it: the devices that speak to this process, and what of them is not stored yet.

Joins and leaves are answered once they are events; all that come while the batch before is on its way go together.
Signs are gathered and stored every few seconds. If the process ends, what was not stored was not answered, but for
signs: by the rule its connections then end at their last stored sign, and nobody has to write anything for that.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from ledger.batch import CommandResult
from ledger.domain.live_session import RecordPresences, RecordSigns
from ledger.domain.live_session_events import (
    ENDS_TOGETHER,
    JOINS_TOGETHER,
    SIGNS_TOGETHER,
    EndedBy,
    Joined,
    LivePresencesRecorded,
)
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.domain.world import Command
from ledger.live.devices import Device, Leaving, by_second, give_numbers, moment_of, presences_of, refuse, tell

COMPANY_SECONDS: Final = 0.02
"""Waited for after a join or leave: the first of a thousand takes the others along."""
STORE_SECONDS: Final = 5.0
"""Between two looks at signs and silences."""
RETRY_SECONDS: Final = 0.2
IDLE_SECONDS: Final = 60.0
"""Without a device a session is held no longer than this."""

Kind: TypeAlias = Literal["join", "heartbeat", "leave"]
AnswerKind: TypeAlias = Literal["joined", "seen", "left", "absent"]
Execute: TypeAlias = Callable[[Command, str], Awaitable[CommandResult]]
"""Records a command once for a request id; a Refusal that may be asked again means it is unknown."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a signal counts for."""

    kind: AnswerKind
    second: int
    stored_through: int


class HeldSession:
    """For one event loop."""

    def __init__(
        self, name: str, silence_seconds: int, execute: Execute, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock`: seconds since 1970."""
        self.name = name
        self.silence_seconds = silence_seconds
        self._execute = execute
        self._clock = clock
        self._devices: dict[tuple[str, str], Device] = {}
        self._joining: deque[Device] = deque()
        self._leaving: deque[Leaving] = deque()
        self._storing: deque[asyncio.Future[None]] = deque()
        self._wake = asyncio.Event()
        self._stored_through = math.floor(clock())
        self._spoken_to = time.monotonic()
        self._closing = False

    async def signal(self, volunteer: str, device: str, kind: Kind) -> Answer:
        """What happened at a device. Refuses as `RecordPresences` does, of this person alone."""
        self._spoken_to = time.monotonic()
        now = self._clock()
        known = self._devices.get((volunteer, device))
        if known is not None and math.floor(now) - known.last_sign > self.silence_seconds:
            self._end(volunteer, device, known.last_sign, "silent")
            known = None
        if kind == "leave":
            return await self._leave(volunteer, device, math.floor(now))
        if known is None:
            return await self._join(volunteer, device, math.ceil(now))
        if kind == "join" or not known.is_stored:
            await asyncio.shield(known.stored)
            return self._answer("joined", known.joined)
        second = math.floor(now)
        if second > known.last_sign:
            known.last_sign = second
            known.unsaved.append(second)
        return self._answer("seen", second)

    async def _join(self, volunteer: str, device: str, second: int) -> Answer:
        joining = Device(volunteer, second, asyncio.get_running_loop().create_future(), second)
        self._devices[volunteer, device] = joining
        self._joining.append(joining)
        self._wake.set()
        try:
            await asyncio.shield(joining.stored)
        except Refusal:
            if self._devices.get((volunteer, device)) is joining:
                del self._devices[volunteer, device]
            raise
        return self._answer("joined", second)

    async def _leave(self, volunteer: str, device: str, second: int) -> Answer:
        leaving = self._end(volunteer, device, second, "left")
        if leaving is None:
            return self._answer("absent", second)
        await asyncio.shield(leaving.stored)
        return self._answer("left", second)

    def _end(self, volunteer: str, device: str, second: int, ended_by: EndedBy) -> Leaving | None:
        known = self._devices.pop((volunteer, device), None)
        if known is None:
            return None
        leaving = Leaving(known, second, ended_by, asyncio.get_running_loop().create_future())
        self._leaving.append(leaving)
        self._wake.set()
        return leaving

    def _answer(self, kind: AnswerKind, second: int) -> Answer:
        return Answer(kind, second, self._stored_through)

    async def keep(self) -> None:
        """Store what comes, until `close` and until nobody has spoken for a while. Raises what stops the writer.

        Refusals end the session for whoever speaks to it: LIVE_SESSION_ENDED, NOT_FOUND.
        """
        try:
            await self._keep()
        except BaseException as error:
            refused = error if isinstance(error, Refusal) else Refusal(Reason.UNAVAILABLE, {})
            self._refuse_all(refused)
            if not isinstance(error, Refusal):
                raise

    async def _keep(self) -> None:
        look_at = time.monotonic() + STORE_SECONDS
        while not self._is_over:
            await self._something(look_at - time.monotonic())
            while self._joining or self._leaving:
                await self._store_presences()
            if time.monotonic() >= look_at or self._storing or self._closing:
                look_at = time.monotonic() + STORE_SECONDS
                asked = len(self._storing)
                self._tell_silent()
                await self._store_signs(self._devices.values(), of_everybody=True)
                for one in _taken(self._storing, asked):
                    tell(one)

    @property
    def _is_over(self) -> bool:
        waiting = self._joining or self._leaving
        idle = not self._devices and time.monotonic() - self._spoken_to > IDLE_SECONDS
        return not waiting and (self._closing or idle)

    async def store(self) -> None:
        """Have everything stored that was heard by now."""
        stored = asyncio.get_running_loop().create_future()
        self._storing.append(stored)
        self._wake.set()
        await asyncio.shield(stored)

    def close(self) -> None:
        """Store what there is, and end."""
        self._closing = True
        self._wake.set()

    async def _something(self, seconds: float) -> None:
        """A join, a leave or the time."""
        try:
            await asyncio.wait_for(self._wake.wait(), max(seconds, 0))
        except TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep(COMPANY_SECONDS)

    async def _store_presences(self) -> None:
        joining = [one for one in _taken(self._joining, JOINS_TOGETHER) if not one.stored.done()]
        leaving = _taken(self._leaving, ENDS_TOGETHER)
        try:
            await self._store_leaves_and(joining, leaving)
        except BaseException as error:
            for one in leaving:
                refuse(one.stored, error if isinstance(error, Refusal) else Refusal(Reason.UNAVAILABLE, {}))
            raise

    async def _store_leaves_and(self, joining: list[Device], leaving: list[Leaving]) -> None:
        ended = [one for one in leaving if one.device.is_stored]
        # A leave is dated by the signs before it: if these are not stored, the rule would not see them.
        await self._store_signs([one.device for one in ended])
        if joining or ended:
            command = presences_of(self.name, joining, ended)
            await self._record_presences(command, joining)
        for one in ended:
            tell(one.stored)
        for one in leaving:
            if one.stored.done():
                continue
            if one.device.stored.done() and not one.device.is_stored:
                tell(one.stored)  # it never joined
            else:
                self._leaving.append(one)  # its join was recorded only now: it has a number next time

    async def _record_presences(self, command: RecordPresences, joining: list[Device]) -> None:
        try:
            result = await self._record(command)
        except Refusal as refusal:
            if refusal.reason in _OF_SESSION or command.ended:
                raise
            if len(joining) == 1:
                refuse(joining[0].stored, refusal)
                return
            await self._one_by_one(command, joining)
            return
        told = result.events[0].data
        if not isinstance(told, LivePresencesRecorded):
            raise InvariantBroken(f"presences were to be recorded, {type(told).__name__} was")
        left_out = give_numbers(told, joining)
        await self._one_by_one(command, left_out)

    async def _one_by_one(self, command: RecordPresences, joining: Iterable[Device]) -> None:
        """Of each its own reason: what a batch leaves out it does not say why."""
        for one in joining:
            alone = Joined(volunteer=one.volunteer, seconds=max(0, one.joined - int(command.base.timestamp())))
            await self._record_presences(RecordPresences(self.name, command.base, (alone,)), [one])

    async def _store_signs(self, devices: Iterable[Device], *, of_everybody: bool = False) -> None:
        told = [(second, device) for device in devices if device.is_stored for second in device.unsaved]
        through = math.floor(self._clock())
        told.sort(key=lambda one: (one[0], one[1].number))
        for start in range(0, len(told), SIGNS_TOGETHER):
            some = told[start : start + SIGNS_TOGETHER]
            base, last = some[0][0], start + SIGNS_TOGETHER >= len(told)
            # Of everybody only the last event tells how far it goes: until then signs of some are missing.
            until = max(through, some[-1][0]) if last and of_everybody else some[-1][0]
            await self._record(RecordSigns(self.name, moment_of(base), until - base, tuple(by_second(some, base))))
            for second, device in some:
                device.unsaved.remove(second)
        if of_everybody:
            self._stored_through = through

    def _tell_silent(self) -> None:
        now = math.floor(self._clock())
        silent = [place for place, device in self._devices.items() if now - device.last_sign > self.silence_seconds]
        for volunteer, device in silent:
            self._end(volunteer, device, self._devices[volunteer, device].last_sign, "silent")

    async def _record(self, command: Command) -> CommandResult:
        """Once, however often it has to be asked."""
        request_id = str(uuid.uuid4())
        while True:
            try:
                return await self._execute(command, request_id)
            except Refusal as refusal:
                if not refusal.may_be_asked_again:
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    def _refuse_all(self, refusal: Refusal) -> None:
        for joining in (*self._joining, *self._devices.values()):
            refuse(joining.stored, refusal)
        for leaving in self._leaving:
            refuse(leaving.stored, refusal)
        for asked in self._storing:
            refuse(asked, refusal)
        for waiting in (self._joining, self._leaving, self._storing, self._devices):
            waiting.clear()


_OF_SESSION: Final = (Reason.LIVE_SESSION_ENDED,)


def _taken(waiting: deque[T], most: int) -> list[T]:
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]
