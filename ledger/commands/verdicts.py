"""Verdicts of `verify`, for people and for programs. No network here either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger.transparency.cosignature import SignedBy
from ledger.transparency.failures import StepFailed
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.verify import CheckpointVerdict, EventVerdict, GrowthVerdict

_TIME_SECONDS_MAX: Final = 253_402_300_799
"""The end of the year 9999: a signer may claim any time."""


@dataclass(frozen=True, slots=True)
class Told:
    """One verdict in both forms."""

    document: Mapping[str, object]
    lines: tuple[str, ...]


def of_checkpoint(verdict: CheckpointVerdict) -> Told:
    """The log signed this tree head."""
    return _told({"verified": "checkpoint"}, "verified: the log signed this checkpoint", verdict)


def of_event(verdict: EventVerdict) -> Told:
    """The event is in the log."""
    sentence = f"verified: the log holds these bytes at position {verdict.position}"
    return _told({"verified": "event", "position": verdict.position}, sentence, verdict.checkpoint)


def of_growth(verdict: GrowthVerdict) -> Told:
    """The log only grew."""
    old, new = verdict.old.checkpoint, verdict.new.checkpoint
    document = {"verified": "growth", "old_size": old.size, "old_root": base64_text(old.root)}
    return _told(document, f"verified: from size {old.size} to {new.size} the log only grew", verdict.new)


def of_failure(failed: StepFailed) -> Told:
    """A step does not hold: nothing is verified."""
    document = {"verified": None, "step": failed.number, "must_hold": failed.step, "found": failed.reason}
    return Told(document, (str(failed),))


def show(told: Told, *, as_json: bool) -> None:
    """Print a verdict on standard output."""
    if as_json:
        print(json.dumps(told.document, ensure_ascii=False, indent=2))
        return
    for line in told.lines:
        print(line)


def _told(said: Mapping[str, object], sentence: str, verdict: CheckpointVerdict) -> Told:
    head, root = verdict.checkpoint, base64_text(verdict.checkpoint.root)
    document = {
        **said,
        "origin": head.origin,
        "size": head.size,
        "root": root,
        "signed_by": [signer(one) for one in verdict.signed],
        "witnesses": sorted({one.key.name for one in verdict.cosigned}),
    }
    signers = (f"  signed by {signer_text(one)}" for one in verdict.signed)
    return Told(document, (sentence, f"  log {head.origin}, size {head.size}, root {root}", *signers))


def signer(signed: SignedBy) -> dict[str, object]:
    """Whose signature was verified, for programs."""
    key = signed.key
    return {
        "name": key.name,
        "key_id": key.key_id.hex(),
        "type": key.type.name,
        "unix_seconds": signed.unix_seconds,
    }


def signer_text(signed: SignedBy) -> str:
    """The same for people."""
    key, seconds = signed.key, signed.unix_seconds
    text = f"{key.name} (key {key.key_id.hex()}, {key.type.name})"
    if seconds is None:
        return text
    when = datetime.fromtimestamp(seconds, UTC).isoformat() if seconds <= _TIME_SECONDS_MAX else f"{seconds} s"
    return f"{text} at {when}"
