"""The keys of one partition's log: Ed25519 and, for records that must stay checkable for decades, ML-DSA-44.

Their name is the log's origin. Each key is the seed alone, one `PRIVATE+KEY+…` line.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger.transparency.balances_note import BalancesNote, need_log_origin
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import Malformed
from ledger.transparency.signing import SEED_BYTES, SeedSigner, parse_skey, sign_balances, sign_checkpoint
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.verify import verify_checkpoint

KEY_TYPES: Final = (SignatureType.ED25519, SignatureType.ML_DSA_44)
"""In the order of the signature lines under a checkpoint."""

_FORM: Final = "keys of a log"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A tree head and the signed note that says it."""

    head: Checkpoint
    note: bytes


class LogKeys:
    """The two keys of one log."""

    def __init__(self, signers: Sequence[SeedSigner]) -> None:
        """Raises Malformed unless they are an Ed25519 and an ML-DSA-44 key, in this order, of one name for a log."""
        names = {signer.key.name for signer in signers}
        if tuple(signer.key.type for signer in signers) != KEY_TYPES or len(names) != 1:
            raise Malformed(_FORM, "they must be an Ed25519 key and then an ML-DSA-44 key, both of one name")
        need_log_origin(signers[0].key.name, _FORM)
        self._signers = tuple(signers)
        self.policy = TrustPolicy(signers[0].key, signers[1].key)
        """Asks for both signatures."""

    @classmethod
    def fresh(cls, origin: str) -> Self:
        """New random keys for the log of this origin. Raises Malformed for an origin that no log can have."""
        return cls([SeedSigner(origin, kind, secrets.token_bytes(SEED_BYTES)) for kind in KEY_TYPES])

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Self:
        """Read what `private_lines` wrote. Raises Malformed, without the keys in the message."""
        return cls([parse_skey(line) for line in lines])

    @property
    def origin(self) -> str:
        """Of the log's checkpoints, and the name of both keys."""
        return self.policy.origin

    def private_lines(self) -> list[str]:
        """The keys themselves: keep them where they belong."""
        return [signer.skey() for signer in self._signers]

    def verifier_lines(self) -> list[str]:
        """What people are given to check signatures with, one vkey a line."""
        return [signer.key.line() for signer in self._signers]

    def sign(self, size: int, root: bytes, unix_seconds: int) -> SignedCheckpoint:
        """Sign a tree head. MUST be called by the signer's memory alone, which refuses a second history."""
        head = Checkpoint(self.origin, size, root)
        return SignedCheckpoint(head, sign_checkpoint(head, self._signers, unix_seconds))

    def sign_balances(self, note: BalancesNote, unix_seconds: int) -> bytes:
        """Sign what the balance map says at a size of this log. MUST be called by the signer's memory alone.

        Raises Malformed for the balances of another log.
        """
        if note.log_origin != self.origin:
            raise Malformed("balances note", f"it must be about {self.origin}, not {note.log_origin}")
        return sign_balances(note, [signer.named(note.origin) for signer in self._signers], unix_seconds)

    def read(self, note: bytes) -> SignedCheckpoint:
        """A checkpoint that both keys signed. Raises StepFailed for any other note."""
        return SignedCheckpoint(verify_checkpoint(note, self.policy).checkpoint, note)
