"""What a stranger runs: bytes in, verdict out, by numbered steps. No database, no network, no clock.

Every function raises StepFailed, which names the step, what had to hold and what was found. A verdict is returned only
when every step held, and it says no more than they showed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.cosignature import SignedBy, verified_signatures
from ledger.transparency.failures import Malformed, ProofRejected
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.page_proof import need_page, root_of_page
from ledger.transparency.signed_note import parse_note
from ledger.transparency.steps import step
from ledger.transparency.tiles import ENTRY_BYTES_MAX
from ledger.transparency.tlog_proof import parse_tlog_proof
from ledger.transparency.tree_hash import Frontier, leaf_hash, leaf_hashes
from ledger.transparency.trust_policy import TrustPolicy

_BATCH: Final = 4_096
"""Events hashed at once by `verify_whole_log`."""


@dataclass(frozen=True, slots=True)
class CheckpointVerdict:
    """The log signed this tree head."""

    checkpoint: Checkpoint
    signed: tuple[SignedBy, ...]
    """Whose signatures were verified; lines of unknown keys are not among them."""
    cosigned: tuple[SignedBy, ...]
    """Those of witnesses, with the times they say."""


@dataclass(frozen=True, slots=True)
class EventVerdict:
    """The event is in the log, at this position."""

    position: int
    checkpoint: CheckpointVerdict


@dataclass(frozen=True, slots=True)
class GrowthVerdict:
    """Everything in the old log is in the new one, unchanged and at its old place."""

    old: CheckpointVerdict
    new: CheckpointVerdict


def verify_checkpoint(
    checkpoint: bytes,
    policy: TrustPolicy,
    first: int = 1,
    *,
    named: str = "the checkpoint",
    signer: str = "the log",
) -> CheckpointVerdict:
    """Check a signed tree head; `named` and `signer` are what a failed step calls it and whoever must sign it.

    Steps, counted from `first`: 1 form of a signed note; 2 form of a checkpoint; 3 the log's origin; 4 no signature of
    a known key is wrong; 5 the log's Ed25519 signature; 6 its ML-DSA-44 signature, if the policy has the key; 7 enough
    witnesses.

    Raises:
        StepFailed: a step does not hold.
    """
    return _checkpoint(checkpoint, policy, first, named, signer)


def verify_event(proof_file: bytes, event: bytes, policy: TrustPolicy) -> EventVerdict:
    """Check that the log holds these very bytes as an event.

    Steps: 1 form of a proof file; 2 to 8 its checkpoint, as in `verify_checkpoint`; 9 length of the event; 10 the leaf
    hash of the event leads to the checkpoint's root. The position that the event itself claims is not read here.

    Raises:
        StepFailed: a step does not hold.
    """
    with step(1, "the proof is a tlog-proof file"):
        proof = parse_tlog_proof(proof_file)
    verdict = _checkpoint(proof.checkpoint, policy, 2)
    with step(9, f"the event has 1 to {ENTRY_BYTES_MAX} bytes"):
        if not 1 <= len(event) <= ENTRY_BYTES_MAX:
            raise Malformed("event", f"it has {len(event)} bytes")
    head = verdict.checkpoint
    with step(10, "the event is included under the checkpoint's root"):
        verify_inclusion(leaf_hash(event), proof.index, head.size, proof.hashes, head.root)
    return EventVerdict(proof.index + 1, verdict)


def verify_page(
    checkpoint: bytes,
    hashes: Sequence[bytes],
    events: Sequence[tuple[int, bytes]],
    policy: TrustPolicy,
    first: int = 1,
) -> CheckpointVerdict:
    """Check that the log holds these events, each at the position given with it: one proof for all of them.

    Steps, counted from `first`: 1 to 7 the checkpoint, as in `verify_checkpoint`; 8 there are events, their positions
    ascend, and the log is that long; 9 length of each event; 10 their leaf hashes and the proof lead to the
    checkpoint's root.

    Raises:
        StepFailed: a step does not hold.
    """
    verdict = _checkpoint(checkpoint, policy, first)
    head = verdict.checkpoint
    indexes = [position - 1 for position, _ in events]
    with step(first + 7, f"the events have ascending positions of 1 to {head.size}"):
        need_page(indexes, head.size)
    with step(first + 8, f"each event has 1 to {ENTRY_BYTES_MAX} bytes"):
        for position, event in events:
            if not 1 <= len(event) <= ENTRY_BYTES_MAX:
                raise Malformed("event", f"at position {position} it has {len(event)} bytes")
    with step(first + 9, "the events are included under the checkpoint's root"):
        root = root_of_page(indexes, leaf_hashes(event for _, event in events), head.size, hashes)
        if root != head.root:
            raise Malformed("page's proof", f"it leads to {root.hex()}, not to {head.root.hex()}")
    return verdict


def verify_growth(
    old_checkpoint: bytes,
    new_checkpoint: bytes,
    hashes: Sequence[bytes] | Callable[[], Sequence[bytes]],
    policy: TrustPolicy,
) -> GrowthVerdict:
    """Check that a log only grew between two checkpoints: the old one kept, the new one just fetched.

    `hashes` may be what reads the proof: it is called at step 15, once the sizes are known to ascend, for of a log that
    went back there is no proof. A Malformed that it raises fails that step.

    Steps: 1 to 7 the old checkpoint, 8 to 14 the new one, as in `verify_checkpoint`; 15 the consistency proof.

    Raises:
        StepFailed: a step does not hold. At step 15, with both checkpoints signed, they and the failed proof may be
            evidence of a fork: keep them.
    """
    old = _checkpoint(old_checkpoint, policy, 1, "the old checkpoint")
    new = _checkpoint(new_checkpoint, policy, 8, "the new checkpoint")
    before, after = old.checkpoint, new.checkpoint
    with step(15, "the new tree continues the old one"):
        if after.size < before.size:
            raise ProofRejected(
                "sizes",
                f"the new checkpoint must not be of a smaller size ({after.size}) than the old one ({before.size}); "
                "if the old one was signed earlier, the log went back: keep both checkpoints, they are the evidence",
            )
        proof = hashes() if callable(hashes) else hashes
        verify_consistency(before.size, before.root, after.size, after.root, proof)
    return GrowthVerdict(old, new)


def verify_whole_log(checkpoint: bytes, events: Iterable[bytes], policy: TrustPolicy) -> CheckpointVerdict:
    """Check that these events, from position 1 on, are all that the log holds: how an export or a copy is checked.

    Steps: 1 to 7 the checkpoint, as in `verify_checkpoint`; 8 as many events as its size; 9 they hash to its root.
    Memory stays flat, however many events there are.

    Raises:
        StepFailed: a step does not hold.
    """
    verdict = _checkpoint(checkpoint, policy, 1)
    head = verdict.checkpoint
    frontier, left = Frontier(), iter(events)
    with step(8, f"there are {head.size} events"):
        # One more is asked for, so that a longer log is seen and an endless one ends.
        wanted = islice(left, head.size + 1)
        while batch := list(islice(wanted, _BATCH)):
            frontier = frontier.extended(leaf_hashes(batch))
        if frontier.size != head.size:
            raise Malformed("log", f"there are {'more' if frontier.size > head.size else frontier.size}")
    with step(9, "the events hash to the checkpoint's root"):
        root = frontier.root()
        if root != head.root:
            raise Malformed("root", f"they hash to {root.hex()}, not to {head.root.hex()}")
    return verdict


def _checkpoint(
    data: bytes, policy: TrustPolicy, first: int, named: str = "the checkpoint", signer: str = "the log"
) -> CheckpointVerdict:
    with step(first, f"{named} is a signed note"):
        note = parse_note(data)
    with step(first + 1, f"{named} has the form of a checkpoint"):
        checkpoint = parse_checkpoint_text(note.text)
    with step(first + 2, f"the origin of {named} is {policy.origin}"):
        if checkpoint.origin != policy.origin:
            raise Malformed("origin", f"it is {checkpoint.origin!r}")
    with step(first + 3, f"the signatures of known keys in {named} are theirs"):
        signed = verified_signatures(note, policy.keys)
    with step(first + 4, f"{named} is signed by {signer}'s Ed25519 key"):
        policy.need_log(signed)
    with step(first + 5, f"{named} is signed by {signer}'s ML-DSA-44 key"):
        policy.need_post_quantum(signed)
    with step(first + 6, f"{named} is signed by {policy.witnesses_required} witnesses"):
        cosigned = policy.need_witnesses(signed)
    return CheckpointVerdict(checkpoint, tuple(signed), cosigned)
