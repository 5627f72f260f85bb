"""The period before, and the months of one."""

from datetime import date

import pytest

from ledger.impact.periods import Span, before, months


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-01-01", "2026-12-31", ("2025-01-01", "2025-12-31")),
        ("2024-03-01", "2024-03-31", ("2024-02-01", "2024-02-29")),
        ("2026-01-01", "2026-06-30", ("2025-07-01", "2025-12-31")),
        ("2026-01-10", "2026-01-19", ("2025-12-31", "2026-01-09")),
        ("0001-01-01", "0001-12-31", None),
        ("0001-01-20", "0001-03-31", None),
    ],
)
def test_the_period_before_is_as_long(first, last, expected):
    found = before(Span(date.fromisoformat(first), date.fromisoformat(last)))
    assert (None if found is None else (found.first.isoformat(), found.last.isoformat())) == expected


def test_months_are_those_it_touches():
    assert months(Span(date(2025, 12, 31), date(2026, 2, 1))) == ["2025-12", "2026-01", "2026-02"]
