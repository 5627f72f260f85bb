"""Numbered steps of a verification: what fails is named by its number, what had to hold, and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.transparency.failures import StepFailed, TransparencyFailure


@contextmanager
def step(number: int, holds: str) -> Iterator[None]:
    """Whatever proves nothing within the block fails this step.

    Raises:
        StepFailed: in place of a TransparencyFailure.
    """
    try:
        yield
    except TransparencyFailure as failure:
        raise StepFailed(number, holds, str(failure)) from failure
