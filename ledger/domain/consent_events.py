"""What a person, or a guardian for them, agreed to: everything else of it is sealed or not kept.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from ledger.domain.event import Event, stored_name
from ledger.domain.sealed import Sealed

GUARDIAN_PATH: Final = "guardian"
"""The path in the event that the guardian's seal is bound to."""


@stored_name("charter-accepted")
class CharterAccepted(Event):
    """The person accepted a version of a volunteering charter."""

    volunteer: str
    charter: str
    """charters/{c}"""
    charter_version: Annotated[int, Field(ge=1)]


@stored_name("guardian-consent-given")
class GuardianConsentGiven(Event):
    """A guardian agreed that this person, a minor, may serve."""

    volunteer: str
    consent: str
    """volunteers/{v}/consents/{c}"""
    guardian: Sealed | None = None
    """Who the guardian is, under the volunteer's own key."""
    until_date: date | None = None
    """The last day of service it covers; None: without end."""


@stored_name("guardian-consent-withdrawn")
class GuardianConsentWithdrawn(Event):
    """The guardian agrees no more; what was served meanwhile stays."""

    volunteer: str
    consent: str


@dataclass(frozen=True, slots=True)
class Consent:
    """A guardian's consent as the events leave it; who gave it stays sealed."""

    name: str
    until_date: date | None
    withdrawn: bool = False

    def in_force(self, day: date) -> bool:
        """Whether it covers service on `day`."""
        return not self.withdrawn and (self.until_date is None or day <= self.until_date)


@dataclass(frozen=True, slots=True)
class Charter:
    """The newest version of a charter that the person accepted."""

    name: str
    version: int
