"""Checking the signatures of a balances note: the log's own keys made them, under the name `<origin>/balances`.

Whoever has the log's verifier keys needs no further ones: the note's are the same public keys under the other name.
No witness is asked for: a map has no consistency proof that one could check (decision 9). The checkpoint of the same
size has them, and the note says that checkpoint's root.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.transparency.balances_note import ORIGIN_SUFFIX, BalancesNote, parse_balances_note
from ledger.transparency.cosignature import SignedBy, verified_signatures
from ledger.transparency.failures import Malformed
from ledger.transparency.signed_note import parse_note
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import VerifierKey


@dataclass(frozen=True, slots=True)
class BalancesNoteVerdict:
    """The log's operator says: of these events, this is every balance."""

    note: BalancesNote
    signed: tuple[SignedBy, ...]
    """Whose signatures were verified; lines of unknown keys are not among them."""


def balances_policy(policy: TrustPolicy) -> TrustPolicy:
    """The policy for the balances notes of a log, from that for its checkpoints: the same keys under the other name."""
    name = policy.origin + ORIGIN_SUFFIX
    second = policy.post_quantum_key
    return TrustPolicy(_named(policy.log_key, name), None if second is None else _named(second, name))


def verify_balances_note(data: bytes, policy: TrustPolicy, first: int = 1) -> BalancesNoteVerdict:
    """Check a signed balances note; `policy` is the one for the log's checkpoints.

    Steps, counted from `first`: 1 form of a signed note; 2 form of a balances note; 3 the log it speaks of; 4 no
    signature of a known key is wrong; 5 the log's Ed25519 signature; 6 its ML-DSA-44 signature, if the policy has
    that key.

    Raises:
        StepFailed: a step does not hold.
    """
    own = balances_policy(policy)
    with step(first, "the balances note is a signed note"):
        signed_note = parse_note(data)
    with step(first + 1, "the note says whose balances it is about"):
        note = parse_balances_note(signed_note.text)
    with step(first + 2, f"the note's origin is {own.origin}"):
        if note.origin != own.origin:
            raise Malformed("origin", f"it is {note.origin!r}")
    with step(first + 3, "the note's signatures of known keys are theirs"):
        signed = verified_signatures(signed_note, own.keys)
    with step(first + 4, "the note is signed by the log's Ed25519 key"):
        own.need_log(signed)
    with step(first + 5, "the note is signed by the log's ML-DSA-44 key"):
        own.need_post_quantum(signed)
    return BalancesNoteVerdict(note, tuple(signed))


def _named(key: VerifierKey, name: str) -> VerifierKey:
    return replace(key, name=name)
