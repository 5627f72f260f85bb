"""The part of the whole programme in which people ask, wait, move up and do not come. All persons are synthetic."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from ledger.batch import CommandResult
from ledger.domain.approval import ApproveRegistration, DeclineRegistration, RecordAbsence
from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity, SetRegistrationRules
from ledger.domain.policy import STANDARD_POLICY_STREAM, ApprovePolicy, HoursRules, Policy, ProposePolicy
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.registration_events import registration_name
from ledger.domain.shift import OpenShift, Place
from ledger.domain.shift_changes import CancelShift, UpdateShift
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command

ORCHARD = "opportunities/orchard"
SOON, SINGLE, RAINY, LATELY, FAR = (f"{ORCHARD}/shifts/{name}" for name in ("soon", "single", "rainy", "lately", "far"))
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
HOURS = timedelta(hours=4)


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
        SetRegistrationRules(ORCHARD, True, 3),
    )
    await _asked_by_a_policy(programme, one)
    await programme.do(RecordAbsence(registration_name(LATELY, four)), actor=member)
    await programme.do(RegisterForShift(LATELY, one), RegisterForShift(LATELY, two))
    await programme.do(
        ApproveRegistration(registration_name(LATELY, one)),
        DeclineRegistration(registration_name(LATELY, two), "SKILLS_MISSING"),
        actor=member,
    )


async def _asked_by_a_policy(programme: Doing, accepted_a_charter: str) -> None:
    """A policy of dates that are far away asks for what is learnt of who registers for them."""
    rules = HoursRules(charter_required=True)
    proposed = await programme.do(ProposePolicy(STANDARD_POLICY_STREAM, date(2080, 1, 1), "synthetic", rules))
    assert isinstance(proposed.state, Policy)
    await programme.do(ApprovePolicy(proposed.state.versions[-1].name), actor="staff/approver")
    start = datetime(2080, 5, 1, 6, tzinfo=UTC)
    await programme.do(
        OpenShift(FAR, start, start + HOURS, "Asia/Riyadh", None, 1, Place(online=True)),
        RegisterForShift(FAR, accepted_a_charter),
    )
