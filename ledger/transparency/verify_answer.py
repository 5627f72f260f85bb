"""What a stranger runs on a signed answer: bytes in, verdict out, by numbered steps. No database, network or clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.signed_answer import LogHead, SignedAnswer, need_lines_signed, parse_answer
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import CheckpointVerdict, verify_checkpoint

_STEPS_BEFORE_LOGS: Final = 10
_STEPS_A_LOG: Final = 8


@dataclass(frozen=True, slots=True)
class AnswerVerdict:
    """The service's keys say: asked this, we answered that, and these are the logs it was computed from."""

    answer: SignedAnswer
    note: CheckpointVerdict
    """Who signed the answer, and when they say they did."""
    logs: tuple[CheckpointVerdict, ...]
    """Each log signed the head that the answer names; in order of partition."""


def verify_answer(
    note: bytes,
    checkpoints: Sequence[bytes],
    policy: TrustPolicy,
    log_policies: Mapping[str, TrustPolicy],
    first: int = 1,
) -> AnswerVerdict:
    """Check that an answer was given, and out of which history.

    `policy` has the keys of the service that answers; `log_policies` those of the logs by their origin. Witnesses are
    those of the logs: nobody cosigns an answer.

    Steps, counted from `first`: 1 to 7 the answer's note, as in `verify_checkpoint`; 8 its size and root are those of
    the lines below; 9 the lines are a question, its result and a log for each partition; 10 there is a checkpoint, and
    a key, for each log; then for each log 7 steps for its checkpoint, as in `verify_checkpoint`, and one that its size
    and root are those the answer names: 11 to 18 for partition 0, 19 to 26 for partition 1, and so on.

    Raises:
        StepFailed: a step does not hold.
    """
    noted = verify_checkpoint(note, policy, first, named="the answer's note", signer="the service")
    with step(first + 7, "size and root are those of the lines below them"):
        need_lines_signed(noted.checkpoint)
    with step(first + 8, "the lines are a question, its result and the log of each partition"):
        answer = parse_answer(noted.checkpoint)
    with step(first + 9, "there is a checkpoint and a key for each log"):
        if len(checkpoints) != len(answer.logs):
            raise Malformed("checkpoints", f"there are {len(checkpoints)} for {len(answer.logs)} logs")
        policies = [_policy_of(log, log_policies) for log in answer.logs]
    verdicts = [
        _verify_log(log, checkpoint, log_policy, first + steps_of(partition))
        for partition, (log, checkpoint, log_policy) in enumerate(zip(answer.logs, checkpoints, policies, strict=True))
    ]
    return AnswerVerdict(answer, noted, tuple(verdicts))


def steps_of(logs: int) -> int:
    """How many steps an answer out of so many logs has."""
    return _STEPS_BEFORE_LOGS + _STEPS_A_LOG * logs


def _policy_of(log: LogHead, log_policies: Mapping[str, TrustPolicy]) -> TrustPolicy:
    if log.origin not in log_policies:
        raise Malformed("keys", f"none is given of {log.origin}")
    return log_policies[log.origin]


def _verify_log(log: LogHead, checkpoint: bytes, policy: TrustPolicy, first: int) -> CheckpointVerdict:
    verdict = verify_checkpoint(checkpoint, policy, first)
    head = verdict.checkpoint
    with step(first + 7, f"the checkpoint is {log.origin} of size {log.size} and root {log.root.hex()}"):
        if (head.origin, head.size, head.root) != (log.origin, log.size, log.root):
            raise Malformed("checkpoint", f"it is {head.origin} of size {head.size} and root {head.root.hex()}")
    return verdict
