"""`rebuild`: forget every row of the read database and make them anew: from the topic, the event store, or an export.

The hash before and after says whether they are the same rows (`docs/audit.md`, "Equal hashes").
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import psycopg

from consumers import project
from ledger.auditing.progress import Progress
from ledger.event_store import heads, read_page
from ledger.exporting.export_history import ExportHistory
from ledger.open_ledger import check_same_ledger
from ledger.projections.canonical_hash import canonical_hash, canonical_hashes
from ledger.projections.positions import applied
from ledger.projections.projector import Projector
from ledger.projections.rebuild import forget_rows
from ledger.settings import Settings, WrongSetting

Source: TypeAlias = Literal["kafka", "store"] | ExportHistory
PAGE_EVENTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Rows:
    """What a read database holds."""

    positions: dict[int, int]
    hashes: dict[str, str]

    @property
    def whole(self) -> str:
        """One hash over all tables."""
        return canonical_hash(self.hashes)


def run(settings: Settings, *, source: Source) -> bool:
    """Rebuild and print both hashes; False when the rows differ although the positions are the same.

    A read database that held nothing is filled, and there is nothing to compare with.

    A consumer may keep running: it reads the topic again from its beginning, or finds everything done.

    Raises:
        WrongSetting: a setting is missing, or the source is of another ledger.
        ForkDetected, Hole, InvariantBroken: the source is no sound history; the projections stand where it stops.
    """
    if not settings.projector_database:
        raise WrongSetting("LEDGER_PROJECTOR_DATABASE is not set; the projections are rebuilt with it")
    if source == "kafka" and not settings.kafka:
        raise WrongSetting("LEDGER_KAFKA is not set; rebuild from the event store with --from store")
    if isinstance(source, ExportHistory):
        check_same_ledger(settings, source.manifest.ledger_id, source.manifest.partitions)
    before = rows(settings)
    _tell("before", before)
    forget_rows(settings.projector_database)
    if source == "kafka":
        project.run(settings, stop=threading.Event(), once=True)
    elif source == "store":
        _apply_store(settings)
    else:
        _apply_export(settings, source)
    after = rows(settings)
    _tell("after", after)
    return _compare(before, after)


def rows(settings: Settings) -> Rows:
    """Positions and hashes of the read database as it is."""
    with psycopg.connect(settings.projector_database, autocommit=True) as connection:
        positions = {partition: known.position for partition, known in applied(connection).items()}
        return Rows(positions, canonical_hashes(connection))


def _apply_store(settings: Settings) -> None:
    with (
        psycopg.connect(settings.relay_database or settings.database, autocommit=True) as store,
        psycopg.connect(settings.projector_database, autocommit=True) as connection,
    ):
        projector = Projector(connection)
        for partition, head in sorted(heads(store).items()):
            after = 0
            while after < head.position:
                after = projector.apply(partition, read_page(store, partition, after, PAGE_EVENTS), None)


def _apply_export(settings: Settings, history: ExportHistory) -> None:
    with Progress() as progress, psycopg.connect(settings.projector_database, autocommit=True) as connection:
        projector = Projector(connection)
        for log in history.manifest.logs:
            step = progress.step(f"partition {log.partition}", log.size)
            waiting: list[bytes] = []
            for page in history.pages(log.partition):
                waiting += page
                if len(waiting) >= PAGE_EVENTS:
                    projector.apply(log.partition, waiting, None)
                    step(len(waiting))
                    waiting = []
            if waiting:
                projector.apply(log.partition, waiting, None)


def _tell(when: str, found: Rows) -> None:
    reached = ", ".join(f"{partition}:{position}" for partition, position in sorted(found.positions.items())) or "none"
    print(f"{when}: positions {reached}; {found.whole}")


def _compare(before: Rows, after: Rows) -> bool:
    if not before.positions and after.positions:
        print("filled; there was nothing to compare with")
        return True
    if before.positions != after.positions:
        print("the positions differ, so the hashes say nothing: run it again once nothing is being written")
        return True
    different = [table for table in after.hashes if before.hashes.get(table) != after.hashes[table]]
    print(f"different: {', '.join(different)}" if different else "equal hashes")
    return not different
