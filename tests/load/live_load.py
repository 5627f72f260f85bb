"""Devices that attend a live session, thousands in one process: what people's phones would do. Persons are synthetic.

`python -m tests.load.live_load` reads a plan as JSON from standard input and writes what every device was answered to a
file. It shares no code with the ledger but the stubs: what it heard is counted elsewhere, as the rule says.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import TypeAlias

import grpc
import msgspec
import uvloop

from volunteer_hours.v1 import live_session_service_pb2 as pb

Stream: TypeAlias = grpc.aio.StreamStreamCall[pb.AttendRequest, pb.AttendResponse]
PATH = "/volunteer_hours.v1.LiveSessionService/Attend"
CHANNELS = 8
AGAIN_SECONDS = 0.5
_BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
_OF_OUR_OWN = "Internal error from Core"
"""What grpc's client says of a stream that broke while it was writing."""
_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 1 << 20)]


class Plan(msgspec.Struct, frozen=True):
    """What the devices of one process do; seconds."""

    addresses: list[str]
    token: str
    session: str
    persons: list[str]
    seed: int
    out: str
    join_within: float
    heartbeat: float
    stay_until: float
    """Unix time before which nobody leaves or falls silent."""
    until: float
    """Unix time at which everybody stops speaking."""
    leaving: float = 0.1
    """Part that leaves early; a third of them comes back."""
    silent: float = 0.05
    """Part that falls silent without a word."""
    twice: float = 0.05
    """Part that has a second device."""


class Connection(msgspec.Struct):
    """What one device was answered from a join on: seconds since 1970."""

    person: str
    joined: int
    signs: list[int] = msgspec.field(default_factory=list)
    left: int | None = None


class Heard(msgspec.Struct):
    """By all devices of this process."""

    connections: list[Connection] = msgspec.field(default_factory=list)
    told: dict[str, int] = msgspec.field(default_factory=dict)
    joins: list[float] = msgspec.field(default_factory=list)
    """Seconds that each join took."""

    def count(self, what: str) -> None:
        """One more."""
        self.told[what] = self.told.get(what, 0) + 1


class Device:
    """One phone. It goes on after every error: joins, speaks, leaves."""

    def __init__(self, plan: Plan, channels: list[grpc.aio.Channel], heard: Heard, person: str, name: str) -> None:
        self._plan = plan
        self._channels = channels
        self._heard = heard
        self._person = person
        self._name = name
        self._stream: Stream | None = None
        self._connection: Connection | None = None

    async def attend(self, speaks_until: float, *, leaves: bool) -> None:
        """Join, show signs of life, and leave, or fall silent."""
        await self._until_answered(pb.PRESENCE_SIGNAL_KIND_JOIN)
        while (left := speaks_until - time.time()) > 0:
            await asyncio.sleep(min(self._plan.heartbeat, left))
            if time.time() < speaks_until:
                await self._until_answered(pb.PRESENCE_SIGNAL_KIND_HEARTBEAT)
        if leaves:
            await self._until_answered(pb.PRESENCE_SIGNAL_KIND_LEAVE)

    async def _until_answered(self, kind: pb.PresenceSignalKind.ValueType) -> None:
        began = time.perf_counter()
        while True:
            try:
                answer = await self._say(kind)
                break
            except grpc.aio.AioRpcError as error:
                self._heard.count(error.code().name)
                self._stream = None
                if error.code() not in _BROKEN and error.details() != _OF_OUR_OWN:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)
        self._note(kind, answer, time.perf_counter() - began)

    async def _say(self, kind: pb.PresenceSignalKind.ValueType) -> pb.PresenceAnswer:
        stream = self._stream = self._stream or self._opened()
        signal = pb.PresenceSignal(session=self._plan.session, volunteer=self._person, device=self._name, kind=kind)
        try:
            await stream.write(pb.AttendRequest(signal=signal))
            response = await stream.read()
        except asyncio.InvalidStateError:  # the stream has ended, and grpc says so in its own way
            response = None
        if isinstance(response, pb.AttendResponse):
            return response.answer
        raise grpc.aio.AioRpcError(await stream.code(), grpc.aio.Metadata(), grpc.aio.Metadata())

    def _opened(self) -> Stream:
        call: grpc.aio.StreamStreamMultiCallable[pb.AttendRequest, pb.AttendResponse] = random.choice(
            self._channels
        ).stream_stream(
            PATH,
            request_serializer=pb.AttendRequest.SerializeToString,
            response_deserializer=pb.AttendResponse.FromString,
        )
        return call(metadata=(("authorization", f"Bearer {self._plan.token}"),))

    def _note(self, kind: int, answer: pb.PresenceAnswer, seconds: float) -> None:
        self._heard.count(pb.PresenceAnswerKind.Name(answer.kind).rpartition("_")[2])
        second = answer.time.seconds
        if answer.kind == pb.PRESENCE_ANSWER_KIND_JOINED:
            self._connection = Connection(self._person, second)
            self._heard.connections.append(self._connection)
            self._heard.joins.append(seconds)
        elif self._connection is None or answer.kind == pb.PRESENCE_ANSWER_KIND_ABSENT:
            self._connection = None
        elif answer.kind == pb.PRESENCE_ANSWER_KIND_SEEN:
            self._connection.signs.append(second)
        else:
            self._connection.left = second
            self._connection = None


async def _person(
    plan: Plan, channels: list[grpc.aio.Channel], heard: Heard, person: str, chance: random.Random
) -> None:
    await asyncio.sleep(chance.uniform(0, plan.join_within))
    phone, fate = Device(plan, channels, heard, person, "phone"), chance.random()
    early = chance.uniform(plan.stay_until, plan.until)
    if fate < plan.leaving:
        await phone.attend(early, leaves=True)
        if fate < plan.leaving / 3:
            await asyncio.sleep(chance.uniform(0, max(0.0, plan.until - time.time()) / 2))
            await phone.attend(plan.until, leaves=False)
    elif fate < plan.leaving + plan.silent:
        await phone.attend(early, leaves=False)
    elif fate < plan.leaving + plan.silent + plan.twice:
        tablet = Device(plan, channels, heard, person, "tablet")
        await asyncio.gather(phone.attend(early, leaves=True), tablet.attend(plan.until, leaves=False))
    else:
        await phone.attend(plan.until, leaves=False)


async def attend(plan: Plan) -> Heard:
    """All of them; over when everybody has stopped speaking. Raises AioRpcError for a refusal."""
    heard, chance = Heard(), random.Random(plan.seed)
    channels = [
        grpc.aio.insecure_channel(plan.addresses[number % len(plan.addresses)], options=_OPTIONS)
        for number in range(CHANNELS)
    ]
    try:
        seeds = [random.Random(chance.random()) for _ in plan.persons]
        people = zip(plan.persons, seeds, strict=True)
        await asyncio.gather(*(_person(plan, channels, heard, person, seed) for person, seed in people))
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))
    return heard


def main() -> None:
    """Read the plan, do it, write what was heard."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    heard = uvloop.run(attend(plan))
    Path(plan.out).write_bytes(msgspec.json.encode(heard))


if __name__ == "__main__":
    main()
