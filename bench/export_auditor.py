"""`python -m bench.export_auditor`: one audit of an export, its rate, and how far the memory of its processes grew.

Looked at are this process and those it starts, every some thousand events and at the end; what they hold after the
first events is what they need to begin with.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.processes import print_rate
from bench.served import resident_mib
from ledger.auditing.progress import Progress
from ledger.export_audit.export_audit import audit_export
from ledger.exporting.trusted_keys import TrustedKeys

WARM_UP_EVENTS: Final = 20_000
LOOK_EVENTS: Final = 20_000
_KIB_PER_MIB: Final = 1_024


class Watched(Progress):
    """Looks at the memory as the walk goes on."""

    def __init__(self, warm_up: int) -> None:
        super().__init__()
        self._warm_up = warm_up
        self._events, self._looked_at = 0, 0
        self.held_mib = 0.0
        self.most_mib = 0.0
        self.own_mib = 0.0
        """Of this process alone, when the others were looked at last."""

    def step(self, description: str, total: int) -> Callable[[int], None]:
        """Count, whatever part of the walk it is."""
        return self._more

    def _more(self, count: int) -> None:
        self._events += count
        if self._events < self._warm_up or self._events - self._looked_at < LOOK_EVENTS:
            return
        self._looked_at = self._events
        self.own_mib = resident_mib(os.getpid())
        mib = self.own_mib + sum(map(resident_mib, _children()))
        self.held_mib = self.held_mib or mib
        self.most_mib = max(self.most_mib, mib)


def _children() -> list[int]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in task.read_text("ascii").split()]


def _peak_mib() -> float:
    """The most this program ever held. getrusage would also tell of whoever started it: that survives an exec."""
    status = Path("/proc/self/status").read_text("ascii")
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peak) / _KIB_PER_MIB


def main() -> None:
    """Audit, and print one JSON line; exits with words when anything is found."""
    parser = argparse.ArgumentParser(prog="python -m bench.export_auditor", description=__doc__)
    parser.add_argument("--export", type=Path, required=True)
    parser.add_argument("--keys", type=Path, required=True, help="verifier keys, one a line")
    parser.add_argument("--events", type=int, required=True, help="how many the export must hold")
    wanted = parser.parse_args()
    trusted = TrustedKeys.read(wanted.keys.read_text("utf-8").splitlines())
    watched = Watched(min(WARM_UP_EVENTS, wanted.events // 4))
    began_at = time.perf_counter()
    report = audit_export(wanted.export, trusted, watched)
    seconds = time.perf_counter() - began_at
    if report.count or not any(f"positions 1..{wanted.events}," in note for note in report.notes):
        sys.exit(f"{report.count} findings, {report.notes}")
    # Balances are hashed and marks compared when the last event has passed: only the peak tells of that.
    peak_mib = _peak_mib()
    most_mib = max(watched.most_mib, watched.most_mib - watched.own_mib + peak_mib)
    print_rate(wanted.events / seconds, growth_mib=most_mib - watched.held_mib)


if __name__ == "__main__":
    main()
