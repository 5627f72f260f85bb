"""What was given for which project, through which platform, and how much of it went back? Rows, movements and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.project_data import DonationCorrected, DonationData, DonationRefunded, DonationReported
from ledger.projections.stored_event import Batch, OtherEvent

_REPORTED: Final = """
    insert into donations (
        partition, donation, position, project, platform, reference, currency, given_date, reported_minor_units,
        amount_minor_units, refunded_minor_units, reported_by, reported_at
    )
    select %s, donation, position, project, platform, reference, currency, given_date, amount, amount, 0, reported_by,
           reported_at
    from unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[],
                %s::text[], %s::timestamptz[])
        as told (donation, position, project, platform, reference, currency, given_date, amount, reported_by,
                 reported_at)
"""
_CHANGED: Final = """
    update donations d set
        amount_minor_units = d.amount_minor_units + told.given,
        refunded_minor_units = d.refunded_minor_units + told.refunded
    from unnest(%s::text[], %s::bigint[], %s::bigint[]) as told (donation, given, refunded)
    where d.donation = told.donation
"""
# Changes of one batch, its rows in order; sums are added once for each project, currency and platform.
_MOVED: Final = """
    with moved as (
        insert into donation_movements (
            partition, donation, position, project, platform, currency, recorded_at, donation_count, given_minor_units,
            refunded_minor_units
        )
        select %s, *
        from unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int[],
                    %s::bigint[], %s::bigint[])
        returning *
    )
    insert into project_money as known
    select project, currency, platform, partition, sum(donation_count), sum(given_minor_units),
           sum(refunded_minor_units)
    from moved group by project, currency, platform, partition
    on conflict (project, currency, platform) do update set
        donation_count = known.donation_count + excluded.donation_count,
        given_minor_units = known.given_minor_units + excluded.given_minor_units,
        refunded_minor_units = known.refunded_minor_units + excluded.refunded_minor_units
"""


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring donations up to date, and add what each event moved to the sums: a statement for all of a kind.

    Raises InvariantBroken if a donation is changed that was never reported.
    """
    reported: list[tuple[object, ...]] = []
    changes: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    moved: list[tuple[object, ...]] = []
    for event, data in batch.directory:
        match data:
            case DonationReported():
                reported.append(_row(event, data))
                moved.append(_movement(event, data, 1, data.amount_minor_units, 0))
            case DonationCorrected():
                more = data.amount_minor_units - data.former_minor_units
                changes[data.donation][0] += more
                moved.append(_movement(event, data, 0, more, 0))
            case DonationRefunded():
                changes[data.donation][1] += data.refunded_minor_units
                moved.append(_movement(event, data, 0, 0, data.refunded_minor_units))
            case _:
                pass  # another projection's
    if reported:
        connection.execute(_REPORTED, [batch.partition, *_columns(reported)])
    if changes:
        _change(connection, changes)
    if moved:
        connection.execute(_MOVED, [batch.partition, *_columns(moved)])


def _change(connection: ReadDatabase, changes: Mapping[str, Sequence[int]]) -> None:
    given, refunded = ([change[place] for change in changes.values()] for place in (0, 1))
    if connection.execute(_CHANGED, [list(changes), given, refunded]).rowcount != len(changes):
        raise InvariantBroken(f"one of these donations was changed and never reported: {sorted(changes)[:5]}")


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _row(event: OtherEvent, data: DonationReported) -> tuple[object, ...]:
    """As _REPORTED takes it."""
    place = (data.donation, event.position, data.project, data.platform, data.reference, data.currency)
    return (*place, data.given_date, data.amount_minor_units, event.actor, event.time)


def _movement(event: OtherEvent, data: DonationData, count: int, given: int, refunded: int) -> tuple[object, ...]:
    """As _MOVED takes it."""
    place = (data.donation, event.position, data.project, data.platform, data.currency, event.time)
    return (*place, count, given, refunded)
