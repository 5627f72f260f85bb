"""Reference: the smallest gRPC server grpcio can be: a generic handler that gives back the bytes it was given.

Its setting had the best median of those tried with 64 calls in flight over 4 connections, on two cores shared with the
client and with other work (thousand calls/s): two threads 4.5 to 5.5, one 3.5 to 4.6, eight 3.1 to 6.4, asyncio 2.6 to
4.5, asyncio with uvloop 3.2 to 5.0. The ranges overlap: `--compare` measures them again, on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import grpc.aio
import uvloop

from bench.load import Load, calls_per_second
from bench.processes import print_address, serving

SERVICE = "volunteer_hours.bench.Echo"
METHOD = f"/{SERVICE}/Echo"
OPTIONS = (("grpc.so_reuseport", 0),)
BEST_KIND = "threads-2"


def serve_in_threads(threads: int) -> None:
    """Echo from a pool of threads until the process is ended."""

    def echo(request: bytes, _context: grpc.ServicerContext) -> bytes:
        return request

    handler = grpc.method_handlers_generic_handler(SERVICE, {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    server = grpc.server(ThreadPoolExecutor(threads), handlers=[handler], options=OPTIONS)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print_address(f"127.0.0.1:{port}")
    server.wait_for_termination()


async def serve_in_a_loop() -> None:
    """Echo from the running event loop until the process is ended."""

    async def echo(request: bytes, _context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        return request

    handler = grpc.method_handlers_generic_handler(SERVICE, {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    server = grpc.aio.server(handlers=(handler,), options=OPTIONS)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print_address(f"127.0.0.1:{port}")
    await server.wait_for_termination()


KINDS: dict[str, Callable[[], None]] = {
    "threads-1": lambda: serve_in_threads(1),
    "threads-2": lambda: serve_in_threads(2),
    "threads-8": lambda: serve_in_threads(8),
    "asyncio": lambda: asyncio.run(serve_in_a_loop()),
    "asyncio-uvloop": lambda: uvloop.run(serve_in_a_loop()),
}


def compare(rounds: int, request_bytes: int) -> None:
    """Print each kind's median calls/s, taken in turns."""
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="hours-bench-") as folder:
        for _ in range(rounds):
            for kind in KINDS:
                with serving(Path(folder), "bench.references.bare_echo", ["--kind", kind]) as address:
                    load = Load(address, METHOD, seconds=2.0, warm_up_seconds=0.5)
                    rates[kind].append(calls_per_second(Path(folder), load, [bytes(request_bytes)], repeat=True))
    for kind, measured in rates.items():
        print(f"{kind:16} {statistics.median(measured):8,.0f} calls/s, of {[round(rate) for rate in measured]}")


def main() -> None:
    """Serve, or compare the kinds."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.bare_echo", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default=BEST_KIND)
    parser.add_argument("--compare", type=int, metavar="ROUNDS", help="measure every kind in turns instead of serving")
    parser.add_argument("--request-bytes", type=int, default=150)
    wanted = parser.parse_args()
    if wanted.compare:
        compare(wanted.compare, wanted.request_bytes)
    else:
        KINDS[wanted.kind]()


if __name__ == "__main__":
    main()
