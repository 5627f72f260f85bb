"""The whole stack as local processes, for machines without Docker: `make up`, or `python -m ledger.local_stack`.

PostgreSQL, Kafka, `migrate`, the topics, then `serve`, `consume`, and for each of the two ledgers `relay` and
`keep-log`, each started again when it ends: the same parts with the same settings as docker-compose.yml, both read from
deploy/stack.env.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from psycopg.conninfo import make_conninfo
from rich.console import Console

from ledger.access.local_issuer import JWKS_FILE, LocalIssuer
from ledger.child_process import ChildFailed, ChildProcess
from ledger.commands.credentials import LOCAL_ISSUER_FOLDER
from ledger.embedded_ledger import ACCESS_SIGNER_FOLDER, SIGNER_FOLDER
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.folder_lock import FolderInUse
from ledger.health_probe import serves
from ledger.kafka_jars import PROJECT, ProgramMissing
from ledger.local_kafka import LocalKafka
from ledger.loopback import free_port
from ledger.postgres_place import PlaceNotUsable, default_data_dir
from ledger.stack_counts import counts
from ledger.supervisor import Supervisor

STACK_ENV = PROJECT / "deploy" / "stack.env"
OWNER_ENV = PROJECT / "deploy" / "owner.env"
PARTS: Mapping[str, Sequence[str]] = {
    "serve": ("serve",),
    "relay": ("relay",),
    "consume": ("consume",),
    "keep-log": ("keep-log",),
    "relay-access": ("relay", "--ledger", "access"),
    "keep-log-access": ("keep-log", "--ledger", "access"),
}
"""Name → the command that is run."""
TOPICS = {"LEDGER_TOPIC": "LEDGER_PARTITIONS", "LEDGER_ACCESS_TOPIC": "LEDGER_ACCESS_PARTITIONS"}
"""Variable of a topic → that of its number of partitions."""
SIGNS = {
    "keep-log": ("LEDGER_SIGNER_FOLDER", SIGNER_FOLDER),
    "keep-log-access": ("LEDGER_ACCESS_SIGNER_FOLDER", ACCESS_SIGNER_FOLDER),
}
"""The parts that are given a signer's folder: by which variable, and its name."""
READY_SECONDS_MAX = 60.0

console = Console()


class Interrupted(Exception):
    """Ctrl-C or SIGTERM: stop everything in order."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file of NAME=value lines and comments; raises ValueError naming any other line."""
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator or not name.isidentifier():
            raise ValueError(f"{path}, line {number}: NAME=value is expected, not {line!r}")
        values[name] = value
    return values


def stack_environment(postgres_port: int, kafka: str, grpc_address: str, http_address: str) -> dict[str, str]:
    """What every part is given: ours without any LEDGER_ or PG variable, deploy/stack.env, and where things are."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "PG"))}
    places = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres_port),
        "LEDGER_KAFKA": kafka,
        "LEDGER_GRPC_ADDRESS": grpc_address,
        "LEDGER_HTTP_ADDRESS": http_address,
    }
    return {**inherited, **read_env_file(STACK_ENV), **places}


class LocalStack:
    """All parts over one data folder."""

    def __init__(self, data_dir: Path, grpc_address: str, http_address: str) -> None:
        """Describe the stack; nothing is started."""
        self.data_dir = data_dir
        self.grpc_address = grpc_address
        self.postgres = EmbeddedPostgres(data_dir, tcp=True)
        self.kafka = LocalKafka(data_dir / "kafka")
        port = self.postgres.tcp_port or 0
        self.environment = {
            **stack_environment(port, self.kafka.bootstrap, grpc_address, http_address),
            "LEDGER_TOKEN_JWKS": str(data_dir / JWKS_FILE),
            LOCAL_ISSUER_FOLDER: str(data_dir),  # for commands: a service takes no notice
        }
        self.supervisor = Supervisor()

    def start(self) -> None:
        """Start everything in order and wait until the service answers; raises ChildFailed when it does not."""
        for name, server in (("PostgreSQL", self.postgres), ("Kafka", self.kafka)):
            with console.status(f"starting {name}"):
                server.start()
            console.print(f"{name} is up, process {server.pid}")
            self.supervisor.watch_server(name, server)
        LocalIssuer.made_in(self.data_dir)
        self._run_once("migrate", {**self.environment, **read_env_file(OWNER_ENV)})
        for topic, partitions in TOPICS.items():
            self.kafka.create_topic(self.environment[topic], int(self.environment[partitions]))
        for part, command in PARTS.items():
            self.supervisor.watch_child(self._part(part, command, self.environment_of(part)))
        self._wait_until_ready()

    def environment_of(self, part: str) -> dict[str, str]:
        """What a part is given."""
        if part not in SIGNS:
            return dict(self.environment)
        variable, folder = SIGNS[part]
        return {**self.environment, variable: str(self.data_dir / folder)}

    def stop(self) -> None:
        """Stop everything, the service first, so that nothing acknowledges what can't be kept."""
        self.supervisor.stop_children()
        self.kafka.stop()
        self.postgres.stop()

    def demo(self, arguments: Sequence[str]) -> int:
        """Run the demo through the stack as an ordinary client, its output on ours; returns its exit code."""
        command = [sys.executable, "-m", "ledger", "demo", "--once", "--connect", self.grpc_address, *arguments]
        demo = subprocess.Popen(command, env=self.environment)
        try:
            while demo.poll() is None:
                self.supervisor.restart_what_ended()
                time.sleep(0.1)
        finally:
            if demo.poll() is None:
                demo.terminate()
                demo.wait()
        if demo.returncode == 0:
            self._say_counts()
        return demo.returncode

    def _say_counts(self) -> None:
        values = self.environment
        database = make_conninfo(values["LEDGER_RELAY_DATABASE"], host=values["PGHOST"], port=values["PGPORT"])
        topic, partitions = values["LEDGER_TOPIC"], int(values["LEDGER_PARTITIONS"])
        for line in counts(database, self.kafka.bootstrap, topic, partitions):
            console.print(line, highlight=False, soft_wrap=True)

    def _part(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> ChildProcess:
        logs = self.data_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "ledger", *arguments]
        return ChildProcess(name, command, logs / f"{name}.log", environment=environment, death_signal=signal.SIGTERM)

    def _run_once(self, name: str, environment: Mapping[str, str]) -> None:
        part = self._part(name, [name], environment)
        part.start()
        if part.wait(deadline_seconds=120.0) != 0:
            raise ChildFailed(f"`{name}` failed:\n{part.log_tail()}")
        console.print(f"{name}: done")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        with console.status("waiting for the service"):
            while not serves(self.grpc_address, deadline_seconds=1.0):
                self.supervisor.restart_what_ended()
                if time.monotonic() > deadline:
                    raise ChildFailed(
                        f"the service does not answer on {self.grpc_address}; the ends of the logs in "
                        f"{self.data_dir / 'logs'}:\n{self.supervisor.log_tails()}"
                    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack until it is stopped, or only for one demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ledger.local_stack", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="run the demo through the stack in a fresh folder, then stop"
    )
    parser.add_argument(
        "--data-dir", type=Path, help="where everything is kept (default: kept between runs; --once: not)"
    )
    parser.add_argument("demo_arguments", nargs="*", help="handed to the demo, after --")
    wanted = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with ExitStack() as cleanup:
        try:
            return _run(wanted, cleanup)
        except Interrupted:
            console.print("stopping")
            return 0
        except (ChildFailed, FolderInUse, PlaceNotUsable, ProgramMissing) as error:
            console.print(f"{type(error).__name__}: {error}", markup=False, highlight=False, soft_wrap=True)
            return 1
        finally:
            # A second Ctrl-C must not leave servers behind.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            cleanup.close()


def _run(wanted: argparse.Namespace, cleanup: ExitStack) -> int:
    folder: Path = wanted.data_dir or default_data_dir() / "stack"
    grpc_address, http_address = "127.0.0.1:50051", "127.0.0.1:8080"
    if wanted.once:
        grpc_address, http_address = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        if wanted.data_dir is None:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="hours-stack-")))
            folder.chmod(0o711)  # PostgreSQL's user walks through it
    stack = LocalStack(folder.absolute(), grpc_address, http_address)
    cleanup.callback(stack.stop)
    stack.start()
    if wanted.once:
        return stack.demo(wanted.demo_arguments)
    console.print(
        f"the service answers on {grpc_address}; logs are in {stack.data_dir / 'logs'}; Ctrl-C stops everything"
    )
    while True:
        stack.supervisor.restart_what_ended()
        time.sleep(0.2)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
