"""Clients at work while faults happen: unary commands, pages, reads that must see what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass

import grpc

from tests.faults.caller import Caller
from tests.faults.history import SLOTS, History, Operation
from tests.faults.programme import ORGANIZATIONS, Commands, shift_name
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import Position

PAGE_SLOTS = [5, 6, 7, 8]
CLOCKED_SLOTS = [9, 10]


@dataclass(frozen=True)
class Floor:
    """What a read must show at least: what this client wrote or had read before it asked."""

    minutes: int
    positions: dict[int, int]


class Client:
    """One client: its persons, one after another, and the positions its writes were answered with."""

    def __init__(self, number: int, caller: Caller, history: History, seed: int) -> None:
        self._choice = random.Random(f"{seed}/{number}")
        self._prefix = f"client-{number}"
        self._server = number
        self._caller = caller
        self._history = history
        self._commands = Commands(history, self._choice)
        self._written: dict[int, int] = {}
        self._read: dict[int, int] = {}
        self._seen_minutes: dict[str, int] = {}
        self._projected: list[str] = []
        self._readers: set[asyncio.Task[None]] = set()

    async def work(self, stop: asyncio.Event, pause_seconds: float) -> None:
        """Person after person until told to stop."""
        for number in itertools.count():
            if stop.is_set():
                break
            await self._one_person(f"{self._prefix}-{number}", pause_seconds)
        await asyncio.gather(*self._readers)

    async def _one_person(self, volunteer_id: str, pause_seconds: float) -> None:
        volunteer, shift = f"volunteers/{volunteer_id}", shift_name(self._choice.choice(ORGANIZATIONS))
        registered = await self._send(self._commands.register_volunteer(volunteer_id))
        if registered.outcome != "ok":
            return
        enrolled = await self._send(self._commands.register_for_shift(volunteer, shift))
        unary = [slot for slot in range(SLOTS) if slot not in (*PAGE_SLOTS, *CLOCKED_SLOTS)]
        await asyncio.gather(*(self._send(self._commands.record(volunteer, slot, shift)) for slot in unary))
        await self._page(volunteer, shift)
        await self._send(self._commands.wrong(volunteer))
        self._begin_read(volunteer)
        if enrolled.outcome == "ok":
            for slot in CLOCKED_SLOTS:
                arrived = await self._send(self._commands.check_in(volunteer, slot, shift))
                if arrived.outcome == "ok":
                    await self._send(self._commands.check_out(volunteer, slot))
        self._begin_read(volunteer)
        await asyncio.sleep(pause_seconds)

    async def _page(self, volunteer: str, shift: str) -> None:
        key, items = self._commands.page(volunteer, PAGE_SLOTS, shift)
        await self._caller.send_page(key, items, tries=self._tries(), server=self._next_server())
        for item in items:
            if item.outcome == "ok":
                recorded = participation.RecordedAttendance.FromString(item.answer)
                self._wrote([Position(partition=recorded.partition, position=recorded.position)])

    async def _send(self, operation: Operation) -> Operation:
        sent = await self._caller.send(operation, tries=self._tries(), server=self._next_server())
        if sent.outcome == "ok":
            self._history.answered_at.append(time.monotonic())
        if sent.outcome == "ok" and operation.minutes:
            self._wrote(resources_pb2.Attendance.FromString(sent.answer).positions)
        return sent

    def _tries(self) -> int:
        # Some give up after the first silence: commands whose end nobody knows belong to every run.
        return self._choice.choice([1, 3, 6, 6])

    def _next_server(self) -> int:
        self._server += self._choice.random() < 0.2
        return self._server

    def _wrote(self, positions: Iterable[Position]) -> None:
        for one in positions:
            self._written[one.partition] = max(one.position, self._written.get(one.partition, 0))

    def _begin_read(self, volunteer: str) -> None:
        # Beside the writing: while the consumer is down a read at our positions waits until its deadline.
        reader = asyncio.create_task(self._read_balance(volunteer))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)

    async def _read_balance(self, volunteer: str) -> None:
        """I6: a read at the positions of our writes sees them; positions and hours never go back for us.

        Half of the reads ask for no positions, about somebody who was seen before: they are answered also while
        projections lag, and must not go back.
        """
        at_our_writes = not self._projected or self._choice.random() < 0.5
        name = volunteer if at_our_writes else self._choice.choice(self._projected)
        written = dict(self._written) if at_our_writes else {}
        acknowledged = self._history.acknowledged_minutes(name) if at_our_writes else 0
        floor = Floor(
            acknowledged | self._seen_minutes.get(name, 0),
            {
                partition: max(written.get(partition, 0), self._read.get(partition, 0))
                for partition in {*written, *self._read}
            },
        )
        wanted = [Position(partition=partition, position=position) for partition, position in written.items()]
        question = hours.GetBalanceRequest(name=name, positions=wanted).SerializeToString()
        try:
            answer = await self._caller.ask("HoursService/GetBalance", question, server=self._next_server(), seconds=8)
        except grpc.aio.AioRpcError as error:
            self._history.reads[f"unanswered {error.code().name}"] += 1
            if error.code() is grpc.StatusCode.NOT_FOUND and floor.minutes:
                self._history.problems.append(f"{name} had {floor.minutes} minutes, now there is no such person")
            return
        self._history.reads["answered"] += 1
        self._judge(name, floor, hours.Balance.FromString(answer))

    def _judge(self, volunteer: str, floor: Floor, balance: hours.Balance) -> None:
        problems = self._history.problems
        minutes = balance.seconds.attended_seconds // 60
        if wrong := self._history.check_balance(volunteer, balance.seconds.attended_seconds, floor.minutes):
            problems.append(wrong)
        if volunteer not in self._seen_minutes:
            self._projected.append(volunteer)
        self._seen_minutes[volunteer] = minutes | self._seen_minutes.get(volunteer, 0)
        for one in balance.positions:
            if one.position < floor.positions.get(one.partition, 0):
                problems.append(f"a read at {one.position}, after {floor.positions[one.partition]} was written or read")
            self._read[one.partition] = max(one.position, self._read.get(one.partition, 0))


async def ask_everything_again(caller: Caller, history: History, seed: int, in_flight: int = 16) -> None:
    """Every command once more under its key: who was answered is answered the same, the unknown become known."""
    choice = random.Random(seed)
    gate = asyncio.Semaphore(in_flight)
    pages: dict[str, list[Operation]] = {}
    for operation in history.operations:
        if operation.page:
            pages.setdefault(operation.page, []).append(operation)

    async def again(operation: Operation) -> None:
        async with gate:
            await caller.send(operation, tries=5, server=choice.randrange(2))

    async def page_again(key: str, items: list[Operation]) -> None:
        async with gate:
            await caller.send_page(key, items, tries=5, server=choice.randrange(2))

    # In the order they were first sent: a check-out that nobody knows the end of still follows its check-in.
    waves = [operation for operation in history.operations if not operation.page]
    await asyncio.gather(*(again(operation) for operation in waves))
    await asyncio.gather(*(page_again(key, items) for key, items in pages.items()))
