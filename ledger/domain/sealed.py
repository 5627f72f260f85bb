"""Personal data as it stands in events: ciphertext under a key of the person's own, never readable.

A sealed field is the text `p1.<key id>.<nonce>.<ciphertext>`, its parts in base64url without padding: AES-256-GCM,
bound to the ledger, the person, the event and the field it was sealed for. Whoever destroys the person's key has
erased it everywhere at once. Nothing in this package can open a seal: no fold, amount or entry may rest on what is
inside. What a decision learnt from it, such as "old enough on that day", is recorded as a fact of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from pydantic import StringConstraints

SEALED_PATTERN: Final = r"^p1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$"

Sealed: TypeAlias = Annotated[str, StringConstraints(pattern=SEALED_PATTERN)]
"""Ciphertext of one field; ledger.access.person_keys seals and opens it."""

EventId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def key_id_in(sealed: Sealed) -> str:
    """The key that a field was sealed with, as the seal names it."""
    return sealed.split(".")[1]


@dataclass(frozen=True, slots=True)
class SealedField:
    """A seal with all that it is bound to but the ledger: what is needed to open it."""

    person: str
    """volunteers/{volunteer}: whose key it is."""
    event_id: str
    path: str
    """Where it stands in the event's data, such as `details.birth_date`."""
    sealed: str
