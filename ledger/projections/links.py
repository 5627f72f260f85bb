"""Which names were one person, from which position to which? A row for each time a person's stream said so."""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import VolunteerLinked, VolunteerLinkEnded
from ledger.projections.stored_event import Batch

_LINKED: Final = "insert into volunteer_links (volunteer, position, partition, linked) values (%s, %s, %s, %s)"
_ENDED: Final = "update volunteer_links set ended_position = %s where volunteer = %s and ended_position is null"


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Add and end links, one by one: there are few. The end of a proposal changes nothing here."""
    for event, data in batch.directory:
        if isinstance(data, VolunteerLinked):
            connection.execute(_LINKED, [data.volunteer, event.position, batch.partition, data.linked_volunteer])
        elif isinstance(data, VolunteerLinkEnded):
            connection.execute(_ENDED, [event.position, data.volunteer])
