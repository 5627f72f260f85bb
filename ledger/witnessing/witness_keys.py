"""The keys of a witness: one makes Ed25519 cosignatures, one ML-DSA-44 cosignatures for the decades after."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.failures import Malformed, SignatureRejected
from ledger.transparency.signed_note import NoteSignature, parse_note
from ledger.transparency.signing import SEED_BYTES, SeedSigner, parse_skey
from ledger.transparency.verifier_key import SignatureType, VerifierKey

KEY_TYPES: Final = (SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44)
"""In the order of the lines of an answer."""


@dataclass(frozen=True, slots=True)
class CosignedCheckpoint:
    """A tree head that this witness cosigned, and the note that says so."""

    head: Checkpoint
    note: bytes


class WitnessKeys:
    """Both keys, of one name."""

    def __init__(self, signers: Sequence[SeedSigner]) -> None:
        """Raises Malformed unless they are of the two kinds, in order, and of one name."""
        names = {signer.key.name for signer in signers}
        if tuple(signer.key.type for signer in signers) != KEY_TYPES or len(names) != 1:
            raise Malformed("keys of a witness", "they must be an Ed25519 cosigner's and an ML-DSA-44 key of one name")
        self._signers = tuple(signers)

    @classmethod
    def fresh(cls, name: str) -> Self:
        """New random keys. Raises Malformed for a name with a space or a plus sign."""
        return cls([SeedSigner(name, kind, secrets.token_bytes(SEED_BYTES)) for kind in KEY_TYPES])

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Self:
        """Read what `private_lines` wrote. Raises Malformed, without the keys in the message."""
        return cls([parse_skey(line) for line in lines])

    @property
    def name(self) -> str:
        """Under which it cosigns."""
        return self._signers[0].key.name

    @property
    def verifier_keys(self) -> list[VerifierKey]:
        """What its cosignatures are checked with."""
        return [signer.key for signer in self._signers]

    def private_lines(self) -> list[str]:
        """The keys themselves."""
        return [signer.skey() for signer in self._signers]

    def cosign(self, text: bytes, unix_seconds: int) -> list[NoteSignature]:
        """Cosign a checkpoint's text. MUST be called by the witness's memory alone, which lets nothing go back."""
        return [signer.sign(text, unix_seconds) for signer in self._signers]

    def read(self, note: bytes) -> CosignedCheckpoint:
        """A checkpoint that both keys cosigned. Raises Malformed or SignatureRejected for any other note."""
        parsed = parse_note(note)
        signed = verified_signatures(parsed, self.verifier_keys)
        if len(signed) != len(self._signers):
            raise SignatureRejected(f"both keys of {self.name} must have signed, not {len(signed)}")
        return CosignedCheckpoint(parse_checkpoint_text(parsed.text), note)
