"""Times of events become columns once; what is no time with a zone stops the projection."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest

from ledger.domain.refusals import InvariantBroken
from ledger.projections.binary_rows import Moments

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["1969-12-31T23:59:59.999999Z", "2026-03-29T02:30:00+03:00", "9999-12-31T23:59:59Z"]
)
def test_a_time_is_its_microseconds_since_2000(written: str) -> None:
    length, microseconds = struct.unpack("!iq", Moments()[written])
    assert length == 8
    assert EPOCH + timedelta(microseconds=microseconds) == datetime.fromisoformat(written)


@pytest.mark.parametrize("written", ["", "2026-01-01", "2026-01-01T08:00:00", "2026-W01-1T08:00:00Z", "now"])
def test_what_is_no_time_with_a_zone_stops_the_projection(written: str) -> None:
    with pytest.raises(InvariantBroken, match="no time of RFC 3339"):
        Moments()[written]
