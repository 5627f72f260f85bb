"""By which words and values is an opportunity found? Its number, its keys, and the sets of numbers of every key.

What the keys are is decided by `ledger.search`; here they become rows. An opportunity that a batch touches is read anew
from the rows that the batch left, so that it does not matter how events were cut into batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.directory_data import (
    InitiativeRegistered,
    OpportunityClosed,
    OpportunityDetails,
    OpportunityPublished,
    OpportunityUpdated,
    OrganizationRegistered,
    RegistrationAccepted,
    RegistrationWithdrawn,
    ShiftCancelled,
    ShiftOpened,
    ShiftRescheduled,
    ShiftUpdated,
)
from ledger.projections.search_rows import Changes, write
from ledger.projections.stored_event import Batch
from ledger.search.keys import Contents, Opening, contents_of
from ledger.search.offering import name_stems, offered

_NEXT_NUMBER: Final = "select coalesce(max(number), -1) + 1 from search_opportunities where partition = %s"
_ADD: Final = """
    insert into search_opportunities (partition, number, opportunity, position, organization, published)
    select %s, new.*, true from unnest(%s::int[], %s::text[], %s::bigint[], %s::text[]) as new
"""
_TOUCHED: Final = """
    select o.opportunity, s.number, o.organization, o.state, o.details::text, c.keys, c.words
    from opportunities o
    join search_opportunities s using (opportunity)
    left join search_contents c on c.partition = s.partition and c.number = s.number
    where o.opportunity = any(%s)
"""
_OPENINGS: Final = """
    select distinct opportunity, local_day, region, city_key, online
    from shifts where opportunity = any(%s) and state = 'open'
"""
_DESCRIBE: Final = """
    update search_opportunities s set sector = new.sector, level = new.level, published = new.published
    from unnest(%s::int[], %s::text[], %s::text[], %s::bool[]) as new (number, sector, level, published)
    where s.partition = %s and s.number = new.number
"""
_CLOSE_ALL: Final = "delete from search_openings where partition = %s and number = any(%s)"
OPENINGS_SQL: Final = """
    select o.partition, o.number, s.begins_at, s.shift, s.places - s.places_taken as places_left, s.local_day,
           s.from_minute, s.until_minute, s.region, s.city_key, s.online, o.sector, o.level
    from shifts s join search_opportunities o using (opportunity)
    where s.state = 'open'
"""
"""What search_openings holds."""
_OPEN: Final = f"insert into search_openings {OPENINGS_SQL} and s.opportunity = any(%s)"
_PLACES: Final = """
    update search_openings n set places_left = s.places - s.places_taken
    from shifts s where n.shift = s.shift and s.shift = any(%s)
"""
_ORGANIZATION: Final = "insert into search_organizations (organization, partition, stems) values (%s, %s, %s)"
_DETAILS: Final = msgspec.json.Decoder(OpportunityDetails)
_NOTHING: Final = Contents((), ())


@dataclass(slots=True)
class _Touched:
    """What a batch says of opportunities."""

    published: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Name → position and organisation, in their order."""
    changed: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    """Shifts of which places were added, taken or given back."""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring the keys of the opportunities that the batch touched up to date."""
    touched = _Touched()
    for event, data in batch.directory:
        match data:
            case OpportunityPublished():
                touched.published[data.opportunity] = (event.position, data.organization)
                touched.changed.add(data.opportunity)
            case OpportunityUpdated() | OpportunityClosed() | ShiftOpened() | ShiftRescheduled() | ShiftCancelled():
                touched.changed.add(data.opportunity)
            case ShiftUpdated() | RegistrationAccepted() | RegistrationWithdrawn():
                touched.places.add(data.shift)
            case OrganizationRegistered(organization=name, display_name=text):
                connection.execute(_ORGANIZATION, [name, batch.partition, name_stems(text)])
            case InitiativeRegistered(initiative=name, display_name=text):
                connection.execute(_ORGANIZATION, [name, batch.partition, name_stems(text)])
            case _:
                pass  # another projection's
    if touched.published:
        _number(connection, batch.partition, touched.published)
    if touched.changed:
        _describe(connection, batch.partition, sorted(touched.changed))
    if touched.places:
        connection.execute(_PLACES, [sorted(touched.places)])


def _number(connection: ReadDatabase, partition: int, published: dict[str, tuple[int, str]]) -> None:
    """Number them in the order of their events: it is the same however they are cut into batches."""
    row = connection.execute(_NEXT_NUMBER, [partition]).fetchone()
    first = 0 if row is None else int(row[0])
    numbers = list(range(first, first + len(published)))
    positions = [position for position, _ in published.values()]
    organizations = [organization for _, organization in published.values()]
    connection.execute(_ADD, [partition, numbers, list(published), positions, organizations])


def _describe(connection: ReadDatabase, partition: int, names: Sequence[str]) -> None:
    openings: defaultdict[str, list[Opening]] = defaultdict(list)
    for name, day, region, city_key, online in connection.execute(_OPENINGS, [names], binary=True):
        openings[name].append(Opening(day, region, city_key or "", online))
    rows = connection.execute(_TOUCHED, [names], binary=True).fetchall()
    if not rows:
        return  # shifts of an opportunity that is not there: another check tells
    changes = Changes(partition)
    columns: list[tuple[int, str | None, str | None, bool]] = []
    for name, number, organization, state, details_text, keys, words in rows:
        details, is_published = _DETAILS.decode(details_text), state == "published"
        before = _NOTHING if keys is None else Contents(tuple(keys), tuple(words))
        changes.add(number, before, contents_of(offered(organization, is_published, details), openings[name]))
        columns.append((number, details.sector, details.level, is_published))
    connection.execute(_DESCRIBE, [*_turned(columns), partition])
    connection.execute(_CLOSE_ALL, [partition, [number for number, *_ in columns]])
    connection.execute(_OPEN, [names])
    write(connection, changes)


def _turned(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
