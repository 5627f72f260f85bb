"""Why nothing is written to the topic any more; starting again does not cure it: a person must look first."""

from __future__ import annotations


class HistoryDeleted(Exception):
    """The topic's first records are gone: it can no longer be replayed from position 1."""
