"""A signed and remembered checkpoint on its way to everybody: cosigned by a quorum first, if one is asked for.

If we crash anywhere here, the next start has the same checkpoint from the signer's memory: it asks the witnesses again,
who cosign the same root again, and publishes it, or adds what is missing under it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from ledger.log_keeping.signer_keys import LogKeys, SignedCheckpoint
from ledger.log_keeping.stops import StoredBytesChanged, head_in_words
from ledger.log_keeping.tile_store import Published, TileStore
from ledger.log_keeping.whats_published import compare_with_published
from ledger.log_keeping.witness_asked import AskedWitness, Prove
from ledger.log_keeping.witness_call import WitnessCaller
from ledger.transparency.failures import StepFailed
from ledger.transparency.verify import verify_checkpoint
from ledger.witness_quorum import Quorum

_log = logging.getLogger(__name__)


class Publication:
    """Of one partition's checkpoints, one after the other."""

    def __init__(
        self, partition: int, store: TileStore, keys: LogKeys, quorum: Quorum, callers: Sequence[WitnessCaller]
    ) -> None:
        """`callers`: one for each witness of the quorum. Raises WrongSetting for witnesses that are no others."""
        self._partition = partition
        self._store = store
        self._keys = keys
        self._quorum = quorum
        self._asked = [AskedWitness(partition, caller) for caller in callers]
        self._policy = replace(quorum.policy(keys.policy), witnesses_required=0)
        self._signed: SignedCheckpoint | None = None
        self._note = b""
        self._cosigners: set[str] = set()
        self._begun_at = 0.0
        self.waiting = False
        """A checkpoint is signed and remembered, and not published yet."""

    def begin(self, signed: SignedCheckpoint) -> None:
        """Take the next checkpoint; MUST be remembered by the signer before."""
        self._signed, self._note, self._cosigners = signed, signed.note, set()
        self._begun_at = time.monotonic()
        self.waiting = True

    def resume(self, signed: SignedCheckpoint, published: Published | None) -> None:
        """Take the checkpoint that was signed last, which may be published already, with more or fewer lines."""
        cosigners: set[str] = set()
        if published is not None:
            cosigners = self._cosigners_of(published.note)
            for asked in self._asked:
                if asked.witness.name in cosigners:
                    asked.has_cosigned(self._keys.read(published.note).head)
        if published is None or published.size < signed.head.size:
            self.begin(signed)
        else:
            self._signed, self._note, self._cosigners = signed, published.note, cosigners

    def go_on(self, prove: Prove) -> None:
        """Ask, take answers, publish when it is time, add cosignatures that came later. Does not wait.

        Raises:
            LogStopped: what is published is not this signer's.
        """
        signed = self._signed
        if signed is None:
            return
        lines = [line for asked in self._asked for line in asked.go_on(signed, prove)]
        before = self._note
        if lines:
            self._note += "".join(line.line() for line in lines).encode()
            self._cosigners = self._cosigners_of(self._note)
        if self.waiting:
            if len(self._cosigners) >= self._quorum.required or self._falls_back(signed):
                self._publish(signed)
        elif lines:
            self._store.add_cosignatures(signed.head, before, self._note)

    def need_own(self, signed: SignedCheckpoint) -> None:
        """Raise unless what is published was signed by this very memory, which is not older than it.

        Raises:
            AnotherKeeper, ForkRefused, SignerMemoryWrong: as `compare_with_published`.
        """
        compare_with_published(self._partition, self._store.newest_checkpoint(), signed, self._keys)

    def _publish(self, signed: SignedCheckpoint) -> None:
        self.need_own(signed)
        self._store.insert_checkpoint(signed.head, self._note)
        # If we crash here, it is published; whatever cosignatures come later, the next start asks for them.
        self.waiting = False

    def _falls_back(self, signed: SignedCheckpoint) -> bool:
        seconds = self._quorum.fallback_seconds
        if seconds is None or time.monotonic() - self._begun_at < seconds:
            return False
        # The fallback is for witnesses that are away. One that has seen another history is never passed over.
        if any(asked.contradicts for asked in self._asked):
            return False
        _log.warning(
            "partition %s: %s is published without its quorum: %s of %s witnesses cosigned it within %s s",
            self._partition,
            head_in_words(signed.head),
            len(self._cosigners),
            self._quorum.required,
            f"{seconds:g}",
        )
        return True

    def _cosigners_of(self, note: bytes) -> set[str]:
        """By the verifier that a stranger runs: only what it counts is counted."""
        try:
            return {one.key.name for one in verify_checkpoint(note, self._policy).cosigned}
        except StepFailed as failure:
            raise StoredBytesChanged(
                f"partition {self._partition}: the published checkpoint carries a wrong signature: {failure}"
            ) from failure
