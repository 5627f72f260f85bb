"""A small programme to test rules on: two organisations, their people, and shifts in Riyadh and London. Synthetic."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ledger.domain.appointing import AppointMember
from ledger.domain.attendance import RecordAttendance
from ledger.domain.opportunity import Crediting, OpportunityDetails, PublishOpportunity
from ledger.domain.organization import AccreditOrganization, RegisterOrganization
from ledger.domain.registration import RegisterForShift
from ledger.domain.shift import OpenShift, Place
from ledger.domain.values import LocalizedText
from ledger.domain.volunteer import RegisterVolunteer, SealedDetails
from tests.domain.given_when_then import Scenario

GREEN, CARE = "organizations/green", "organizations/care"
GARDEN, CLINIC = "opportunities/garden", "opportunities/clinic"
MORNING, NOON = f"{GARDEN}/shifts/morning", f"{CLINIC}/shifts/noon"
ANA, BEN = "volunteers/ana", "volunteers/ben"
GREEN_VERIFIER, CARE_VERIFIER = "staff/green-verifier", "staff/care-verifier"
COORDINATOR = "staff/coordinator"
PLACE = Place(region="SA-01")


def at(text: str) -> datetime:
    """`2026-11-20 08:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def organization(name: str) -> list[RegisterOrganization | AccreditOrganization | AppointMember]:
    """An accredited organisation with one verifier and one coordinator."""
    short = name.removeprefix("organizations/")
    since = at("2020-01-01 00:00")
    return [
        RegisterOrganization(name, LocalizedText(en=short)),
        AccreditOrganization(name, date(2030, 12, 31)),
        AppointMember(f"{name}/appointments/verifier", f"staff/{short}-verifier", "verifier", since),
        AppointMember(f"{name}/appointments/coordinator", COORDINATOR, "coordinator", since),
    ]


def opportunity(name: str, organization: str, crediting: Crediting = "clock") -> PublishOpportunity:
    """An opportunity without conditions."""
    return PublishOpportunity(
        name, organization, OpportunityDetails(title=LocalizedText(en="Service"), crediting=crediting)
    )


def shift(name: str, start: str, end: str, time_zone: str = "Asia/Riyadh", places: int = 10) -> OpenShift:
    """A shift with times, given in UTC."""
    return OpenShift(name, at(start), at(end), time_zone, None, places, PLACE)


def volunteer(name: str) -> RegisterVolunteer:
    """A person of whom nothing is known."""
    return RegisterVolunteer(name, SealedDetails(), None, name.encode().hex()[:32].ljust(32, "0"))


def programme(crediting: Crediting = "clock") -> Scenario:
    """Ana and Ben are registered for the garden's morning (05:00 to 09:00 UTC) and Ana for the clinic's noon."""
    return Scenario().given(
        *organization(GREEN),
        *organization(CARE),
        opportunity(GARDEN, GREEN, crediting),
        opportunity(CLINIC, CARE),
        shift(MORNING, "2026-11-20 05:00", "2026-11-20 09:00"),
        shift(NOON, "2026-11-20 08:00", "2026-11-20 12:00"),
        volunteer(ANA),
        volunteer(BEN),
        RegisterForShift(MORNING, ANA),
        RegisterForShift(MORNING, BEN),
        RegisterForShift(NOON, ANA),
    )


def served(name: str, shift: str, start: str, end: str) -> RecordAttendance:
    """The organisation's record that the person of attendance `name` was there."""
    return RecordAttendance(name, shift, name.split("/attendances/")[0], at(start), at(end))
