"""Why the log is not kept any more. None of these is cured by starting again: a person must look first.

To go on would mean to sign two histories, and a signature cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.failures import TransparencyFailure


class LogStopped(Exception):
    """The keeper ends with exit code 3; the message names partition, size and roots."""


class ForkRefused(LogStopped):
    """The tree is not the continuation of what was signed: another root for a signed size, or a smaller size."""


class StoreBehindSigner(LogStopped):
    """The event store ends before what was signed: an older database was restored, or its end was cut off."""


class StoredBytesChanged(LogStopped):
    """An event or a tile below the signed size is not what it was."""


class SignerMemoryWrong(LogStopped):
    """The signer's own store is missing, damaged, another partition's, or older than what was published."""


class BalanceMapBroken(LogStopped):
    """The stored balance map is not what its keeper made, or an event under a checkpoint can't be understood."""


class AnotherKeeper(LogStopped):
    """Somebody else keeps the same log."""


def head_in_words(head: Checkpoint) -> str:
    """A tree head for an alarm: size and root."""
    return f"size {head.size} root {head.root.hex()}"


@contextmanager
def stopping_at_broken_tiles(partition: int) -> Iterator[None]:
    """Tiles that are missing, of another form or that contradict each other stop the log.

    Raises:
        StoredBytesChanged: in place of a TransparencyFailure.
    """
    try:
        yield
    except TransparencyFailure as failure:
        raise StoredBytesChanged(f"partition {partition}: the stored tiles are wrong: {failure}") from failure
