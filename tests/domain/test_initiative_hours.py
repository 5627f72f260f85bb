"""Hours served at an initiative, which verifies nothing: an accredited organisation does, and answers for it."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.attendance_events import HoursAdjusted, HoursDeclined, HoursDisputed, HoursReversed, HoursVerified
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.opportunity import OpportunityDetails, OpportunityPublished
from ledger.domain.organization import SuspendOrganization
from ledger.domain.values import LocalizedText
from ledger.domain.verification import AdjustHours, DeclineHours, ReverseHours, VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import (
    ANA,
    CARE,
    CARE_VERIFIER,
    COORDINATOR,
    GREEN,
    GREEN_VERIFIER,
    at,
    programme,
    served,
    shift,
)

BEACH, CLEANING = "initiatives/beach", "opportunities/cleaning"
FIRST = f"{ANA}/attendances/1"
HOUR = 3600


def attended() -> Scenario:
    published = OpportunityPublished(
        opportunity=CLEANING, organization=BEACH, details=OpportunityDetails(title=LocalizedText(en="Service"))
    )
    return programme().given(
        RegisterInitiative(BEACH, LocalizedText(en="Beach"), ("staff/swimmer",)),
        (CLEANING, published),
        shift(f"{CLEANING}/shifts/morning", "2026-11-20 05:00", "2026-11-20 09:00"),
        served(FIRST, f"{CLEANING}/shifts/morning", "2026-11-20 05:00", "2026-11-20 09:00"),
    )


def verified() -> Scenario:
    return attended().given(VerifyHours(FIRST, organization=GREEN), actor=GREEN_VERIFIER)


@pytest.mark.parametrize("named", [None, BEACH])
def test_an_initiative_does_not_verify_its_own_hours(named: str | None):
    scenario = attended().when(VerifyHours(FIRST, organization=named), actor=GREEN_VERIFIER)
    scenario.then_refused("INITIATIVE_CANNOT_VERIFY", initiative=BEACH)


def test_an_accredited_organisation_that_is_named_verifies_or_declines():
    scenario = attended().when(VerifyHours(FIRST, organization=GREEN), actor=GREEN_VERIFIER)
    scenario.then_recorded(HoursVerified, organization=BEACH, appointment=f"{GREEN}/appointments/verifier")
    attended().when(DeclineHours(FIRST, "NOT_SEEN", CARE), actor=CARE_VERIFIER).then_recorded(HoursDeclined)


def test_the_verifier_is_one_of_the_organisation_that_is_named():
    attended().when(VerifyHours(FIRST, organization=GREEN), actor=CARE_VERIFIER).then_refused("NOT_A_VERIFIER")
    scenario = attended().given(SuspendOrganization(GREEN, "INQUIRY"))
    scenario.when(VerifyHours(FIRST, organization=GREEN), actor=GREEN_VERIFIER).then_refused("ORGANIZATION_SUSPENDED")
    attended().when(VerifyHours(FIRST, organization="organizations/none"), actor=GREEN_VERIFIER).then_refused(
        "NOT_FOUND"
    )


def test_what_one_organisation_verified_no_other_takes_back():
    for command in (ReverseHours(FIRST, "MISTAKEN", CARE), AdjustHours(FIRST, 1, "MISTAKEN", CARE)):
        verified().when(command, actor=CARE_VERIFIER).then_refused("WRONG_ORGANIZATION", organization=GREEN)
    verified().when(ReverseHours(FIRST, "MISTAKEN"), actor=GREEN_VERIFIER).then_recorded(HoursReversed)
    verified().when(AdjustHours(FIRST, 1, "MISTAKEN", GREEN), actor=GREEN_VERIFIER).then_recorded(HoursAdjusted)


def test_the_person_the_initiative_or_a_member_of_the_verifying_organisation_contests():
    contest = DisputeHours(FIRST, "NOT_THERE")
    for actor in (ANA, "staff/swimmer"):
        attended().when(contest, actor=actor).then_recorded(HoursDisputed, appointment=None)
    attended().when(DisputeHours(FIRST, "NOT_THERE", CARE), actor=COORDINATOR).then_refused("NOT_CONCERNED")
    scenario = verified().when(contest, actor=COORDINATOR)
    scenario.then_recorded(HoursDisputed, appointment=f"{GREEN}/appointments/coordinator")
    verified().when(contest, actor=CARE_VERIFIER).then_refused("NOT_CONCERNED", organization=GREEN)


def test_the_dispute_ends_at_the_verifying_organisation():
    scenario = verified().given(DisputeHours(FIRST, "NOT_THERE"), actor=ANA)
    scenario.given(AppointMember(f"{GREEN}/appointments/judge", "staff/judge", "verifier", at("2020-01-01 00:00")))
    scenario.when(ResolveDispute(FIRST, "REJECTED", "SEEN", organization=CARE), actor=CARE_VERIFIER)
    scenario.then_refused("WRONG_ORGANIZATION")
    scenario.given(ResolveDispute(FIRST, "REJECTED", "SEEN"), actor="staff/judge")
    assert scenario.seconds(FIRST) == {"verified": 4 * HOUR}
