"""The signer: what it signed last stands in a file of its own, and changes only in one step with a signature.

**A log signs no two checkpoints of which neither continues the other.** This file keeps that promise. It asks for a
proof that the new tree continues the one it remembers, remembers the new checkpoint durably, and only then gives it
away. If we crash after remembering, the next start publishes what is remembered; if we crash before, nobody has seen
the signature.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.folder_lock import FolderInUse, FolderLock
from ledger.log_keeping.durable_file import replace_file, sync_folder
from ledger.log_keeping.map_state import MapState
from ledger.log_keeping.signer_folder import (
    KEYS_FILE,
    PUT_IT_BACK,
    VKEYS_SUFFIX,
    mapped_file,
    memory_file,
    need_closed,
    read_keys,
    read_mapped,
    read_signed,
)
from ledger.log_keeping.signer_keys import LogKeys, SignedCheckpoint
from ledger.log_keeping.stops import AnotherKeeper, ForkRefused, SignerMemoryWrong, head_in_words
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.failures import Malformed, ProofRejected
from ledger.transparency.signed_note import parse_note
from ledger.transparency.tree_hash import EMPTY_ROOT

FOLDER_MODE: Final = 0o700

_log = logging.getLogger(__name__)


class SignerMemory:
    """The keys of all partitions and what each signed last, held by one process at a time."""

    def __init__(self, folder: Path, origins: Sequence[str]) -> None:
        """`origins`: of each partition's log, in order. Nothing is opened yet."""
        self._folder = folder
        self._origins = list(origins)
        self._lock = FolderLock(folder)
        self.keys: list[LogKeys] = []
        """Of each partition, once it is opened."""

    def open(self, *, published: bool) -> None:
        """Take the folder, and make it at the first start; `published`: the database holds checkpoints already.

        Raises:
            AnotherKeeper: another process holds the folder.
            SignerMemoryWrong: keys or memory are missing although something was signed, or they do not fit.
            WrongSetting: the folder is open to others, or the keys are those of other logs.
        """
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        need_closed(self._folder)
        try:
            self._lock.take()
        except FolderInUse as error:
            raise AnotherKeeper(f"another keeper signs with this signer folder: {error}") from error
        if not (self._folder / KEYS_FILE).exists():
            self._need_first_start(published=published)
            self._begin()
        self.keys = read_keys(self._folder, self._origins)
        self._tell_verifier_keys()
        for partition in range(len(self.keys)):
            self.last(partition)

    def close(self) -> None:
        """Let the next process in."""
        self._lock.release()

    def last(self, partition: int) -> SignedCheckpoint:
        """What was signed last, as it stands on the disk. Raises SignerMemoryWrong."""
        return read_signed(self._folder, partition, self.keys[partition])

    def sign(
        self, partition: int, before: SignedCheckpoint, size: int, root: bytes, proof: Sequence[bytes]
    ) -> SignedCheckpoint:
        """Sign the tree head that continues `before`, by compare-and-swap; on return it is remembered durably.

        `proof` is the consistency proof from `before`. The same head again gives what was signed for it.

        Raises:
            SignerMemoryWrong: something else than `before` is remembered: somebody else changed it.
            ForkRefused: the new head does not continue what was signed.
        """
        last = self.last(partition)
        if last.note != before.note:
            raise SignerMemoryWrong(
                f"partition {partition}: the signer's memory says {head_in_words(last.head)}, "
                f"this process signed {head_in_words(before.head)} last: another process changed it"
            )
        if (size, root) == (last.head.size, last.head.root):
            return last
        self._need_continuation(partition, last.head, Checkpoint(last.head.origin, size, root), proof)
        signed = self.keys[partition].sign(size, root, int(time.time()))
        replace_file(memory_file(self._folder, partition), signed.note)
        return signed

    def mapped(self, partition: int) -> MapState | None:
        """How far balances are mapped, as it stands on the disk. Raises SignerMemoryWrong."""
        return read_mapped(self._folder, partition)

    def remember_mapped(self, partition: int, before: MapState | None, state: MapState) -> None:
        """Remember a map that continues the one remembered, by compare-and-swap, durably on return.

        Raises:
            SignerMemoryWrong: something else than `before` is remembered: somebody else changed it.
            ForkRefused: another root was mapped at this size, or the map would go back.
        """
        last = self.mapped(partition)
        if last != before:
            raise SignerMemoryWrong(
                f"partition {partition}: another process changed what the signer has mapped: {last}"
            )
        if last == state:
            return
        if last is not None and state.size <= last.size:
            raise ForkRefused(f"partition {partition}: {last.in_words()} was mapped; now it is {state.in_words()}")
        replace_file(mapped_file(self._folder, partition), state.to_bytes())

    def sign_balances(self, partition: int, note: BalancesNote) -> bytes:
        """Sign the balances at a size and root that are remembered: again the same statement, never another one.

        Raises:
            ForkRefused: this map is not remembered, or is of a log that was not signed.
        """
        mapped, last = self.mapped(partition), self.last(partition).head
        if mapped != MapState(note.size, note.map_root) or note.size > last.size:
            raise ForkRefused(f"partition {partition}: balances of size {note.size} were not mapped, or not signed yet")
        if note.size == last.size and note.log_root != last.root:
            raise ForkRefused(f"partition {partition}: {head_in_words(last)} was signed, not {note.log_root.hex()}")
        return self.keys[partition].sign_balances(note, int(time.time()))

    def _need_continuation(self, partition: int, last: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
        try:
            verify_consistency(last.size, last.root, new.size, new.root, proof)
        except ProofRejected as rejected:
            raise ForkRefused(
                f"partition {partition}: {head_in_words(last)} was signed; {head_in_words(new)} does not continue it: "
                f"{rejected}"
            ) from rejected

    def _need_first_start(self, *, published: bool) -> None:
        if published:
            raise SignerMemoryWrong(
                f"the database holds published checkpoints, and the signer folder {self._folder} has no keys and no "
                f"memory of them. {PUT_IT_BACK}"
            )
        for partition in range(len(self._origins)):
            path = memory_file(self._folder, partition)
            if path.exists() and _size_in(path) != 0:
                raise SignerMemoryWrong(f"{path} remembers a signed checkpoint, and the keys are gone. {PUT_IT_BACK}")

    def _begin(self) -> None:
        """Make keys, and sign and remember the empty tree of each partition.

        The keys are written last: if we crash before, nothing was given away and all is made anew; from then on a
        memory that is missing is an alarm, never a first start.
        """
        keys = [LogKeys.fresh(origin) for origin in self._origins]
        for partition, one in enumerate(keys):
            replace_file(memory_file(self._folder, partition), one.sign(0, EMPTY_ROOT, int(time.time())).note)
        lines = [line for one in keys for line in one.private_lines()]
        replace_file(self._folder / KEYS_FILE, "".join(f"{line}\n" for line in lines).encode())
        sync_folder(self._folder.parent)
        for one in keys:
            _log.info("new keys for the log %s", one.policy.log_key.line())

    def _tell_verifier_keys(self) -> None:
        """What is public of the keys, for `hours-ledger keys --verifier`; whatever stood there follows from them."""
        for partition, one in enumerate(self.keys):
            told = "".join(f"{line}\n" for line in one.verifier_lines()).encode()
            path = self._folder / f"{partition}{VKEYS_SUFFIX}"
            if not path.exists() or path.read_bytes() != told:
                replace_file(path, told)


def _size_in(path: Path) -> int | None:
    try:
        return parse_checkpoint_text(parse_note(path.read_bytes()).text).size
    except Malformed:
        return None
