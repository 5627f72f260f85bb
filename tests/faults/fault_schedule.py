"""Which process is killed when: chosen by the seed, so that a failing run can be repeated."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import psycopg

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from tests.system.running_ledger import RunningLedger

Kind: TypeAlias = Literal["server", "relay", "consumer", "postgres", "backend", "broker"]
WEIGHTS: Final[dict[Kind, int]] = {"server": 5, "relay": 3, "consumer": 3, "postgres": 3, "backend": 3, "broker": 2}
"""The broker takes seconds to return: killed more often, nothing else would ever run."""


@dataclass(frozen=True)
class Fault:
    """One kill -9: after `wait_seconds`, of one process of this kind, which stays down for `down_seconds`."""

    kind: Kind
    wait_seconds: float
    down_seconds: float
    choice: float
    """Which of several, 0..1."""


@dataclass
class FaultLog:
    """What really happened."""

    lines: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    healed: list[tuple[str, float]] = field(default_factory=list)
    """What was brought back, and when."""

    def note(self, kind: str, text: str) -> None:
        self.happened[kind] += 1
        self.lines.append(f"{time.monotonic() - self.began:6.1f} s  kill -9 {kind}: {text}")


def planned(seed: int, count: int) -> Iterator[Fault]:
    """`count` faults; the first ones are one of each kind, in an order of their own."""
    choice = random.Random(f"faults/{seed}")
    kinds = list(WEIGHTS)
    first = choice.sample(kinds, len(kinds))
    for number in range(count):
        kind = first[number] if number < len(first) else choice.choices(kinds, list(WEIGHTS.values()))[0]
        yield Fault(kind, choice.uniform(0.5, 2.0), choice.choice([0.0, 0.0, 0.5, 1.5]), choice.random())


class Striker:
    """Kills and brings back. Every kill is by process id and looked at: one that met nobody does not count."""

    def __init__(self, ledger: RunningLedger, postgres: EmbeddedPostgres, kafka: LocalKafka, log: FaultLog) -> None:
        self._ledger = ledger
        self._postgres = postgres
        self._kafka = kafka
        self._log = log

    def strike(self, fault: Fault) -> None:
        """Wait, kill, wait, start again."""
        time.sleep(fault.wait_seconds)
        match fault.kind:
            case "postgres" | "broker":
                self._kill_server(fault)
            case "backend":
                self._kill_backend(fault)
            case _:
                self._kill_part(fault)
        self._log.healed.append((fault.kind, time.monotonic()))

    def _kill_server(self, fault: Fault) -> None:
        server = self._postgres if fault.kind == "postgres" else self._kafka
        pid, running = server.pid, server.running
        server.kill()
        if running:
            self._log.note(fault.kind, f"process {pid}, down for {fault.down_seconds} s")
        time.sleep(fault.down_seconds)
        server.start()

    def _kill_part(self, fault: Fault) -> None:
        names = self._ledger.servers if fault.kind == "server" else (fault.kind,)
        name = names[int(fault.choice * len(names))]
        part = self._ledger.part(name)
        for _ in range(200):  # it may just be starting again after an earlier fault
            if part.running:
                break
            time.sleep(0.05)
        pid = part.pid
        if self._ledger.kill(name):
            self._log.note(fault.kind, f"{name}, process {pid}, down for {fault.down_seconds} s")
        time.sleep(fault.down_seconds)
        self._ledger.bring_back(name)

    def _kill_backend(self, fault: Fault) -> None:
        """One backend of a writer: PostgreSQL then ends all others and recovers, as after any crash."""
        rows = self._writers()
        if rows:
            pid, query = rows[int(fault.choice * len(rows))]
            os.kill(pid, signal.SIGKILL)
            self._log.note("backend", f"process {pid}, last at {' '.join(str(query).split())[:40]!r}")

    def _writers(self) -> list[tuple[int, str]]:
        for _ in range(600):  # it may still be recovering from an earlier fault
            try:
                with psycopg.connect(self._postgres.dsn(), autocommit=True) as connection:
                    rows = connection.execute(
                        "select pid, query from pg_stat_activity where usename = 'ledger_service' order by state, pid"
                    ).fetchall()
            except psycopg.OperationalError:
                rows = []
            if rows:
                return [(int(row[0]), str(row[1])) for row in rows]
            time.sleep(0.05)
        return []
