"""What can happen to a project that donors and volunteers support together, and to a donation for it.

These names and fields are the stored format: version them with care.

    projects/{p}                  opened ─► updated, again and again ─► closed
    projects/{p}/donations/{d}    reported ─► corrected, refunded, again and again
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, Value, stored_name
from ledger.domain.values import LocalizedText

GOAL_SECONDS_MAX: Final = 10**12
GOAL_MINOR_UNITS_MAX: Final = 10**15
AMOUNT_MINOR_UNITS_MAX: Final = 10**12
"""Of one donation: ten thousand million riyals."""
OPPORTUNITIES_MAX: Final = 200
"""Linked at a time: with the longest names an event stays below what can be stored."""
REFUNDS_MAX: Final = 100
"""Of one donation: it is folded with each further one."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_UNITS_MAX)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class ProjectPlan(Value):
    """All that can be said of a project, and said anew."""

    title: LocalizedText
    description: LocalizedText | None = None
    goal_seconds: Annotated[int, Field(ge=1, le=GOAL_SECONDS_MAX)] | None = None
    """Of verified service."""
    goal_minor_units: Annotated[int, Field(ge=1, le=GOAL_MINOR_UNITS_MAX)] | None = None
    currency: Currency | None = None
    """Of the goal in money; there together with it."""
    start_date: date | None = None
    end_date: date | None = None
    """The last date of service that counts."""
    opportunities: Annotated[tuple[str, ...], Field(max_length=OPPORTUNITIES_MAX)] = ()
    """Whose hours count, ascending."""


class _OfProject(Event):
    project: str
    organization: str


@stored_name("project-opened")
class ProjectOpened(_OfProject):
    """Hours and donations can count for it from now on."""

    plan: ProjectPlan


@stored_name("project-updated")
class ProjectUpdated(_OfProject):
    """It is described anew, or other opportunities count for it."""

    plan: ProjectPlan
    changed: tuple[str, ...]
    """Names of what is new in the plan."""


@stored_name("project-closed")
class ProjectClosed(_OfProject):
    """It takes no new donations and opportunities; corrections, refunds and hours go on."""


class _OfDonation(_OfProject):
    donation: str
    platform: str
    """The client that reported the donation."""
    currency: Currency


@stored_name("donation-reported")
class DonationReported(_OfDonation):
    """A platform says that something was given."""

    reference: Reference
    """Of the donation in the platform's own books."""
    amount_minor_units: Amount
    given_date: date


@stored_name("donation-corrected")
class DonationCorrected(_OfDonation):
    """Another amount was given; none at all if it is 0."""

    amount_minor_units: Amount
    """From now on."""
    former_minor_units: Amount
    """Until now."""
    reason: str


@stored_name("donation-refunded")
class DonationRefunded(_OfDonation):
    """Part of it, or all, went back to who gave it."""

    refund_reference: Reference
    """Of the refund in the platform's own books."""
    refunded_minor_units: Annotated[int, Field(ge=1, le=AMOUNT_MINOR_UNITS_MAX)]
    """By this refund alone."""
    reason: str
