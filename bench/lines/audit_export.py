"""The audit of an export from its files alone, beside the library's ProjectionRunner; and how far its memory grows.

The export is made as people make it: the keeper signs log and balances, `serve` shows them, `export` fetches them. An
audit that finds nothing wrong is measured from its first file to its last verdict, starting its processes included.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from pydantic import SecretStr

from bench.ground import Ground
from bench.ledgers import Filling
from bench.lines.library_projection import library_projection
from bench.lines.projection import ATTENDANCES_EACH as PROJECTED_EACH
from bench.lines.projection import VOLUNTEERS as PROJECTED_VOLUNTEERS
from bench.lines.replay import ATTENDANCES_EACH, GROWTH_MIB_MAX, GROWTH_MIB_MIN, VOLUNTEERS
from bench.lines.tree_append import empty_log
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from bench.processes import Measured, measured
from bench.served import ledger_process, served
from ledger.child_process import ChildProcess

MAKING_SECONDS_MAX: Final = 1_800.0
_TOKEN: Final = "an auditors' token to measure with"


@dataclass(frozen=True, slots=True)
class Exported:
    """An export, and the file with the keys that signed it."""

    folder: Path
    keys: Path
    events: int

    def audited(self, ground: Ground) -> Measured:
        """One audit by a process of its own. It raises ChildFailed if anything is found."""
        arguments = [f"--export={self.folder}", f"--keys={self.keys}", f"--events={self.events}"]
        return measured(ground.folder, "bench.export_auditor", arguments)


@contextmanager
def exported(ground: Ground, filling: Filling) -> Iterator[Exported]:
    """A filled ledger, signed and exported."""
    ledger = ground.ledgers.filled(filling)
    empty_log(ledger)
    made = ground.folder / f"export-{uuid4().hex[:8]}"
    settings = ledger.settings.model_copy(
        update={"signer_folder": str(made / "signer"), "auditor_token": SecretStr(_TOKEN)}
    )
    made.mkdir()
    _run(ledger_process(ground.folder, settings, "keep-log", ["ledger.log_keeping.keeper", "--once"]))
    keys = made / "signer" / "0.vkeys"
    with served(ground.folder, settings, "serve-export") as server:
        command = ["ledger", "export", str(made / "export"), "--url", f"http://{server.http}", "--key", f"@{keys}"]
        _run(ledger_process(ground.folder, settings, "export", command))
    try:
        yield Exported(made / "export", keys, sum(ledger.positions().values()))
    finally:
        shutil.rmtree(made)


def _run(process: ChildProcess) -> None:
    process.start()
    try:
        if process.wait(MAKING_SECONDS_MAX) != 0:
            raise MeasurementFailed(f"{process.name} ended with {process.exit_code}:\n{process.log_tail()}")
    finally:
        process.stop()


@contextmanager
def speed(ground: Ground) -> Iterator[Sides]:
    """As many events as the projections are measured with."""
    filling = Filling(ground.scaled(PROJECTED_VOLUNTEERS, least=2_000), PROJECTED_EACH)
    with library_projection(ground) as reference, exported(ground, filling) as export:
        yield Sides(reference=reference, ours=lambda: export.audited(ground).rate)


@contextmanager
def memory(ground: Ground) -> Iterator[Sides]:
    """How much all its processes together grow at most while a million events pass, beside what is allowed."""
    filling = Filling(ground.scaled(VOLUNTEERS, least=5_000), ATTENDANCES_EACH)
    with exported(ground, filling) as export:
        yield Sides(
            reference=lambda: GROWTH_MIB_MAX,
            ours=lambda: max(GROWTH_MIB_MIN, export.audited(ground).counts["growth_mib"]),
        )


AUDIT_EXPORT = Line(name="audit_export", unit="events/s", floor=15.0, sides=speed)
AUDIT_EXPORT_MEMORY = Line(name="audit_export_memory", unit="MiB", floor=1.0, sides=memory, direction=Direction.AT_MOST)
