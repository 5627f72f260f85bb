"""The load of RecordAttendances: streams of pages, several in flight, every outcome of every page read.

An item counts when its page's answer says that it was recorded; one refused item fails the whole run.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from bench.load import CHANNEL_OPTIONS, LoadFailed, read_requests, write_requests
from bench.processes import Measured, measured, print_rate
from bench.served import ACTOR
from volunteer_hours.v1 import participation_service_pb2 as participation

METHOD: Final = "/volunteer_hours.v1.ParticipationService/RecordAttendances"
RUN_SECONDS_MAX: Final = 300.0


@dataclass(slots=True)
class Progress:
    """What all streams together have reached."""

    warm_up_pages: int
    answered_pages: int = 0
    recorded: int = 0
    recorded_before: int = 0
    began_at: float = 0.0
    ended_at: float = 0.0
    refused: list[str] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        """Count a page's answer."""
        answer = participation.RecordAttendancesResponse.FromString(body)
        for outcome in answer.outcomes:
            if outcome.HasField("recorded"):
                self.recorded += 1
            else:
                self.refused.append(outcome.refusal.message)
        self.answered_pages += 1
        self.ended_at = time.perf_counter()
        if self.answered_pages == self.warm_up_pages:
            self.began_at, self.recorded_before = self.ended_at, self.recorded

    @property
    def rate(self) -> float:
        """Items recorded a second behind the warm-up."""
        return (self.recorded - self.recorded_before) / (self.ended_at - self.began_at)


async def stream_pages(channel: grpc.aio.Channel, pages: Iterator[bytes], in_flight: int, progress: Progress) -> None:
    """One stream: `in_flight` pages are under way until no page is left."""
    room = asyncio.Semaphore(in_flight)

    async def sent() -> AsyncIterator[bytes]:
        for page in pages:
            await room.acquire()
            yield page

    record: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(METHOD)
    call = record(sent(), timeout=RUN_SECONDS_MAX, metadata=ACTOR)
    async for body in call:
        progress.take(body)
        room.release()


async def drive(address: str, pages: list[bytes], streams: int, in_flight: int, warm_up_pages: int) -> Progress:
    """Send all pages over `streams` streams; raises LoadFailed if an item was refused or the call failed."""
    progress, remaining = Progress(warm_up_pages), iter(pages)
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        try:
            await asyncio.gather(*[stream_pages(channel, remaining, in_flight, progress) for _ in range(streams)])
        except grpc.aio.AioRpcError as error:
            raise LoadFailed(f"{METHOD} failed: {error.code().name}: {error.details()}") from error
    if progress.refused:
        raise LoadFailed(f"{len(progress.refused)} items were refused, the first one: {progress.refused[0]}")
    return progress


def recorded_pages(
    folder: Path, address: str, pages: list[bytes], *, streams: int, in_flight: int, warm_up_pages: int
) -> Measured:
    """Items a second, measured in a process of its own, and how many were `recorded` in all."""
    request_file = write_requests(folder, pages)
    numbers = [f"--streams={streams}", f"--in-flight={in_flight}", f"--warm-up-pages={warm_up_pages}"]
    try:
        return measured(folder, "bench.pages", [f"--address={address}", f"--requests={request_file}", *numbers])
    finally:
        request_file.unlink()


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--address", required=True, help="HOST:PORT of the server")
    parser.add_argument("--requests", required=True, type=Path, help="file of pages, each after its length")
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--in-flight", type=int, default=4, help="pages under way on each stream")
    parser.add_argument("--warm-up-pages", type=int, default=4)
    wanted = parser.parse_args()
    pages = read_requests(wanted.requests)
    try:
        progress = asyncio.run(
            drive(wanted.address, pages, wanted.streams, wanted.in_flight, min(wanted.warm_up_pages, len(pages) - 1))
        )
    except LoadFailed as failure:
        sys.exit(str(failure))
    print_rate(progress.rate, recorded=progress.recorded)


if __name__ == "__main__":
    main()
