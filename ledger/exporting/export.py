"""`export`: the logs of a served ledger as a folder that can be checked, served and rebuilt from without this ledger.

The order makes every crash harmless. The old manifest goes before any file that it speaks of is replaced; the new one
comes last, when all partitions are whole. A folder without a manifest is no export yet: run it again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ledger.auditing.progress import Progress
from ledger.exporting.export_folder import BALANCES, CHECKPOINT, ExportFolder, belongs
from ledger.exporting.log_export import ExportRefused, Kept, LogExport, kept_before, need_growth
from ledger.exporting.log_source import LogRefused, LogSource, NotKept
from ledger.exporting.manifest import MANIFEST, PARTITIONS_MAX, ExportedLog, Manifest, need_ledger_id
from ledger.exporting.signed_head import HeadRefused, SignedHead, read_signed_head
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.exporting.whole_files import UNFINISHED, WholeFiles
from ledger.folder_lock import FolderInUse
from ledger.transparency.checkpoint import parse_checkpoint_text
from ledger.transparency.failures import Malformed, TransparencyFailure
from ledger.transparency.signed_note import parse_note
from ledger.transparency.tiles import EntryBundle, decode_bundle, parse_path


class _Opened(msgspec.Struct):
    """What is read of `ledger-opened`."""

    ledger_id: str
    partitions: int


class _FirstEvent(msgspec.Struct):
    data: _Opened


def export(folder: Path, source: LogSource, trusted: TrustedKeys, progress: Progress) -> Manifest:
    """Write the export, or bring the one that lies in the folder to the newest head.

    Raises:
        ExportRefused, HeadRefused: it would contradict itself, or is not signed by the trusted keys.
        LogAway, LogRefused: the log gives nothing, or something else; run it again.
        FolderInUse: another export writes here.
        OSError: the disk did not take it; run it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        reading, files = ExportFolder(folder), WholeFiles(folder)
        opened = _opened(source)
        _need_an_exports_folder(reading, opened.partitions)
        planned = [_planned(reading, source, partition, opened, trusted) for partition in range(opened.partitions)]
        files.remove(MANIFEST)
        for partition, (head, kept) in enumerate(planned):
            # If we crash here, every partition before this one is whole at its new head, every other at its old one.
            step = progress.step(f"partition {partition}", head.head.size)
            LogExport(reading, partition, source, head, kept).write(step)
        manifest = Manifest(opened.ledger_id, tuple(_told(number, head) for number, (head, _) in enumerate(planned)))
        _remove_what_was_before(reading, manifest)
        files.add(MANIFEST, manifest.to_bytes())
        files.settle()
    return manifest


def _opened(source: LogSource) -> _Opened:
    """The ledger's id and its number of partitions, as the first event says; the audit compares it with all others."""
    try:
        [event] = decode_bundle(source.entry_bundle(0, EntryBundle(0, 1)), 1)
        opened = msgspec.json.decode(event, type=_FirstEvent).data
        need_ledger_id(opened.ledger_id)
    except NotKept as missing:
        raise LogRefused(f"nothing was signed yet; ask again in some seconds ({missing})") from missing
    except (Malformed, msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise LogRefused(f"position 1 of partition 0 must be ledger-opened: {wrong}") from wrong
    if not 1 <= opened.partitions <= PARTITIONS_MAX:
        raise LogRefused(f"ledger-opened must say 1 to {PARTITIONS_MAX} partitions, not {opened.partitions}")
    return opened


def _planned(
    folder: ExportFolder, source: LogSource, partition: int, opened: _Opened, trusted: TrustedKeys
) -> tuple[SignedHead, Kept | None]:
    """The head to export, and what there is of it. Nothing is written: a refusal leaves the old export as it was."""
    try:
        head = read_signed_head(*_newest_notes(source, partition), partition, opened.partitions, trusted)
    except HeadRefused as refused:
        raise ExportRefused(f"partition {partition}: {refused}") from refused
    kept = kept_before(folder, partition)
    if kept is not None:
        need_growth(source, partition, kept.head, head.head)
    return head, kept


def _newest_notes(source: LogSource, partition: int) -> tuple[bytes, bytes | None]:
    """The newest balances note and the checkpoint of its size; of a log without events the checkpoint alone."""
    try:
        balances = source.balances(partition)
    except NotKept as missing:
        checkpoint = source.newest_checkpoint(partition)
        if _size(checkpoint, partition):
            raise LogRefused(f"no balances were signed yet; ask again in some seconds ({missing})") from missing
        return checkpoint, None
    return source.checkpoint(partition, _size(balances, partition)), balances


def _size(note: bytes, partition: int) -> int:
    try:
        return parse_checkpoint_text(parse_note(note).text).size
    except TransparencyFailure as failure:
        raise LogRefused(f"partition {partition}: what the log gives is no signed note: {failure}") from failure


def _told(partition: int, head: SignedHead) -> ExportedLog:
    note = head.balances_note
    return ExportedLog(
        partition, head.head.origin, head.head.size, head.head.root, None if note is None else note.map_root
    )


def _need_an_exports_folder(folder: ExportFolder, partitions: int) -> None:
    """An export beside other files would not be one, and a folder that is a link would lead the writing elsewhere."""
    own = {str(partition) for partition in range(partitions)}
    for path in folder.paths():
        partition, _, rest = path.removesuffix(UNFINISHED).partition("/")
        if path.removesuffix(UNFINISHED) != MANIFEST and not (partition in own and _is_a_part(rest)):
            raise ExportRefused(f"{folder.folder} holds {path!a}, no part of this export: name another folder")


def _is_a_part(path: str) -> bool:
    """Whether a log of some size has such a file."""
    if path in (CHECKPOINT, BALANCES):
        return True
    try:
        parse_path(path)
    except Malformed:
        return False
    return True


def _remove_what_was_before(folder: ExportFolder, manifest: Manifest) -> None:
    """Partial tiles of smaller sizes, and what a crash left unfinished."""
    sizes = {str(log.partition): log.size for log in manifest.logs}
    for path in list(folder.paths()):
        partition, _, rest = path.partition("/")
        if not belongs(rest, sizes.get(partition, 0)):
            file = folder.folder / path
            file.unlink()
            with suppress(OSError):  # the folder holds another one still
                file.parent.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder locked, by itself: a lock file in it would be no part of an export."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"another export writes into {folder}: wait for its end, or name another one") from None
        yield
    finally:
        os.close(descriptor)
