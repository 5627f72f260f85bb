"""A donation as its platform reports it: once, however often it is told; corrected and refunded by further events.

Its name is made from the reporting client and the platform's own reference (docs/projects.md, Donations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from ledger.domain import currencies, project
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.project_events import (
    AMOUNT_MINOR_UNITS_MAX,
    REFUNDS_MAX,
    DonationCorrected,
    DonationRefunded,
    DonationReported,
)
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import project_of
from ledger.domain.world import Reads, World

FIRST_ZONE: Final = timedelta(hours=14)
"""Offset of the zone in which a date begins first."""


@dataclass(frozen=True, slots=True)
class Donation:
    """A donation as its events leave it."""

    name: str
    reported: DonationReported
    reported_by: str
    reported_at: datetime
    amount_minor_units: int
    """As corrected."""
    refunds: Mapping[str, int] = field(default_factory=dict)
    """The refund's reference → minor units."""

    @property
    def refunded_minor_units(self) -> int:
        return sum(self.refunds.values())


def evolve(state: object | None, recorded: RecordedEvent) -> Donation:
    """The donation after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, DonationReported() as told if told.donation == recorded.stream and told.amount_minor_units > 0:
            return Donation(told.donation, told, recorded.actor, recorded.recorded_at, told.amount_minor_units)
        case Donation(), DonationCorrected() as told if (
            _is_of(state, told)
            and told.former_minor_units == state.amount_minor_units
            and told.amount_minor_units >= state.refunded_minor_units
        ):
            return replace(state, amount_minor_units=told.amount_minor_units)
        case Donation(), DonationRefunded() as told if (
            _is_of(state, told)
            and told.refund_reference not in state.refunds
            and told.refunded_minor_units <= state.amount_minor_units - state.refunded_minor_units
        ):
            return replace(state, refunds={**state.refunds, told.refund_reference: told.refunded_minor_units})
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _is_of(state: Donation, told: DonationCorrected | DonationRefunded) -> bool:
    first = state.reported
    return (told.project, told.platform, told.currency) == (first.project, first.platform, first.currency)


def existing(world: World, name: str) -> Donation:
    """The donation called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Donation):
        raise InvariantBroken(f"{name} is no donation: {type(state).__name__}")
    return state


@dataclass(frozen=True, slots=True)
class _OnDonation:
    """What commands about one donation read."""

    donation: str

    @property
    def stream(self) -> str:
        return self.donation

    def reads(self) -> Reads:
        return Reads(streams=(self.donation,))


@dataclass(frozen=True, slots=True)
class ReportDonation(_OnDonation):
    """Say that something was given.

    Refuses NOT_FOUND, PROJECT_CLOSED, CURRENCY_UNKNOWN, AMOUNT_OUT_OF_RANGE, DONATION_IN_FUTURE; of a donation that is
    there, NOTHING_CHANGES if it was told like this, else DONATION_DIFFERS.
    """

    platform: str
    reference: str
    amount_minor_units: int
    currency: str
    given_date: date

    def reads(self) -> Reads:
        return Reads(streams=(self.donation, project_of(self.donation)))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.donation) is not None:
            self._refuse_known(existing(world, self.donation))
        known = project.open_one(world, project_of(self.donation))
        currencies.refuse_unknown(self.currency)
        _refuse_amount(self.amount_minor_units, 1)
        if self.given_date > (world.now + FIRST_ZONE).date():
            refuse(Reason.DONATION_IN_FUTURE, date=self.given_date)
        reported = DonationReported(
            project=known.name,
            organization=known.organization,
            donation=self.donation,
            platform=self.platform,
            currency=self.currency,
            reference=self.reference,
            amount_minor_units=self.amount_minor_units,
            given_date=self.given_date,
        )
        return [NewEvent(self.donation, reported)]

    def _refuse_known(self, known: Donation) -> None:
        first = known.reported
        alike = (first.currency, first.given_date) == (self.currency, self.given_date)
        if alike and self.amount_minor_units in (first.amount_minor_units, known.amount_minor_units):
            refuse(Reason.NOTHING_CHANGES, name=known.name)
        refuse(
            Reason.DONATION_DIFFERS,
            reference=self.reference,
            amount_minor_units=known.amount_minor_units,
            currency=first.currency,
            given_date=first.given_date,
        )


@dataclass(frozen=True, slots=True)
class CorrectDonation(_OnDonation):
    """Say that another amount was given. Refuses NOT_FOUND, AMOUNT_OUT_OF_RANGE, NOTHING_CHANGES, REFUNDED_MORE."""

    amount_minor_units: int
    reason: str

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.donation)
        _refuse_amount(self.amount_minor_units, 0)
        if self.amount_minor_units == known.amount_minor_units:
            refuse(Reason.NOTHING_CHANGES, name=known.name)
        if self.amount_minor_units < known.refunded_minor_units:
            refuse(Reason.REFUNDED_MORE, refunded_minor_units=known.refunded_minor_units)
        first = known.reported
        corrected = DonationCorrected(
            project=first.project,
            organization=first.organization,
            donation=known.name,
            platform=first.platform,
            currency=first.currency,
            amount_minor_units=self.amount_minor_units,
            former_minor_units=known.amount_minor_units,
            reason=self.reason,
        )
        return [NewEvent(known.name, corrected)]


@dataclass(frozen=True, slots=True)
class RefundDonation(_OnDonation):
    """Say that part of it, or all, went back.

    Refuses NOT_FOUND, AMOUNT_OUT_OF_RANGE, REFUND_TOO_LARGE, REFUNDS_TOO_MANY; of a refund that is there,
    NOTHING_CHANGES if it was told like this, else REFUND_DIFFERS.
    """

    refund_reference: str
    refunded_minor_units: int
    reason: str

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.donation)
        _refuse_amount(self.refunded_minor_units, 1)
        self._refuse_known(known)
        left = known.amount_minor_units - known.refunded_minor_units
        if self.refunded_minor_units > left:
            refuse(Reason.REFUND_TOO_LARGE, left_minor_units=left)
        if len(known.refunds) >= REFUNDS_MAX:
            refuse(Reason.REFUNDS_TOO_MANY, refunds_max=REFUNDS_MAX)
        first = known.reported
        refunded = DonationRefunded(
            project=first.project,
            organization=first.organization,
            donation=known.name,
            platform=first.platform,
            currency=first.currency,
            refund_reference=self.refund_reference,
            refunded_minor_units=self.refunded_minor_units,
            reason=self.reason,
        )
        return [NewEvent(known.name, refunded)]

    def _refuse_known(self, known: Donation) -> None:
        told = known.refunds.get(self.refund_reference)
        if told == self.refunded_minor_units:
            refuse(Reason.NOTHING_CHANGES, name=known.name)
        if told is not None:
            refuse(Reason.REFUND_DIFFERS, refund_reference=self.refund_reference, refunded_minor_units=told)


def _refuse_amount(minor_units: int, least: int) -> None:
    if not least <= minor_units <= AMOUNT_MINOR_UNITS_MAX:
        refuse(
            Reason.AMOUNT_OUT_OF_RANGE,
            minor_units=minor_units,
            minor_units_min=least,
            minor_units_max=AMOUNT_MINOR_UNITS_MAX,
        )
