"""Closed periods: a publication has a name, its dates, its sums and the positions they were computed at."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ledger.domain.closed_period import ClosedPeriod, ClosePeriod, PeriodClosed, PeriodTotals
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Position
from tests.domain.given_when_then import NOW, Scenario

OCTOBER = "periods/october"
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
ONE = (Position(partition=0, position=1),)


def totals(verified_seconds: int = 0) -> PeriodTotals:
    return PeriodTotals(
        claimed_seconds=0,
        attended_seconds=0,
        verified_seconds=verified_seconds,
        disputed_seconds=0,
        withheld_seconds=0,
        reversed_seconds=0,
        entry_count=verified_seconds,
    )


def closing(name: str = OCTOBER, first: date = FIRST, last: date = LAST, **given) -> ClosePeriod:
    return ClosePeriod(name, first, last, given.pop("positions", ONE), given.pop("totals", totals()), **given)


def test_a_period_is_closed_with_its_sums_and_the_positions_they_were_computed_at():
    scenario = Scenario().when(closing(totals=totals(7200)), actor="staff/amal")
    scenario.then_recorded(PeriodClosed, start_date=FIRST, end_date=LAST, positions=ONE, totals=totals(7200))
    here = Position(partition=0, position=2)
    state = ClosedPeriod(OCTOBER, FIRST, LAST, ONE, totals(7200), None, "staff/amal", NOW, here)
    assert scenario.state(OCTOBER) == state


def test_nothing_changes_under_a_name_that_was_closed():
    scenario = Scenario().given(closing())
    for again in (closing(), closing(totals=totals(1)), closing(first=LAST)):
        scenario.when(again).then_refused("PERIOD_ALREADY_CLOSED", name=OCTOBER)


def test_one_day_is_a_period_and_reversed_dates_are_none():
    Scenario().when(closing(first=LAST)).then_recorded(PeriodClosed, start_date=LAST, end_date=LAST)
    reversed_dates = closing(first=LAST, last=FIRST)
    Scenario().when(reversed_dates).then_refused("DATES_REVERSED", start_date="2026-10-31", end_date="2026-10-01")


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 11, 59, 59, 999_999, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 12, tzinfo=UTC), True),
    ],
)
def test_a_period_is_closed_once_its_last_date_is_over_in_every_zone(now: datetime, over: bool):
    scenario = Scenario(now).when(closing())
    if over:
        scenario.then_recorded(PeriodClosed)
    else:
        scenario.then_refused("PERIOD_NOT_OVER", end_date="2026-10-31")


def test_the_end_of_the_calendar_is_never_over():
    Scenario().when(closing(last=date.max)).then_refused("PERIOD_NOT_OVER")


def test_a_later_publication_of_the_same_dates_names_the_one_it_restates():
    scenario = Scenario().given(closing())
    later = closing("periods/october-b", replaces=OCTOBER, positions=(Position(partition=0, position=2),))
    scenario.when(later).then_recorded(PeriodClosed, replaces=OCTOBER)


def test_only_a_period_with_the_same_dates_is_replaced():
    scenario = Scenario().given(closing())
    for first, last in ((FIRST, date(2026, 10, 30)), (date(2026, 10, 2), LAST)):
        other = closing("periods/other", first, last, replaces=OCTOBER)
        scenario.when(other).then_refused("PERIOD_DATES_DIFFER", start_date="2026-10-01", end_date="2026-10-31")
    scenario.when(closing("periods/other", replaces="periods/none")).then_refused("NOT_FOUND", name="periods/none")
    scenario.when(closing("periods/other", replaces="periods/other")).then_refused("NOT_FOUND", name="periods/other")


def test_older_sums_replace_no_newer_ones():
    newer = closing("periods/newer", positions=(Position(partition=0, position=2),))
    scenario = Scenario().given(closing(), newer)
    older = closing("periods/older", replaces="periods/newer")
    scenario.when(older).then_refused("PERIOD_POSITIONS_EARLIER", name="periods/newer")


@pytest.mark.parametrize(
    "positions",
    [
        (),
        (Position(partition=1, position=1),),
        (Position(partition=0, position=1), Position(partition=0, position=1)),
        (Position(partition=0, position=2),),
    ],
)
def test_an_event_that_counted_what_cannot_have_been_counted_is_never_read_over(positions: tuple[Position, ...]):
    with pytest.raises(InvariantBroken):
        Scenario().when(closing(positions=positions))
