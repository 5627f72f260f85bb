"""`demo`: a real programme's history becomes balances that can be checked, on an embedded ledger or a given one."""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn

import typer

from ledger.child_process import ChildFailed, ChildProcess
from ledger.commands import arguments, printing
from ledger.commands.connection import Caller, CommandFailed
from ledger.commands.demo_story import tell
from ledger.commands.import_history import IMPORTER
from ledger.health_probe import serves
from ledger.loopback import free_port, port_answers
from ledger.postgres_place import default_data_dir

PROJECT: Final = Path(__file__).parents[2]
HISTORY: Final = PROJECT / "examples" / "leeds2023"
SNIPPET: Final = PROJECT / "examples" / "ask_hours.py"
READY_SECONDS_MAX: Final = 60.0
HTTP_ADDRESS_DEFAULT: Final = "127.0.0.1:8080"

OnceOption = Annotated[bool, typer.Option("--once", help="End after the demo; without --data-dir nothing is kept.")]
ConnectOption = Annotated[
    str | None, typer.Option("--connect", help="Use the service at this host:port; start none.", show_default=False)
]
HistoryOption = Annotated[Path, typer.Option("--history", help="The folder with the LEEDS 2023 history.")]


class Stopped(Exception):
    """SIGTERM or Ctrl-C: end in order, leaving no process behind."""


def demo(
    once: OnceOption = False,
    data_dir: arguments.DataDirOption = None,
    connect: ConnectOption = None,
    history: HistoryOption = HISTORY,
    language: arguments.LanguageOption = None,
) -> None:
    """Import the real history of LEEDS 2023 over gRPC and show what the ledger says of it; then keep serving."""
    with ExitStack() as stack:
        stack.enter_context(_stopped_by_signals())
        try:
            address, folder = (connect, data_dir) if connect else stack.enter_context(_served(once, data_dir))
            reproduced = _tell(arguments.caller(address, IMPORTER, language, folder), history)
            if not once and connect is None and folder is not None:
                _keep_serving(address, folder)
        except Stopped:
            printing.remarks.print("stopping")
            reproduced = True
    raise typer.Exit(0 if reproduced else 1)


def _tell(caller: Caller, history: Path) -> bool:
    if not serves(caller.address, READY_SECONDS_MAX, caller.credentials.channel):
        raise CommandFailed(f"no service answers at {caller.address}; start one with `hours-ledger serve --embedded`")
    return tell(caller, history)


@contextmanager
def _served(once: bool, data_dir: Path | None) -> Iterator[tuple[str, Path]]:
    """An embedded service as our child; gives its address and its folder."""
    address = f"127.0.0.1:{free_port()}" if once else arguments.ADDRESS_DEFAULT
    if not once and port_answers(int(address.rpartition(":")[2])):
        raise CommandFailed(f"something listens on {address} already; show it with `demo --connect {address}`")
    with ExitStack() as stack:
        folder = (data_dir or (_temporary_folder(stack) if once else default_data_dir())).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "ledger", "serve", "--embedded", "--data-dir", str(folder)]
        http_address = _http_address(once)
        child = ChildProcess(
            "serve",
            [*command, "--grpc-address", address, "--http-address", http_address],
            folder / "serve.log",
            death_signal=signal.SIGTERM,  # it stops its own children in order
        )
        stack.callback(child.stop, deadline_seconds=60.0)
        with printing.remarks.status("starting an embedded ledger"):
            child.start()
            _wait_until_ready(child, address)
        printing.remarks.print(f"an embedded ledger serves gRPC on {address}, its data is in {folder}")
        if not once:
            printing.remarks.print(f"its log is shown on http://{http_address}/log/0/checkpoint")
        yield address, folder


def _http_address(once: bool) -> str:
    """The usual place if it is free: the demo is about hours, so a neighbour there must not end it."""
    if once:
        return "127.0.0.1:0"
    taken = port_answers(int(HTTP_ADDRESS_DEFAULT.rpartition(":")[2]))
    return f"127.0.0.1:{free_port()}" if taken else HTTP_ADDRESS_DEFAULT


def _temporary_folder(stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hours-demo-")))
    folder.chmod(0o711)  # PostgreSQL's user walks through it when we are root
    return folder


def _wait_until_ready(child: ChildProcess, address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not serves(address, deadline_seconds=1.0):
        if not child.running or time.monotonic() > deadline:
            raise ChildFailed(f"the service did not start; the end of {child.log_file}:\n{child.log_tail()}")


def _keep_serving(address: str, folder: Path) -> NoReturn:
    printing.out.print(f"\nThe service keeps running on {address}; Ctrl-C stops it. From another terminal:\n")
    printing.out.print(token_line(folder), markup=False)
    printing.out.print(grpcurl_line(address), markup=False)
    printing.out.print("\nor in Python (.venv/bin/python):\n")
    printing.out.print(SNIPPET.read_text("utf-8"), markup=False)
    while True:
        time.sleep(0.5)
        if not serves(address, deadline_seconds=5.0):
            raise ChildFailed(f"the service on {address} answers no more; its log tells why")


def token_line(folder: Path) -> str:
    """Who asks: a token of the embedded ledger's own issuer."""
    where = "" if folder == default_data_dir() else f" --data-dir {shlex.quote(str(folder))}"
    return f"export LEDGER_TOKEN=$(hours-ledger token --actor staff/visitor --role auditor{where})"


def grpcurl_line(address: str) -> str:
    """A question that works in any shell that has grpcurl; the server's reflection tells it the types."""
    question = '{"group_by": "SUMMARY_DIMENSION_EVENT_TYPE"}'
    return (
        f"grpcurl -plaintext -H \"authorization: Bearer $LEDGER_TOKEN\" -d '{question}' "
        f"{address} volunteer_hours.v1.HoursService/SummarizeHours"
    )


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped
