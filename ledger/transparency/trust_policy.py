"""Whose signatures a reader asks for before it believes a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.transparency.cosignature import SignedBy
from ledger.transparency.failures import Malformed, SignatureRejected
from ledger.transparency.verifier_key import SignatureType, VerifierKey, parse_vkey

_FORM: Final = "trust policy"


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """The log's Ed25519 key always; its ML-DSA-44 key if given; so many of the witnesses, if any are asked for."""

    log_key: VerifierKey
    """Ed25519: it covers the whole text."""
    post_quantum_key: VerifierKey | None = None
    """ML-DSA-44, of the same log: for checkpoints that must hold when Ed25519 no longer does."""
    witnesses: tuple[VerifierKey, ...] = ()
    """Of either timed kind; keys with one name are one witness."""
    witnesses_required: int = 0
    other_origin: str | None = None
    """Of the checkpoints to believe, if it is not the name of the log's key."""

    def __post_init__(self) -> None:
        """Raises Malformed for a policy that says something else than it seems to."""
        if self.log_key.type is not SignatureType.ED25519:
            raise Malformed(_FORM, f"the log's key must be Ed25519 (0x01), not {self.log_key.type:#04x}")
        if self.post_quantum_key and self.post_quantum_key.type is not SignatureType.ML_DSA_44:
            raise Malformed(_FORM, "the log's second key must be ML-DSA-44 (0x06)")
        if any(witness.type is SignatureType.ED25519 for witness in self.witnesses):
            raise Malformed(_FORM, "a witness's key must be of a timed kind (0x04, 0x06): plain Ed25519 is a log's")
        # One key under two names would count as two witnesses; the log's own as one that watches itself.
        publics = [key.public_key for key in self.keys]
        if len(set(publics)) != len(publics) or len({(key.name, key.key_id) for key in self.keys}) != len(publics):
            raise Malformed(_FORM, "each public key, and each name with a key id, may stand in it once")
        if not 0 <= self.witnesses_required <= len(self._witness_names):
            raise Malformed(_FORM, f"it must ask for 0 to {len(self._witness_names)} witnesses")

    @property
    def origin(self) -> str:
        """Of the checkpoints to believe."""
        return self.log_key.name if self.other_origin is None else self.other_origin

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All keys whose signatures mean something."""
        own = (self.log_key,) if self.post_quantum_key is None else (self.log_key, self.post_quantum_key)
        return (*own, *self.witnesses)

    @property
    def _witness_names(self) -> frozenset[str]:
        return frozenset(witness.name for witness in self.witnesses)

    def need_log(self, signed: list[SignedBy]) -> None:
        """Raise SignatureRejected unless the log's Ed25519 key is among the signers."""
        _need(self.log_key, signed)

    def need_post_quantum(self, signed: list[SignedBy]) -> None:
        """Raise SignatureRejected unless the log's ML-DSA-44 key is among the signers, if the policy has one."""
        if self.post_quantum_key is not None:
            _need(self.post_quantum_key, signed)

    def need_witnesses(self, signed: list[SignedBy]) -> tuple[SignedBy, ...]:
        """The witnesses' signatures; raises SignatureRejected if fewer witnesses signed than required."""
        cosigned = tuple(one for one in signed if one.key in self.witnesses)
        count = len({one.key.name for one in cosigned})
        if count < self.witnesses_required:
            raise SignatureRejected(
                f"{self.witnesses_required} of {len(self._witness_names)} witnesses must have signed, not {count}"
            )
        return cosigned


def read_policy(
    log_lines: Sequence[str],
    witness_lines: Sequence[str] = (),
    witnesses_required: int = 0,
    other_origin: str | None = None,
) -> TrustPolicy:
    """The policy that people give as verifier key lines: one or two of the log, any number of witnesses.

    Raises:
        Malformed: a line is no verifier key, or together they are no policy.
    """
    own = [parse_vkey(line) for line in log_lines]
    by_type = {key.type: key for key in own}
    log_key = by_type.pop(SignatureType.ED25519, None)
    post_quantum_key = by_type.pop(SignatureType.ML_DSA_44, None)
    if log_key is None or by_type or len(own) != 1 + (post_quantum_key is not None):
        raise Malformed(_FORM, "of the log it needs one Ed25519 key (0x01) and may have one ML-DSA-44 key (0x06)")
    witnesses = tuple(parse_vkey(line) for line in witness_lines)
    return TrustPolicy(log_key, post_quantum_key, witnesses, witnesses_required, other_origin)


def _need(key: VerifierKey, signed: list[SignedBy]) -> None:
    if all(one.key != key for one in signed):
        raise SignatureRejected(f"a signature of {key.name} (key {key.key_id.hex()}, {key.type.name}) must be there")
