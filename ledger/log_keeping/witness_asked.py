"""One witness and one log: what it cosigned last, what it is asked now, what is the matter if it does not cosign."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, TypeAlias

from ledger.log_keeping.signer_keys import SignedCheckpoint
from ledger.log_keeping.stops import head_in_words
from ledger.log_keeping.witness_call import Cosigned, NoAnswer, OtherSize, Refused, Reply, WitnessCaller
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.signed_note import NoteSignature
from ledger.transparency.witness_protocol import AddCheckpoint, Status
from ledger.witness_quorum import Witness

Prove: TypeAlias = Callable[[int, int], Sequence[bytes]]
"""The consistency proof between two sizes, out of stored tiles."""

WAIT_SECONDS_FIRST: Final = 0.5
WAIT_SECONDS_MAX: Final = 30.0
AT_ONCE_MAX: Final = 3
"""So often its size is followed without a pause; a witness that goes on naming others would keep us busy."""

HINTS: Final[dict[int, str]] = {
    Status.UNKNOWN_LOG: "it does not watch this log; give its operator the log's verifier keys",
    Status.NOT_SIGNED_BY_THE_LOG: "it knows other keys of this log; give its operator the log's verifier keys",
}
_ANOTHER_HISTORY: Final = (
    "so another history was signed with this log's keys, or the witness errs. Is another keeper at work with a copy of "
    "this signer folder?"
)

_log = logging.getLogger(__name__)


class AskedWitness:
    """It is asked for one checkpoint at a time; `go_on` never waits."""

    def __init__(self, partition: int, caller: WitnessCaller) -> None:
        """Nothing is known of it: a witness of which nothing is known is asked from size 0, and tells its own."""
        self.contradicts = False
        """It has cosigned another history than ours, it says."""
        self._partition = partition
        self._caller = caller
        self._proven_size = 0
        self._old_size = 0
        self._cosigned: Checkpoint | None = None
        self._asked: tuple[AddCheckpoint, Checkpoint] | None = None
        self._reply: Future[Reply] | None = None
        self._trouble = ""
        self._not_before = 0.0
        self._wait_seconds = WAIT_SECONDS_FIRST
        self._at_once = 0

    @property
    def witness(self) -> Witness:
        """Who it is."""
        return self._caller.witness

    def has_cosigned(self, head: Checkpoint) -> None:
        """Its cosignature of this head is known and verified."""
        self._proven_size = max(self._proven_size, head.size)
        self._old_size = head.size
        self._cosigned = head

    def go_on(self, signed: SignedCheckpoint, prove: Prove) -> tuple[NoteSignature, ...]:
        """Take its answer if there is one, ask if there is something to ask; gives new lines of this checkpoint."""
        lines: tuple[NoteSignature, ...] = ()
        if self._asked is not None and self._reply is not None and self._reply.done():
            (request, head), reply = self._asked, self._reply.result()
            self._asked = self._reply = None
            lines = self._take(reply, request, head, signed.head)
        if self._reply is None and self._cosigned != signed.head and time.monotonic() >= self._not_before:
            old_size = min(self._old_size, signed.head.size)
            request = AddCheckpoint(old_size, tuple(prove(old_size, signed.head.size)), signed.note)
            self._asked = request, signed.head
            self._reply = self._caller.ask(request, signed.head.text())
        return lines

    def _take(
        self, reply: Reply, request: AddCheckpoint, asked: Checkpoint, newest: Checkpoint
    ) -> tuple[NoteSignature, ...]:
        match reply:
            case Cosigned(lines):
                self.has_cosigned(asked)
                self._all_is_well()
                # An answer that comes when a newer checkpoint was signed only tells where the witness stands.
                return lines if asked == newest else ()
            case OtherSize(size) if size > newest.size:
                self._contradicted(f"it cosigned size {size}, which was not signed here")
            case OtherSize(size) if size == request.old_size == asked.size:
                self._contradicted(f"it cosigned another root of {head_in_words(asked)}")
            case OtherSize(size):
                self._go_on_from(size, request.old_size)
            case Refused(Status.NOT_CONSISTENT):
                self._contradicted(f"what it cosigned at size {request.old_size} is not continued by this log")
            case Refused(status, reason):
                self._in_trouble(f"it refuses with {status}: {HINTS.get(status, reason)}")
            case NoAnswer(reason):
                self._in_trouble(f"it does not answer: {reason}")
        return ()

    def _go_on_from(self, size: int, asked_from: int) -> None:
        self._old_size = size
        self._at_once += 1
        at_once = self._at_once <= AT_ONCE_MAX and size != asked_from
        if size < self._proven_size:
            self._in_trouble(
                f"it says that it cosigned size {size} last, and it cosigned {self._proven_size}: its folder was "
                "restored from an older state. Its operator must know; it is asked to go on from there"
            )
            self._proven_size = size
        elif not at_once:
            self._in_trouble(f"it says again and again that it cosigned another size last, now {size}")
        if at_once:
            self._not_before = 0.0

    def _contradicted(self, how: str) -> None:
        self.contradicts = True
        self._in_trouble(f"{how}, {_ANOTHER_HISTORY}", level=logging.CRITICAL)

    def _in_trouble(self, what: str, level: int = logging.WARNING) -> None:
        if what != self._trouble:
            alarm = "ALARM: " if level == logging.CRITICAL else ""
            _log.log(level, "%spartition %s: witness %s: %s", alarm, self._partition, self.witness.name, what)
        self._trouble = what
        self._not_before = time.monotonic() + self._wait_seconds
        self._wait_seconds = min(2 * self._wait_seconds, WAIT_SECONDS_MAX)

    def _all_is_well(self) -> None:
        if self._trouble:
            _log.info("partition %s: witness %s cosigns again", self._partition, self.witness.name)
        self.contradicts = False
        self._trouble = ""
        self._wait_seconds, self._at_once = WAIT_SECONDS_FIRST, 0
