"""What can be wrong with bytes that claim to prove something. Whoever catches `TransparencyFailure` trusts nothing."""

from __future__ import annotations


class TransparencyFailure(Exception):
    """Nothing was proven."""


class Malformed(TransparencyFailure):
    """The bytes are not of the form they claim to be."""

    def __init__(self, form: str, reason: str) -> None:
        """`form` names what was to be read, such as `signed note`; `reason` says what would be right."""
        super().__init__(f"{form}: {reason}")
        self.form = form
        self.reason = reason


class EntryCannotFollow(Malformed):
    """An entry brings a class of its holder below zero, or above what a number here can say."""

    def __init__(self, form: str, reason: str, position: int) -> None:
        """`position` is that of the entry's event."""
        super().__init__(form, reason)
        self.position = position


class OutOfTree(TransparencyFailure):
    """An index or a size that the tree does not have: a caller's mistake, or a hostile number."""


class ProofRejected(TransparencyFailure):
    """A Merkle proof does not lead to the root."""

    def __init__(self, step: str, reason: str) -> None:
        """`step` is the step of the RFC's algorithm, such as `RFC 9162 2.1.3.2 step 5`."""
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


class SignatureRejected(TransparencyFailure):
    """A signature under a known key does not fit, or one that is required is not there."""


class StepFailed(TransparencyFailure):
    """A verification ended at one of its numbered steps (`ledger.transparency.verify`)."""

    def __init__(self, number: int, step: str, reason: str) -> None:
        """`step` is what must hold, `reason` what was found instead."""
        super().__init__(f"step {number} ({step}) failed: {reason}")
        self.number = number
        self.step = step
        self.reason = reason
