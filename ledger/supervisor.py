"""Starts again what ended. Relay and consumers end on any doubt: their place is then read anew, never guessed.

A child that stopped loudly stays down: starting it again changes nothing, and would only bury its alarm.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console

from ledger import metrics
from ledger.child_process import ChildFailed, ChildProcess
from ledger.last_words import ALARM, last_words
from ledger.process_end import STOPPED_LOUDLY

WAIT_SECONDS_FIRST = 0.2
WAIT_SECONDS_MAX = 10.0
STEADY_SECONDS = 30.0  # having run this long, the next end is a new story

console = Console(stderr=True)


class Restartable(Protocol):
    """What a supervisor needs: to see whether it runs, and to start it."""

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        ...

    def start(self) -> None:
        """Start it; may raise, then it is tried again later."""
        ...


@dataclass
class Watched:
    """One thing to keep running, and how patient we are with it (monotonic seconds)."""

    name: str
    thing: Restartable
    started_at: float
    wait_seconds: float = WAIT_SECONDS_FIRST
    not_before: float | None = None
    alarm_told: bool = False


class Supervisor:
    """Keeps servers and children running; call restart_what_ended() often, it does not wait."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._servers: list[Watched] = []
        self._children: list[Watched] = []

    def watch_server(self, name: str, server: Restartable) -> None:
        """Keep a running server running; who started it stops it."""
        self._servers.append(Watched(name, server, time.monotonic()))

    def watch_child(self, child: ChildProcess) -> None:
        """Start a child and keep it running until stop_children(), or until it stops loudly."""
        child.start()
        metrics.CHILD_STOPPED.labels(child.name).set(0)
        self._children.append(Watched(child.name, child, time.monotonic()))

    def restart_what_ended(self) -> None:
        """Start again what ended, each after a wait that doubles while it keeps ending; not what stopped loudly."""
        for watched in [*self._servers, *self._children]:
            if watched.thing.running:
                continue
            if isinstance(watched.thing, ChildProcess) and watched.thing.exit_code == STOPPED_LOUDLY:
                _tell_alarm_once(watched, watched.thing)
            else:
                _restart_when_due(watched)

    def stop_children(self) -> None:
        """Stop the children, in the order they were started."""
        for watched in self._children:
            if isinstance(watched.thing, ChildProcess):
                watched.thing.stop(deadline_seconds=30.0)
        self._children.clear()

    def log_tails(self) -> str:
        """The ends of all children's logs, for an error message."""
        tails = [
            f"--- {watched.name}\n{watched.thing.log_tail()}"
            for watched in self._children
            if isinstance(watched.thing, ChildProcess)
        ]
        return "\n".join(tails)


def _tell_alarm_once(watched: Watched, child: ChildProcess) -> None:
    if watched.alarm_told:
        return
    watched.alarm_told = True
    metrics.CHILD_STOPPED.labels(child.name).set(1)
    why = last_words(child.said_since_start()) or "it said nothing"
    told = f"{ALARM}: {child.name} has stopped and is not started again: {why}; see {child.log_file}"
    console.print(told, highlight=False, markup=False, soft_wrap=True)


def _restart_when_due(watched: Watched) -> None:
    now = time.monotonic()
    if watched.not_before is None:
        if now - watched.started_at > STEADY_SECONDS:
            watched.wait_seconds = WAIT_SECONDS_FIRST
        watched.not_before = now + watched.wait_seconds
        console.print(f"{watched.name} ended; starting it again in {watched.wait_seconds:.1f} s", highlight=False)
        watched.wait_seconds = min(2 * watched.wait_seconds, WAIT_SECONDS_MAX)
    if now >= watched.not_before:
        watched.not_before = None
        watched.started_at = now
        try:
            watched.thing.start()
        except ChildFailed as error:
            console.print(f"{watched.name} did not start: {error}", highlight=False, markup=False)
