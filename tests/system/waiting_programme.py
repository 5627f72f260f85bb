"""The part of the whole programme in which people ask, wait, move up and do not come. All persons are synthetic."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ledger.batch import CommandResult
from ledger.domain.approval import ApproveRegistration, DeclineRegistration, RecordAbsence
from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.event import NewEvent
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity, SetRegistrationRules
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.registration_events import EligibilityEstablished, registration_name
from ledger.domain.shift import OpenShift, Place
from ledger.domain.shift_changes import CancelShift, UpdateShift
from ledger.domain.streams import shift_of
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command, Reads, World

ORCHARD = "opportunities/orchard"
SOON, SINGLE, RAINY, LATELY = (f"{ORCHARD}/shifts/{name}" for name in ("soon", "single", "rainy", "lately"))
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
HOURS = timedelta(hours=4)


@dataclass(frozen=True)
class Learn:
    """Facts about who is registered, without a policy that asks for them."""

    stream: str
    volunteer: str

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,), shifts=(shift_of(self.stream),))

    def decide(self, world: World) -> list[NewEvent]:
        learnt = EligibilityEstablished(
            registration=self.stream,
            shift=shift_of(self.stream),
            opportunity=ORCHARD,
            volunteer=self.volunteer,
            service_date=world.now.date(),
            adult_at_service=True,
            charter="charters/national",
            charter_version=2,
        )
        return [NewEvent(self.stream, learnt)]


class Doing(Protocol):
    """What sends commands."""

    async def do(self, *commands: Command, actor: str = ...) -> CommandResult: ...


def shift(name: str, days: int, places: int) -> OpenShift:
    """A shift so many days from today, of four hours."""
    start = TODAY + timedelta(days=days, hours=6)
    return OpenShift(name, start, start + HOURS, "Asia/Riyadh", None, places, Place(region="SA-01"))


async def waiting(programme: Doing, organization: str, member: str, persons: tuple[str, ...]) -> None:
    """Everything that can happen to a registration before somebody comes."""
    one, two, three, four, *_ = persons
    details = OpportunityDetails(title=LocalizedText(en="Orchard"))
    consent = f"{four}/consents/first"
    await programme.do(
        PublishOpportunity(ORCHARD, organization, details),
        SetRegistrationRules(ORCHARD, False, 3),
        shift(SOON, 5, 1),
        shift(SINGLE, 6, 1),
        shift(RAINY, 7, 9),
        shift(LATELY, -3, 9),
        *(RegisterForShift(SOON, person) for person in (one, two, three, four)),
        WithdrawRegistration(registration_name(SOON, three)),
        UpdateShift(SOON, 2, start=TODAY + timedelta(days=8), end=TODAY + timedelta(days=8, hours=2)),
        WithdrawRegistration(registration_name(SOON, one)),
        RegisterForShift(SOON, one),
        *(RegisterForShift(SINGLE, person) for person in (one, two, three)),
        RegisterForShift(LATELY, four),
        CancelShift(RAINY, "WEATHER"),
        AcceptCharter(one, "charters/national", 1),
        AcceptCharter(one, "charters/national", 2),
        RecordGuardianConsent(consent, None, TODAY.date() + timedelta(days=90), secrets.token_hex(16)),
        WithdrawGuardianConsent(consent),
        Learn(registration_name(SINGLE, one), one),
        SetRegistrationRules(ORCHARD, True, 3),
    )
    await programme.do(RecordAbsence(registration_name(LATELY, four)), actor=member)
    await programme.do(RegisterForShift(LATELY, one), RegisterForShift(LATELY, two))
    await programme.do(
        ApproveRegistration(registration_name(LATELY, one)),
        DeclineRegistration(registration_name(LATELY, two), "SKILLS_MISSING"),
        actor=member,
    )
