"""The port through which a call records that it looked at hours, before its answer leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at hours."""

    client: str
    actor: str
    role: str
    purpose: str
    method: str
    """Such as HoursService/GetBalance."""
    volunteers: Sequence[str]
    """Names of the persons; empty when `ranges` says what was read."""
    positions: Mapping[int, int]
    """Partition → position of the ledger of hours that the answer rests on."""
    ranges: Sequence[tuple[int, int, int]] = ()
    """(partition, first position, last position) of events that were read whole."""


class AccessLog(Protocol):
    """Records looks durably."""

    async def record(self, look: Look) -> None:
        """Returns when it is durable. Raises Refusal UNAVAILABLE when it cannot be: then nothing may be told."""
        ...
