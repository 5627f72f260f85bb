"""Accepting a charter, and a guardian's consent: given, and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.domain import volunteer
from ledger.domain.consent_events import CharterAccepted, GuardianConsentGiven, GuardianConsentWithdrawn
from ledger.domain.event import NewEvent
from ledger.domain.refusals import Reason, refuse
from ledger.domain.sealed import Sealed
from ledger.domain.streams import volunteer_of
from ledger.domain.world import Reads, World


@dataclass(frozen=True, slots=True)
class AcceptCharter:
    """Accept a version of a charter.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, NOTHING_CHANGES when it, or a newer one, was accepted.
    """

    volunteer: str
    charter: str
    charter_version: int

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        known = volunteer.known_person(world, self.volunteer)
        before = known.charters.get(self.charter)
        if before is not None and before.version >= self.charter_version:
            refuse(Reason.NOTHING_CHANGES, name=self.volunteer)
        accepted = CharterAccepted(volunteer=self.volunteer, charter=self.charter, charter_version=self.charter_version)
        return [NewEvent(self.volunteer, accepted)]


@dataclass(frozen=True, slots=True)
class RecordGuardianConsent:
    """Record that a guardian agreed. Refuses NOT_FOUND, VOLUNTEER_ERASED, ALREADY_EXISTS, CONSENT_IN_PAST."""

    consent: str
    """volunteers/{v}/consents/{c}"""
    guardian: Sealed | None
    """Sealed for `event_id`."""
    until_date: date | None
    event_id: str

    @property
    def stream(self) -> str:
        return volunteer_of(self.consent)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        known = volunteer.known_person(world, self.stream)
        if self.consent in known.consents:
            refuse(Reason.ALREADY_EXISTS, name=self.consent)
        if self.until_date is not None and self.until_date < world.now.date():
            refuse(Reason.CONSENT_IN_PAST, date=self.until_date)
        given = GuardianConsentGiven(
            volunteer=known.name, consent=self.consent, guardian=self.guardian, until_date=self.until_date
        )
        return [NewEvent(known.name, given, event_id=self.event_id)]


@dataclass(frozen=True, slots=True)
class WithdrawGuardianConsent:
    """The guardian agrees no more. Refuses NOT_FOUND, NOTHING_CHANGES when it was withdrawn already."""

    consent: str

    @property
    def stream(self) -> str:
        return volunteer_of(self.consent)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        known = volunteer.existing(world, self.stream)
        consent = known.consents.get(self.consent)
        if consent is None:
            refuse(Reason.NOT_FOUND, name=self.consent)
        if consent.withdrawn:
            refuse(Reason.NOTHING_CHANGES, name=self.consent)
        withdrawn = GuardianConsentWithdrawn(volunteer=known.name, consent=self.consent)
        return [NewEvent(known.name, withdrawn)]
