"""The first event of every partition: what ledger this is and how its streams are routed."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, RecordedEvent, stored_name

FORMAT_VERSION: Final = 1
PARTITIONS_MAX: Final = 1024


@stored_name("ledger-opened")
class LedgerOpened(Event):
    """Position 1 of a partition. A program that does not know the format version stops here."""

    ledger_id: str
    partitions: Annotated[int, Field(ge=1, le=PARTITIONS_MAX)]
    routing_rule: str
    format_version: int


def evolve(state: object | None, recorded: RecordedEvent) -> LedgerOpened:
    """The ledger's own stream holds its opening and nothing else."""
    if state is not None or not isinstance(recorded.data, LedgerOpened):
        raise TypeError(f"{recorded.stream} cannot hold {type(recorded.data).__name__}")
    return recorded.data
