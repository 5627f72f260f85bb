"""Measuring a process from outside: when did the count it moves pass the warm-up, when did it reach the end?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bench.pairing import MeasurementFailed
from ledger.child_process import ChildProcess

LOOK_SECONDS: Final = 0.01


class Stretch:
    """The time between two counts that a process (or several) brings about."""

    def __init__(self, *processes: ChildProcess, warm_up: int, end: int) -> None:
        """Nothing is started yet. Measured is from the first count seen that is not below `warm_up`."""
        self._processes = processes
        self._warm_up = warm_up
        self._end = end

    def rate(self, count: Callable[[], int], seconds_max: float, *, ends: bool = True) -> float:
        """Start the processes, look at `count` until the end is reached, and see the processes end in order.

        With `ends` they end by themselves, else they are asked to. Raises MeasurementFailed when they fail or are slow.
        """
        for process in self._processes:
            process.start()
        try:
            rate = self._watch(count, time.monotonic() + seconds_max)
            if ends:
                for process in self._processes:
                    process.wait(30.0)
        finally:
            for process in self._processes:
                process.stop()
        for process in self._processes:
            if process.exit_code != 0:
                raise MeasurementFailed(f"{process.name} ended with {process.exit_code}:\n{process.log_tail()}")
        return rate

    def _watch(self, count: Callable[[], int], deadline: float) -> float:
        began_at, first = 0.0, 0
        while (reached := count()) < self._end:
            if not began_at and reached >= self._warm_up:
                began_at, first = time.perf_counter(), reached
            if failed := [process for process in self._processes if process.exit_code]:
                raise MeasurementFailed(f"{failed[0].name} ended with {failed[0].exit_code}:\n{failed[0].log_tail()}")
            if time.monotonic() > deadline:
                raise MeasurementFailed(f"{self._processes[0].name} reached {reached} of {self._end}, then time was up")
            time.sleep(LOOK_SECONDS)
        if not began_at:
            raise MeasurementFailed(f"{self._end} were reached at once: measure with a larger scale")
        return (reached - first) / (time.perf_counter() - began_at)
