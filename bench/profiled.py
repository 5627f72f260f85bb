"""`python -m bench.profiled FILE MODULE ARGUMENTS…`: run a module and leave a profile of its main thread in FILE.

By samples of the running line, one each tick of processor time, so that nothing is slowed down much (importing is left
out); with BENCH_PROFILE_CALLS=1 by cProfile, which counts every call and makes small functions look dear.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import resource
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_SECONDS = 0.001  # the kernel makes it a tick, often 4 ms
SHOWN = 70


class Sampler:
    """Where the main thread is, whenever the process has used another tick."""

    def __init__(self) -> None:
        self.samples = 0
        self._own: Counter[str] = Counter()
        self._within: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _take(self, _number: int, frame: FrameType | None) -> None:
        stack: list[FrameType] = []
        while frame is not None:
            stack.append(frame)
            frame = frame.f_back
        if not stack or any("importlib" in each.f_code.co_filename for each in stack):
            return
        self.samples += 1
        self._own[_place(stack[0])] += 1
        self._lines[f"{_place(stack[0])}:{stack[0].f_lineno}"] += 1
        self._within.update({_place(each) for each in stack})

    def report(self) -> str:
        used = resource.getrusage(resource.RUSAGE_SELF)
        parts = [f"{self.samples} samples; processor seconds in all: {used.ru_utime + used.ru_stime:.1f}"]
        for title, counts in (
            ("own time, with what it calls in C", self._own),
            ("with all it calls", self._within),
            ("by line", self._lines),
        ):
            parts.append(f"\n{title}")
            parts += [f"{100 * count / self.samples:6.1f} %  {place}" for place, count in counts.most_common(SHOWN)]
        return "\n".join(parts) + "\n"


def _place(frame: FrameType) -> str:
    code = frame.f_code
    file = code.co_filename
    for folder in ("/site-packages/", f"{os.getcwd()}/", "/lib/python3"):
        file = file.rpartition(folder)[2]
    return f"{file} {code.co_qualname}"


def main() -> None:
    """Run the module until it ends, then write the profile."""
    file, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [module, *sys.argv[3:]]
    calls, sampler = cProfile.Profile(), Sampler()
    by_calls = os.environ.get("BENCH_PROFILE_CALLS") == "1"
    try:
        if by_calls:
            calls.enable()
        else:
            sampler.start()
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if by_calls:
            calls.disable()
            with file.open("w", encoding="utf-8") as out:
                statistics = pstats.Stats(calls, stream=out)
                statistics.sort_stats("tottime").print_stats(SHOWN)
                statistics.sort_stats("cumulative").print_stats(SHOWN)
        else:
            sampler.stop()
            file.write_text(sampler.report(), "utf-8")


if __name__ == "__main__":
    main()
