"""The load: one process that keeps a number of unary gRPC calls in flight; how many a second are answered, how soon?

Requests are serialized before the clock starts and answers stay bytes, so the client costs the same on both sides of a
comparison. One failed call fails the whole run: a fast error is not an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import struct
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import grpc
import grpc.aio

from bench.processes import Measured, measured, print_rate

CALL_SECONDS_MAX = 30.0
LENGTH = struct.Struct(">I")
CHANNEL_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # otherwise all channels share one connection
    ("grpc.max_receive_message_length", -1),
)


class LoadFailed(Exception):
    """A call was refused or failed, or the requests ran out before anything could be measured."""


class Call(Protocol):
    """A unary method of a channel, taking and giving bytes."""

    def __call__(
        self, request: bytes, *, timeout: float, metadata: Sequence[tuple[str, str]]
    ) -> grpc.aio.UnaryUnaryCall[bytes, bytes]: ...


@dataclass(frozen=True)
class Load:
    """What is asked of whom: `in_flight` calls at a time over `channels` connections for `seconds` after a warm-up."""

    address: str
    method: str
    metadata: tuple[tuple[str, str], ...] = ()
    in_flight: int = 64
    channels: int = 4
    seconds: float = 4.0
    warm_up_seconds: float = 1.0
    authority: str = ""
    """File (PEM) of who signed the server's certificate; empty: without TLS."""


class Callers:
    """The callers share one iterator of requests: each request is sent once."""

    def __init__(self, requests: Iterator[bytes], metadata: tuple[tuple[str, str], ...]) -> None:
        """Nothing is sent yet."""
        self.waited_seconds: list[float] = []
        """For each answer, in the order they came."""
        self.ended = asyncio.Event()
        self.failure: str | None = None
        self._requests = requests
        self._metadata = metadata

    @property
    def answered(self) -> int:
        """How many calls were answered."""
        return len(self.waited_seconds)

    async def call_on(self, call: Call) -> None:
        """Call again and again until the requests or the measurement end, or a call fails."""
        for request in self._requests:
            asked_at = time.perf_counter()
            try:
                await call(request, timeout=CALL_SECONDS_MAX, metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                self.failure = f"{error.code().name}: {error.details()}"
                self.ended.set()
                return
            self.waited_seconds.append(time.perf_counter() - asked_at)
            if self.ended.is_set():
                return
        self.ended.set()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    rate: float
    """Calls answered a second after the warm-up."""
    p99_seconds: float
    """Of these, 99 in 100 were answered within this time."""
    in_all: int
    """The warm-up's included."""


async def drive(load: Load, requests: Iterator[bytes]) -> Answered:
    """Keep the calls in flight until the time is over.

    Raises LoadFailed when a call fails or the requests are too few.
    """
    channels = [_channel(load) for _ in range(load.channels)]
    calls: list[Call] = [channel.unary_unary(load.method) for channel in channels]
    callers = Callers(requests, load.metadata)
    tasks = [asyncio.create_task(callers.call_on(calls[number % len(calls)])) for number in range(load.in_flight)]
    await _until(callers.ended, load.warm_up_seconds)
    began, answered_before = time.perf_counter(), callers.answered
    if callers.ended.is_set() and callers.failure is None:
        raise LoadFailed("the requests ran out while warming up: prepare more of them")
    await _until(callers.ended, load.seconds)
    seconds, waited = time.perf_counter() - began, sorted(callers.waited_seconds[answered_before:])
    callers.ended.set()
    await asyncio.gather(*tasks)
    if callers.failure is not None:
        raise LoadFailed(f"{load.method} on {load.address} failed, so nothing was measured: {callers.failure}")
    for channel in channels:
        await channel.close()
    if not waited:
        raise LoadFailed(f"{load.method} on {load.address} answered nothing within {seconds:.1f} s")
    return Answered(len(waited) / seconds, waited[len(waited) * 99 // 100], callers.answered)


def _channel(load: Load) -> grpc.aio.Channel:
    if not load.authority:
        return grpc.aio.insecure_channel(load.address, options=CHANNEL_OPTIONS)
    credentials = grpc.ssl_channel_credentials(Path(load.authority).read_bytes())
    return grpc.aio.secure_channel(load.address, credentials, options=CHANNEL_OPTIONS)


async def _until(ended: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(ended.wait(), seconds)
    except TimeoutError:
        return


def calls_per_second(folder: Path, load: Load, requests: Iterable[bytes], *, repeat: bool = False) -> float:
    """Measure in a process of its own; see `loaded`."""
    return loaded(folder, load, requests, repeat=repeat).rate


def loaded(folder: Path, load: Load, requests: Iterable[bytes], *, repeat: bool = False) -> Measured:
    """Calls a second, measured in a process of its own; beside it `p99_ms`, and how many were `answered` in all.

    With `repeat` the requests are sent over and over, else each of them at most once.
    Raises ChildFailed with the first failed call's code and words.
    """
    request_file = write_requests(folder, requests)
    numbers = [("in-flight", load.in_flight), ("channels", load.channels), ("seconds", load.seconds)]
    arguments = [f"--address={load.address}", f"--method={load.method}", f"--requests={request_file}"]
    arguments += [f"--{name}={number}" for name, number in [*numbers, ("warm-up-seconds", load.warm_up_seconds)]]
    arguments += [f"--metadata={name}={value}" for name, value in load.metadata]
    arguments += [f"--authority={load.authority}"] if load.authority else []
    try:
        return measured(folder, "bench.load", [*arguments, *(["--repeat"] if repeat else [])])
    finally:
        request_file.unlink()


def write_requests(folder: Path, requests: Iterable[bytes]) -> Path:
    """A new file in which each request stands after its length (4 bytes, big-endian)."""
    request_file = folder / f"requests-{uuid4().hex[:8]}"
    with request_file.open("wb") as file:
        for request in requests:
            file.write(LENGTH.pack(len(request)) + request)
    return request_file


def read_requests(path: Path) -> list[bytes]:
    """The requests of such a file."""
    content, requests, begin = path.read_bytes(), [], 0
    while begin < len(content):
        (length,) = LENGTH.unpack_from(content, begin)
        requests.append(content[begin + LENGTH.size : begin + LENGTH.size + length])
        begin += LENGTH.size + length
    return requests


def _metadatum(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} should be NAME=VALUE")
    return name, value


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--address", required=True, help="HOST:PORT of the server")
    parser.add_argument("--method", required=True, help="/package.Service/Method")
    parser.add_argument(
        "--requests", required=True, type=Path, help="file of serialized requests, each after its length"
    )
    parser.add_argument("--metadata", action="append", default=[], type=_metadatum, help="NAME=VALUE, may be repeated")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warm-up-seconds", type=float, default=1.0)
    parser.add_argument("--authority", default="", help="PEM file: call over TLS")
    parser.add_argument("--repeat", action="store_true", help="send the requests over and over")
    wanted = parser.parse_args()
    requests = read_requests(wanted.requests)
    load = Load(
        wanted.address,
        wanted.method,
        tuple(wanted.metadata),
        wanted.in_flight,
        wanted.channels,
        wanted.seconds,
        wanted.warm_up_seconds,
        wanted.authority,
    )
    try:
        endless = itertools.cycle(requests) if wanted.repeat else iter(requests)
        answered = asyncio.run(drive(load, endless))
        print_rate(answered.rate, answered=answered.in_all, p99_ms=1e3 * answered.p99_seconds)
    except LoadFailed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
