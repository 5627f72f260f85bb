"""Kinds of ledger: of hours, and of the accesses to them. They share code and format, never a stream or a database.

The ledger's id says which it is (`docs/decisions/0020-kind-by-id.md`), and with it every event, whose `source` it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

ACCESS_ENDING: Final = "/access"
"""Ends the id of a ledger of accesses: the rest is the id of the ledger of hours it belongs to."""
ACCESS_PATH: Final = "/access"
"""Stands before the paths of its pages over HTTP."""
_OF_BOTH: Final = "partitions/"
_OF_ACCESS: Final = ("accesses/", "services/")


class LedgerKind(StrEnum):
    """What a ledger keeps."""

    HOURS = "hours"
    ACCESS = "access"


def kind_of_ledger(ledger_id: str) -> LedgerKind:
    """The kind of the ledger with this id."""
    return LedgerKind.ACCESS if ledger_id.endswith(ACCESS_ENDING) else LedgerKind.HOURS


def belongs(stream: str, kind: LedgerKind) -> bool:
    """Whether a stream lies in ledgers of this kind."""
    return stream.startswith(_OF_ACCESS) == (kind is LedgerKind.ACCESS) or stream.startswith(_OF_BOTH)
