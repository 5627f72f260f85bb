"""A balance proof file from its first byte to the verdict, and the log's checkpoint that stands behind its note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.transparency.balance_file import parse_balance_file
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.cosignature import SignedBy
from ledger.transparency.failures import Malformed
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import CheckpointVerdict, verify_checkpoint
from ledger.transparency.verify_balance import BalanceVerdict, verify_balance_proof
from ledger.transparency.verify_balances_note import verify_balances_note

ENTRIES_FIRST_STEP: Final = 14
"""Where `verify_entries` goes on, for a list of entries beside the file."""
CHECKPOINT_FIRST_STEP: Final = 19


@dataclass(frozen=True, slots=True)
class BalanceFileVerdict:
    """These are all the hours of this holder in the first so many events, and the log's keys said so."""

    balance: BalanceVerdict
    signed: tuple[SignedBy, ...]
    """Under the balances note."""


def verify_balance_file(data: bytes, policy: TrustPolicy) -> BalanceFileVerdict:
    """Check a balance proof file; `policy` is the one for the log's checkpoints, its witnesses are not asked for.

    Steps: 1 form of the file; 2 to 7 its note, as in `verify_balances_note`; 8 to 13 its proof, as in
    `verify_balance_proof`.

    Raises:
        StepFailed: a step does not hold.
    """
    with step(1, "the file is a balance proof file"):
        file = parse_balance_file(data)
    noted = verify_balances_note(file.note, policy, first=2)
    return BalanceFileVerdict(verify_balance_proof(file.proof, file.holder, noted.note, first=8), noted.signed)


def verify_checkpoint_of_note(checkpoint: bytes, note: BalancesNote, policy: TrustPolicy) -> CheckpointVerdict:
    """Check the log's checkpoint that a balances note speaks of: with it come the witnesses.

    Steps: 19 to 25 the checkpoint, as in `verify_checkpoint`; 26 it has the note's size and log root.

    Raises:
        StepFailed: a step does not hold.
    """
    verdict = verify_checkpoint(checkpoint, policy, first=CHECKPOINT_FIRST_STEP)
    with step(CHECKPOINT_FIRST_STEP + 7, f"the checkpoint is that of size {note.size} root {note.log_root.hex()}"):
        head = verdict.checkpoint
        if (head.size, head.root) != (note.size, note.log_root):
            raise Malformed("checkpoint", f"it has size {head.size} root {head.root.hex()}")
    return verdict
