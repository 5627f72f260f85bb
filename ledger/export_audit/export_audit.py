"""The audit of an export: every pass over every partition, from files alone.

Which pass derives what from what, and what no pass covers: `docs/audit.md`, "Passes of an export audit". Memory does
not grow with the number of events, only with that of holders.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.progress import Progress
from ledger.export_audit.balances_check import BalancesCheck
from ledger.export_audit.bundle_reading import BundleReading, LogToRead, need_rising
from ledger.export_audit.bundles_in_order import BundleProcesses
from ledger.export_audit.closed_periods_check import ClosedPeriodsCheck
from ledger.export_audit.event_form import Fault
from ledger.export_audit.log_tree_check import LogTreeCheck
from ledger.export_audit.notes_check import check_files, check_notes, read_checked_manifest, signers
from ledger.export_audit.once_check import OnceCheck, StreamCheck
from ledger.export_audit.places import BUNDLES_PLACE, EVENTS_PLACE
from ledger.exporting.export_folder import ExportFolder
from ledger.exporting.manifest import ExportedLog, Manifest
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.tiles import TILE_WIDTH, EntryBundle, width_at

UNSIGNED: Final = (
    "export: NO SIGNATURE WAS CHECKED, so anybody may have made all of it; give the log's verifier keys with --key"
)
_MARK_KEY_BYTES: Final = 16


def audit_export(folder: Path, trusted: TrustedKeys, progress: Progress | None = None) -> Report:
    """Everything that was found in the export.

    Raises:
        OSError: the folder or the system's temporary folder cannot be used.
        ReaderEnded: a process of ours was ended; run it again.
    """
    report, reading = Report(), ExportFolder(folder)
    manifest = read_checked_manifest(reading, report)
    if manifest is None:
        return report
    check_files(reading, manifest, report)
    if not trusted.given:
        report.note(UNSIGNED)
    audit = _ExportAudit(reading, manifest, trusted, report)
    with BundleProcesses() as processes, OnceCheck(manifest, report) as once:
        for log in manifest.logs:
            head = check_notes(reading, log, manifest.partitions, trusted, report)
            if trusted.given and head is not None:
                report.note(f"export, partition {log.partition}: signed by {signers(head.signed)}")
            step = (progress or Progress()).step(f"partition {log.partition}", log.size)
            audit.walk(log, processes, once, step)
        once.end()
        audit.closed.end(lambda log: processes.readings(audit.log_to_read(log)))
    return report


class _ExportAudit:
    def __init__(self, folder: ExportFolder, manifest: Manifest, trusted: TrustedKeys, report: Report) -> None:
        self._folder = folder
        self._manifest = manifest
        self._trusted = trusted
        self._report = report
        self.closed = ClosedPeriodsCheck(manifest, report)
        self._mark_key = secrets.token_bytes(_MARK_KEY_BYTES)

    def walk(self, log: ExportedLog, processes: BundleProcesses, once: OnceCheck, step: Callable[[int], None]) -> None:
        """All events of one log, in order of position."""
        tree = LogTreeCheck(self._folder, log, self._trusted.kept, self._report)
        balances = BalancesCheck(log, self._report)
        before: int | None = None
        with StreamCheck(log, self._report) as streams:
            for reading in processes.readings(self.log_to_read(log)):
                bundle = EntryBundle(reading.index, width_at(0, reading.index, log.size))
                self.closed.add(log, reading)
                if reading.missing:
                    where = Where(BUNDLES_PLACE, log.partition, reading.index * TILE_WIDTH + 1, bundle.path)
                    self._report.differs(where, "file", f"{bundle.width} events", reading.missing)
                    self._report.note(f"{EVENTS_PLACE}, partition {log.partition}: read before {bundle.path} only")
                    return
                if reading.first_microseconds is not None:
                    need_rising(before, reading.first_understood, reading.first_microseconds, reading.faults)
                    before = reading.last_microseconds
                self._tell(log, reading.faults)
                tree.add(reading.leaf_hashes)
                self._add_up(balances, reading)
                streams.add(reading)
                once.add(reading)
                step(bundle.width)
            streams.end()
        self._tell_roots(log, tree.end(), balances)

    def log_to_read(self, log: ExportedLog) -> LogToRead:
        """What reads its bundles."""
        return LogToRead(
            str(self._folder.folder),
            self._manifest.ledger_id,
            log.partition,
            self._manifest.partitions,
            log.size,
            self._mark_key,
        )

    def _tell(self, log: ExportedLog, faults: list[Fault]) -> None:
        for fault in sorted(faults):
            where = Where(EVENTS_PLACE, log.partition, fault.position, fault.row)
            self._report.differs(where, fault.field, fault.expected, fault.found)

    def _add_up(self, balances: BalancesCheck, reading: BundleReading) -> None:
        for moved in reading.moved:
            if reading.not_understood and moved.position > reading.not_understood:
                break
            balances.move(moved.holder, moved.entries)
        if reading.not_understood:
            balances.stop(reading.not_understood)

    def _tell_roots(self, log: ExportedLog, root: bytes, balances: BalancesCheck) -> None:
        map_root = balances.end()
        told = f"export, partition {log.partition}: positions 1..{log.size}, log root {base64_text(root)}"
        if map_root is not None and log.size:
            told += f", {balances.holders} holders, map root {base64_text(map_root)}"
        self._report.note(told)
