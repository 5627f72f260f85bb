"""`data` of the events about projects and donations."""

from __future__ import annotations

from datetime import date
from typing import Final, TypeAlias

import msgspec


class _OfProject(msgspec.Struct, forbid_unknown_fields=True):
    project: str
    organization: str


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """A text in Arabic, in English or in both."""

    ar: str | None = None
    en: str | None = None


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """All that can be said of a project."""

    title: Text
    opportunities: list[str]
    description: Text | None = None
    goal_seconds: int | None = None
    goal_minor_units: int | None = None
    currency: str | None = None
    start_date: date | None = None
    end_date: date | None = None


class ProjectOpened(_OfProject):
    """project-opened"""

    plan: Plan


class ProjectUpdated(_OfProject):
    """project-updated"""

    plan: Plan
    changed: list[str]


class ProjectClosed(_OfProject):
    """project-closed"""


class _OfDonation(_OfProject):
    donation: str
    platform: str
    currency: str


class DonationReported(_OfDonation):
    """donation-reported"""

    reference: str
    amount_minor_units: int
    given_date: date


class DonationCorrected(_OfDonation):
    """donation-corrected"""

    amount_minor_units: int
    former_minor_units: int
    reason: str


class DonationRefunded(_OfDonation):
    """donation-refunded"""

    refund_reference: str
    refunded_minor_units: int
    reason: str


DonationData: TypeAlias = DonationReported | DonationCorrected | DonationRefunded
ProjectData: TypeAlias = ProjectOpened | ProjectUpdated | ProjectClosed | DonationData

PROJECT_DATA: Final[dict[str, type[ProjectData]]] = {
    "project-opened": ProjectOpened,
    "project-updated": ProjectUpdated,
    "project-closed": ProjectClosed,
    "donation-reported": DonationReported,
    "donation-corrected": DonationCorrected,
    "donation-refunded": DonationRefunded,
}
