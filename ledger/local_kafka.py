"""A real Kafka broker (KRaft, one node) as our own child: for tests and for the local stack where no containers run.

Its jars come by `ledger.kafka_jars`.
"""

from __future__ import annotations

import re
import signal
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ledger.child_process import ChildFailed, ChildProcess
from ledger.folder_lock import FolderLock
from ledger.kafka_jars import LOG_SETTINGS, fetch_jars, need_program
from ledger.loopback import free_port, port_answers

START_SECONDS_MAX = 60.0

# Kafka's own defaults would delete the ledger after 7 days, or let a client's typing error create a topic.
TOPIC_SETTINGS = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "min.insync.replicas": "1",
}


class LocalKafka:
    """One broker over `data_dir`; start it again after stop() or kill() on the same port, and its records are there."""

    def __init__(self, data_dir: Path, *, port: int = 0, heap_megabytes: int = 512, short_lived: bool = False) -> None:
        """Describe the broker; nothing is touched. Port 0: the one it had in this folder before, else a free one.

        `short_lived`: it starts with a third less work, and never becomes as fast as it could.
        """
        self.data_dir = data_dir.absolute()
        self.port = port or _former_port(self._settings_file) or free_port()
        self._heap_megabytes = heap_megabytes
        self._short_lived = short_lived
        self._controller_port = free_port()
        self._lock = FolderLock(self.data_dir)
        self._child: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address clients connect to, host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        """The broker's own log."""
        return self.data_dir / "broker.log"

    @property
    def pid(self) -> int | None:
        """The process id of the broker."""
        return None if self._child is None else self._child.pid

    @property
    def running(self) -> bool:
        """Whether the broker's process is there now."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Start the broker and wait until it answers; raises FolderInUse, ProgramMissing or ChildFailed."""
        if self.running:
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        try:
            jars = fetch_jars()
            self._settings_file.write_text(self.settings_text(), "utf-8")
            # If we crash while formatting, meta.properties (written last) is missing and the next start formats again.
            if not (self.data_dir / "log" / "meta.properties").exists():
                self._format(jars)
            self._child = self._java(
                "the Kafka broker", jars, ["kafka.Kafka", str(self._settings_file)], short_lived=self._short_lived
            )
            self._child.start()
            self._wait_until_it_answers(self._child)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the broker in order."""
        if self._child is not None:
            self._child.stop(signal.SIGTERM, deadline_seconds=30.0)
        self._lock.release()

    def kill(self) -> None:
        """End the broker by kill -9, as a crash would."""
        if self._child is not None:
            self._child.kill()
        self._lock.release()

    def create_topic(self, name: str, partitions: int = 1) -> None:
        """Create a topic that keeps everything for ever, unless there is one of this name."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap) as admin:
            try:
                admin.create_topics(
                    {name: {"num_partitions": partitions, "replication_factor": 1, "configs": TOPIC_SETTINGS}},
                    wait_for_metadata=True,
                )
            except TopicAlreadyExistsError:
                return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _settings_file(self) -> Path:
        return self.data_dir / "server.properties"

    def settings_text(self) -> str:
        """The broker's server.properties."""
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.data_dir / "log"),
            "auto.create.topics.enable": "false",
            "log.retention.ms": "-1",
            "log.retention.bytes": "-1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # A killed broker is let back in only when its old session has ended: 14 s with the default of 9 s.
            "broker.session.timeout.ms": "1500",
            "broker.heartbeat.interval.ms": "500",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _format(self, jars: Path) -> None:
        cluster_id = "-"
        while cluster_id.startswith("-"):  # Kafka's tool would read it as an option
            cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(self._settings_file)]
        done = self._java("the formatting of Kafka's folder", jars, tool, short_lived=True)
        done.start()
        if done.wait(deadline_seconds=START_SECONDS_MAX) != 0:
            raise ChildFailed(f"Kafka could not format {self.data_dir}:\n{done.log_tail()}")

    def _java(self, name: str, jars: Path, command: list[str], *, short_lived: bool) -> ChildProcess:
        options = [
            f"-Xmx{self._heap_megabytes}m",
            "-XX:+UseSerialGC",
            f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
            f"-Dkafka.log.file={self.log_file}",
            *(["-XX:TieredStopAtLevel=1"] if short_lived else []),
        ]
        java = need_program("java", "Java 17 or newer (package openjdk-17-jre-headless)")
        return ChildProcess(name, [java, *options, "-cp", f"{jars}/*", *command], self.data_dir / "broker.out")

    def _wait_until_it_answers(self, child: ChildProcess) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not (port_answers(self.port) and self._answers()):
            if not child.running:
                raise ChildFailed(f"the Kafka broker ended while starting:\n{child.log_tail()}\nsee {self.log_file}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"the Kafka broker did not answer in {START_SECONDS_MAX} s, see {self.log_file}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with KafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False


def _former_port(settings_file: Path) -> int | None:
    if not settings_file.exists():
        return None
    found = re.search(r"^listeners=PLAINTEXT://127\.0\.0\.1:(\d+)", settings_file.read_text("utf-8"), re.MULTILINE)
    return None if found is None else int(found.group(1))
