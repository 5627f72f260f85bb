"""What was given for which project, through which platform, and how much of it went back? Rows, movements and sums."""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.one_row import change_one
from ledger.projections.project_data import DonationCorrected, DonationData, DonationRefunded, DonationReported
from ledger.projections.stored_event import Batch, OtherEvent

_REPORTED: Final = """
    insert into donations (
        donation, partition, position, project, platform, reference, currency, given_date, reported_minor_units,
        amount_minor_units, refunded_minor_units, reported_by, reported_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s)
"""
_CORRECTED: Final = "update donations set amount_minor_units = %s where donation = %s"
_REFUNDED: Final = "update donations set refunded_minor_units = refunded_minor_units + %s where donation = %s"
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
    """Bring donations up to date, and add what each event moved to the sums."""
    moved: list[tuple[object, ...]] = []
    for event, data in batch.directory:
        match data:
            case DonationReported():
                _report(connection, event, data)
                moved.append(_movement(event, data, 1, data.amount_minor_units, 0))
            case DonationCorrected():
                change_one(connection, _CORRECTED, [data.amount_minor_units, data.donation])
                moved.append(_movement(event, data, 0, data.amount_minor_units - data.former_minor_units, 0))
            case DonationRefunded():
                change_one(connection, _REFUNDED, [data.refunded_minor_units, data.donation])
                moved.append(_movement(event, data, 0, 0, data.refunded_minor_units))
            case _:
                pass  # another projection's
    if moved:
        connection.execute(_MOVED, [batch.partition, *map(list, zip(*moved, strict=True))])


def _report(connection: ReadDatabase, event: OtherEvent, data: DonationReported) -> None:
    connection.execute(
        _REPORTED,
        [
            data.donation,
            event.partition,
            event.position,
            data.project,
            data.platform,
            data.reference,
            data.currency,
            data.given_date,
            data.amount_minor_units,
            data.amount_minor_units,
            event.actor,
            event.time,
        ],
    )


def _movement(event: OtherEvent, data: DonationData, count: int, given: int, refunded: int) -> tuple[object, ...]:
    """As _MOVED takes it."""
    place = (data.donation, event.position, data.project, data.platform, data.currency, event.time)
    return (*place, count, given, refunded)
