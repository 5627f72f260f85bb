"""The port to whatever keeps the master key: a file or the environment here, a key management service elsewhere.

Keys of persons are stored only as it wraps them. Each wrapped key names the master key it was wrapped under, so that
several can be known while one follows another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.access.seal import PersonKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A row of `person_keys`."""

    key_id: str
    volunteer: str
    key: bytes
    """Wrapped, or the plain key where no master key is named."""
    master_key_id: str | None

    def __repr__(self) -> str:
        return f"StoredKey({self.key_id!r}, {self.volunteer!r}, …, {self.master_key_id!r})"


class KeyWrapping(Protocol):
    """Wraps and unwraps keys of persons. Both take many at once: each call may be a journey to another machine."""

    @property
    def master_key_id(self) -> str:
        """The master key that keys are wrapped under now."""
        ...

    def wrap(self, keys: Sequence[PersonKey]) -> list[StoredKey]:
        """The rows to store, in order. What is returned MUST be openable by `unwrap` in every process."""
        ...

    def unwrap(self, rows: Sequence[StoredKey]) -> list[PersonKey]:
        """The keys in stored rows, in order.

        Raises:
            InvariantBroken: a row was changed, or moved from another person or ledger.
            WrongSetting: a row names a master key that is not known here.
        """
        ...
