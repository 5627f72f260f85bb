"""A donation: counted once however often it is told, corrected, refunded, and never less than nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.currencies import EXPONENTS
from ledger.domain.donation import CorrectDonation, Donation, RefundDonation, ReportDonation
from ledger.domain.project import CloseProject
from ledger.domain.project_events import (
    AMOUNT_MINOR_UNITS_MAX,
    REFUNDS_MAX,
    DonationCorrected,
    DonationRefunded,
    DonationReported,
)
from ledger.domain.refusals import InvariantBroken
from tests.domain.given_when_then import NOW, Scenario
from tests.domain.programme import GREEN
from tests.domain.test_project import OPEN, WELL, programme

GIVEN = f"{WELL}/donations/d"
DAY = date(2026, 11, 1)


def report(minor_units: int = 5_000, currency: str = "SAR", day: date = DAY) -> ReportDonation:
    return ReportDonation(GIVEN, "platform", "2026-1", minor_units, currency, day)


def correct(minor_units: int) -> CorrectDonation:
    return CorrectDonation(GIVEN, minor_units, "TYPING_ERROR")


def refund(reference: str, minor_units: int) -> RefundDonation:
    return RefundDonation(GIVEN, reference, minor_units, "DONOR_ASKED")


def test_it_is_told_once_and_what_differs_is_refused():
    scenario = programme().given(OPEN).when(report())
    scenario.then_recorded(DonationReported, amount_minor_units=5_000, project=WELL, organization=GREEN)
    scenario.when(report()).then_refused("NOTHING_CHANGES", name=GIVEN)
    for other in (report(5_001), report(currency="USD"), report(day=date(2026, 11, 2))):
        scenario.when(other).then_refused("DONATION_DIFFERS", amount_minor_units="5000")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (report(0), "AMOUNT_OUT_OF_RANGE"),
        (report(-1), "AMOUNT_OUT_OF_RANGE"),
        (report(AMOUNT_MINOR_UNITS_MAX + 1), "AMOUNT_OUT_OF_RANGE"),
        (report(currency="XXX"), "CURRENCY_UNKNOWN"),
        (report(day=date(2026, 11, 25)), "DONATION_IN_FUTURE"),
    ],
)
def test_what_cannot_have_been_given_is_refused(told: ReportDonation, reason: str):
    programme().given(OPEN).when(told).then_refused(reason)


def test_today_is_today_where_the_day_begins_first():
    programme().given(OPEN).when(report(day=date(2026, 11, 24))).then_recorded(DonationReported)


def test_its_project_must_be_open_to_what_is_new_only():
    programme().when(report()).then_refused("NOT_FOUND", name=WELL)
    programme().given(OPEN, CloseProject(WELL)).when(report()).then_refused("PROJECT_CLOSED")
    closed = programme().given(OPEN, report(), CloseProject(WELL))
    closed.when(report()).then_refused("NOTHING_CHANGES")
    closed.when(correct(4_000)).then_recorded(DonationCorrected, former_minor_units=5_000)
    closed.when(refund("r", 4_000)).then_recorded(DonationRefunded)


def test_a_correction_is_the_amount_from_now_on():
    scenario = programme().given(OPEN, report(), correct(700))
    scenario.when(report(700)).then_refused("NOTHING_CHANGES")
    scenario.when(report(5_000)).then_refused("NOTHING_CHANGES")
    scenario.when(report(701)).then_refused("DONATION_DIFFERS", amount_minor_units="700")
    scenario.when(correct(700)).then_refused("NOTHING_CHANGES")
    scenario.when(correct(AMOUNT_MINOR_UNITS_MAX + 1)).then_refused("AMOUNT_OUT_OF_RANGE")
    scenario.when(correct(0)).then_recorded(DonationCorrected, former_minor_units=700)
    Scenario().when(correct(1)).then_refused("NOT_FOUND", name=GIVEN)


def test_a_refund_is_told_once_and_no_more_than_stands():
    scenario = programme().given(OPEN, report(), refund("r1", 3_000))
    scenario.when(refund("r1", 3_000)).then_refused("NOTHING_CHANGES")
    scenario.when(refund("r1", 2_999)).then_refused("REFUND_DIFFERS", refunded_minor_units="3000")
    scenario.when(refund("r2", 2_001)).then_refused("REFUND_TOO_LARGE", left_minor_units="2000")
    scenario.when(refund("r2", 0)).then_refused("AMOUNT_OUT_OF_RANGE")
    scenario.when(correct(2_999)).then_refused("REFUNDED_MORE", refunded_minor_units="3000")
    scenario.given(correct(3_000)).when(refund("r2", 1)).then_refused("REFUND_TOO_LARGE", left_minor_units="0")


def test_so_many_refunds_and_no_more():
    scenario = programme().given(OPEN, report(), *(refund(f"r{number}", 1) for number in range(REFUNDS_MAX)))
    scenario.when(refund("one-more", 1)).then_refused("REFUNDS_TOO_MANY")
    scenario.when(correct(REFUNDS_MAX)).then_recorded(DonationCorrected)


@dataclass
class Told:
    """What a plain book would say."""

    amount: int = 0
    refunds: dict[str, int] = field(default_factory=dict)


STEPS = st.lists(
    st.one_of(
        st.builds(report, st.integers(1, 9)),
        st.builds(correct, st.integers(0, 9)),
        st.builds(refund, st.sampled_from(["r1", "r2", "r3"]), st.integers(1, 9)),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_however_it_is_told_it_is_what_a_plain_book_says(
    steps: list[ReportDonation | CorrectDonation | RefundDonation],
):
    scenario, book = programme().given(OPEN), Told()
    for step in steps:
        scenario.when(step)
        if scenario.refusal is None:
            _enter(book, step)
        state = scenario.ledger.states.get(GIVEN)
        assert state is None or isinstance(state, Donation)
        if state is not None:
            assert (state.amount_minor_units, state.refunds) == (book.amount, book.refunds)
            assert 0 <= state.refunded_minor_units <= state.amount_minor_units


def _enter(book: Told, step: ReportDonation | CorrectDonation | RefundDonation) -> None:
    if isinstance(step, RefundDonation):
        assert step.refund_reference not in book.refunds
        book.refunds[step.refund_reference] = step.refunded_minor_units
    else:
        book.amount = step.amount_minor_units


def test_what_cannot_follow_stops_the_reader():
    first = {"project": WELL, "organization": GREEN, "donation": GIVEN, "platform": "platform", "currency": "SAR"}
    lies = [
        DonationCorrected(**first, amount_minor_units=1, former_minor_units=4_999, reason="TYPING_ERROR"),
        DonationRefunded(**first, refund_reference="r", refunded_minor_units=5_001, reason="DONOR_ASKED"),
        DonationRefunded(
            **{**first, "currency": "USD"}, refund_reference="r", refunded_minor_units=1, reason="DONOR_ASKED"
        ),
    ]
    for lie in lies:
        with pytest.raises(InvariantBroken):
            programme().given(OPEN, report(), (GIVEN, lie))
    assert NOW.date() > DAY


def test_minor_units_are_those_of_the_standard():
    assert [EXPONENTS[currency] for currency in ("SAR", "KWD", "JPY", "ISK", "TND", "USD")] == [2, 3, 0, 0, 3, 2]
    assert all(len(currency) == 3 and currency.isupper() for currency in EXPONENTS)
    assert not {"XAU", "XDR", "XTS", "XXX", "CHE", "BTC"} & EXPONENTS.keys()
