"""Pass: the manifest, the files and the signed notes belong together, and the notes are signed by the trusted keys."""

from __future__ import annotations

from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.exporting.export_folder import BALANCES, CHECKPOINT, ExportFolder, FileFault, belongs
from ledger.exporting.manifest import MANIFEST, MANIFEST_BYTES_MAX, ExportedLog, Manifest, read_manifest
from ledger.exporting.signed_head import HeadRefused, SignedHead, read_signed_head
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.cosignature import SignedBy
from ledger.transparency.failures import Malformed

MANIFEST_PLACE: Final = "export manifest"
FILES_PLACE: Final = "export files"
NOTE_PLACES: Final = {CHECKPOINT: "export checkpoint", BALANCES: "export balances note"}


def read_checked_manifest(folder: ExportFolder, report: Report) -> Manifest | None:
    """The manifest; None, and a finding, where there is none."""
    where = Where(MANIFEST_PLACE, row=MANIFEST)
    try:
        return read_manifest(folder.read(MANIFEST, MANIFEST_BYTES_MAX))
    except FileFault as fault:
        unfinished = " (an export that was broken off has none: run `hours-ledger export` again)"
        report.differs(where, "file", "there", fault.found + (unfinished if fault.found == "missing" else ""))
    except Malformed as wrong:
        report.differs(where, "member", "as docs/format.md says", wrong.reason)
    return None


def check_files(folder: ExportFolder, manifest: Manifest, report: Report) -> None:
    """No file but those of the logs at their sizes."""
    sizes = {str(log.partition): log.size for log in manifest.logs}
    for path in folder.paths():
        partition, _, rest = path.partition("/")
        if path != MANIFEST and not (partition in sizes and belongs(rest, sizes[partition])):
            report.differs(Where(FILES_PLACE, row=path), "file", "none: it is no part of this export", "there")


def check_notes(
    folder: ExportFolder, log: ExportedLog, partitions: int, trusted: TrustedKeys, report: Report
) -> SignedHead | None:
    """The notes of one log beside what the manifest says of it; None, and a finding, where they are not right."""
    try:
        checkpoint = folder.note(log.partition, CHECKPOINT)
        balances = folder.note(log.partition, BALANCES) if log.size else None
        head = read_signed_head(checkpoint, balances, log.partition, partitions, trusted)
    except FileFault as fault:
        place = NOTE_PLACES[fault.path.rpartition("/")[2]]
        report.differs(Where(place, log.partition), "file", "there", fault.found)
        return None
    except HeadRefused as refused:
        report.differs(Where(NOTE_PLACES[refused.note], log.partition), refused.field, refused.expected, refused.found)
        return None
    note = head.balances_note
    where = Where(MANIFEST_PLACE, log.partition)
    said = {"origin": head.head.origin, "size": head.head.size, "root": head.head.root}
    report.compare(where, said, {"origin": log.origin, "size": log.size, "root": log.root})
    report.compare(where, {"map_root": None if note is None else note.map_root}, {"map_root": log.map_root})
    return head


def signers(signed: tuple[SignedBy, ...]) -> str:
    """Who signed, in words."""
    return ", ".join(f"{one.key.name} ({one.key.type.name})" for one in signed) or "nobody whose key was given"
