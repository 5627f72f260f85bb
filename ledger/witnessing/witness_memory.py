"""What a witness cosigned last of each log; it changes only in one step with a cosignature, and never goes back.

Comparing the old size and storing the new one is one step: within the process by a lock for each log, between
processes because one alone holds the folder. The new checkpoint is durable before its cosignature leaves: if we crash
between, the log asks again, is told our size, and the same root is cosigned once more.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.folder_lock import FolderLock
from ledger.log_keeping.durable_file import replace_file
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import Malformed, TransparencyFailure
from ledger.transparency.signed_note import Note, NoteSignature, format_note, parse_note
from ledger.transparency.tree_hash import EMPTY_ROOT
from ledger.transparency.witness_protocol import (
    AddCheckpoint,
    Decision,
    Status,
    WitnessedLog,
    claimed_checkpoint,
    decide,
    parse_add_checkpoint,
)
from ledger.witnessing.refused_checkpoints import keep_refused
from ledger.witnessing.watched_logs import WatchedLogs
from ledger.witnessing.witness_folder import (
    PUT_IT_BACK,
    WitnessStopped,
    add_watched,
    ever_watched,
    keys_in,
    memory_file,
    open_folder,
)
from ledger.witnessing.witness_keys import CosignedCheckpoint, WitnessKeys

_NOT_ANY_LOG: Final = ""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    decision: Decision
    origin: str
    """Of a log that is watched, else empty: what strangers write is no label."""
    size: int = 0
    """Cosigned last, after this request."""
    lines: tuple[NoteSignature, ...] = ()
    """The cosignatures: only with 200."""


class WitnessMemory:
    """Keys and memory, held by one process at a time."""

    def __init__(self, folder: Path, logs: WatchedLogs) -> None:
        """`logs` are the ones to watch now. Nothing is opened yet."""
        self._folder = folder
        self._logs = logs
        self._lock = FolderLock(folder)
        self._each = {origin: threading.Lock() for origin in logs}
        self._keys: WitnessKeys | None = None

    @property
    def keys(self) -> WitnessKeys:
        """The keys it cosigns with, once it is opened."""
        if self._keys is None:
            raise RuntimeError("open the memory first")
        return self._keys

    @property
    def origins(self) -> list[str]:
        """The logs it watches."""
        return list(self._logs)

    def open(self, key_name: str | None) -> None:
        """Take the folder, and make what is missing at the first start, or for a log that is watched first.

        Raises:
            FolderInUse: another process holds it.
            WrongSetting: it is open to others, or its keys have another name.
            WitnessStopped: keys or memory are missing although something was cosigned, or damaged.
        """
        open_folder(self._folder)
        self._lock.take()
        self._keys = keys_in(self._folder, key_name)
        known = ever_watched(self._folder)
        for origin in self._logs:
            if origin not in known:
                self._begin(origin)
            self.last(origin)

    def close(self) -> None:
        """Let the next process in."""
        self._lock.release()

    def last(self, origin: str) -> CosignedCheckpoint:
        """What was cosigned last, as it stands on the disk; the empty tree if nothing was. Raises WitnessStopped."""
        path = memory_file(self._folder, origin)
        try:
            cosigned = self.keys.read(path.read_bytes())
        except FileNotFoundError as missing:
            raise WitnessStopped(f"{origin}: the memory {path} is missing beside the keys. {PUT_IT_BACK}") from missing
        except TransparencyFailure as wrong:
            raise WitnessStopped(f"{origin}: the memory {path} is damaged: {wrong}. {PUT_IT_BACK}") from wrong
        if cosigned.head.origin != origin:
            raise WitnessStopped(f"{origin}: the memory {path} is that of {cosigned.head.origin}. {PUT_IT_BACK}")
        return cosigned

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request; what is cosigned is remembered durably on return.

        Raises:
            WitnessStopped: the memory is not what it was.
            OSError: the checkpoint could not be stored; nothing is cosigned.
        """
        try:
            request = parse_add_checkpoint(body)
            _, asked = claimed_checkpoint(request)
        except Malformed as wrong:
            return Answer(Decision(Status.MALFORMED, str(wrong)), _NOT_ANY_LOG)
        if asked.origin not in self._logs:
            return Answer(decide(request, None), _NOT_ANY_LOG)
        with self._each[asked.origin]:
            return self._decided(request, asked)

    def _decided(self, request: AddCheckpoint, asked: Checkpoint) -> Answer:
        last = self.last(asked.origin).head
        decision = decide(request, WitnessedLog(self._logs[asked.origin], last.size, last.root))
        if decision.checkpoint is None:
            keep_refused(self._folder, request, asked, decision, last)
            return Answer(decision, asked.origin, last.size)
        lines = self.keys.cosign(decision.text, int(time.time()))
        note = Note(decision.text, (*self._lines_of_the_log(request, asked.origin), *lines))
        replace_file(memory_file(self._folder, asked.origin), format_note(note))
        # If we crash here, it is remembered and nobody has the cosignature: the log asks again.
        return Answer(decision, asked.origin, asked.size, tuple(lines))

    def _lines_of_the_log(self, request: AddCheckpoint, origin: str) -> list[NoteSignature]:
        """Verified by `decide`; those of others are not ours to show."""
        places = {(key.name, key.key_id) for key in self._logs[origin]}
        found = {(line.name, line.key_id): line for line in parse_note(request.checkpoint).signatures}
        return [line for place, line in found.items() if place in places]

    def _begin(self, origin: str) -> None:
        """Remember the empty tree of a log that is watched for the first time.

        That it is watched is written last: if we crash before, all is made anew; from then on a memory that is missing
        is an alarm. A memory that is there already is not touched.
        """
        path = memory_file(self._folder, origin)
        if not path.exists():
            text = Checkpoint(origin, 0, EMPTY_ROOT).text()
            replace_file(path, format_note(Note(text, tuple(self.keys.cosign(text, int(time.time()))))))
        add_watched(self._folder, origin)
        _log.info("%s is watched from now on", origin)
