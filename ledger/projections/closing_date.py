"""The date on which ages are told and a table of rates is chosen: the period's last, or that of the moment asked about.

It follows from the question and from what the answer counts, never from how much is known by now: the same question
with the same `as_of` must have the same answer for ever, and an answer's `recorded_through` moves on.
"""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ledger.projections.as_of import CUT_SQL, View, moment_of
from volunteer_hours.v1.positions_pb2 import AsOf

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_TIME_BYTES: Final = 8
# The batch in which a partition's last position lies, and its place in it.
_LAST_EVENTS: Final = f"""
    with {CUT_SQL}
    select substring(b.recorded_times from ({_TIME_BYTES} * (cut.upto - b.first_position) + 1)::int for {_TIME_BYTES})
    from cut join lateral (
        select first_position, recorded_times from applied_batches
        where partition = cut.partition and first_position <= cut.upto
        order by first_position desc limit 1
    ) b on true
"""


async def closing_date(seen: View, as_of: AsOf | None, last: date) -> date | None:
    """`last` where the period ends; else the date in UTC of the moment asked about.

    For exact positions, and for a question about now, that is the record time of the newest event counted; None where
    none is.
    """
    if last != date.max:
        return last
    moment = await moment_told(seen, as_of)
    return None if moment is None else moment.date()


async def moment_told(seen: View, as_of: AsOf | None) -> datetime | None:
    """The moment asked about, in UTC; for exact positions and for now, the record time of the newest event counted.

    None where none is.
    """
    moment = None if as_of is None else moment_of(as_of)
    if moment is not None:
        return moment.astimezone(UTC)
    rows = await (await seen.connection.execute(_LAST_EVENTS, seen.cut, binary=True)).fetchall()
    times = [struct.unpack("!q", recorded)[0] for (recorded,) in rows]
    return _EPOCH + timedelta(microseconds=max(times)) if times else None
