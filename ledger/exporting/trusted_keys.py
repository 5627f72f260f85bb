"""What a reader of an export brings along: keys of several logs, each found by its origin, and checkpoints it kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.failures import Malformed
from ledger.transparency.signed_note import parse_note
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verifier_key import parse_vkey
from ledger.transparency.verify import verify_checkpoint


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """For each log the keys of it that a reader has, and the witnesses it asks for."""

    policies: Mapping[str, TrustPolicy]
    """By origin; none at all: signatures are not checked."""
    kept: Sequence[Checkpoint] = ()
    """Verified under these policies: what was seen earlier must still be so."""

    @classmethod
    def read(
        cls,
        log_lines: Sequence[str],
        witness_lines: Sequence[str] = (),
        witnesses_required: int = 0,
        kept: Iterable[bytes] = (),
    ) -> Self:
        """From verifier key lines, one or two of each log, and checkpoints as they were kept.

        Raises:
            TransparencyFailure: a line is no key, they are no policy, or a checkpoint is not signed by one of them.
        """
        by_origin: dict[str, list[str]] = {}
        for line in log_lines:
            by_origin.setdefault(parse_vkey(line).name, []).append(line)
        if witnesses_required and not by_origin:
            raise Malformed("trust policy", "witnesses are asked for beside the log's own keys, and none are given")
        policies = {
            origin: read_policy(lines, witness_lines, witnesses_required) for origin, lines in by_origin.items()
        }
        return cls(policies, [_verified(note, policies) for note in kept])

    @property
    def given(self) -> bool:
        """Whether there is any key to check signatures with."""
        return bool(self.policies)


def _verified(note: bytes, policies: Mapping[str, TrustPolicy]) -> Checkpoint:
    origin = parse_checkpoint_text(parse_note(note).text).origin
    if origin not in policies:
        raise Malformed("checkpoint", f"no verifier key of {origin[:200]!r} was given: add --key")
    # Without witnesses: whoever kept it needs nobody else's word that it was there.
    policy = replace(policies[origin], witnesses_required=0)
    return verify_checkpoint(note, policy).checkpoint
