"""Who may serve under the policy: minors with a guardian's consent, everybody with a charter; learnt once and kept."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.approval import ApproveRegistration
from ledger.domain.attendance import CheckIn
from ledger.domain.consents import AcceptCharter, RecordGuardianConsent, WithdrawGuardianConsent
from ledger.domain.opportunity import SetRegistrationRules
from ledger.domain.policy import STANDARD_POLICY_STREAM, ApprovePolicy, HoursRules, ProposePolicy
from ledger.domain.registration import RegisterForShift, WithdrawRegistration
from ledger.domain.registration_events import EligibilityEstablished, registration_name
from ledger.domain.shift_changes import UpdateShift
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, BEN, GARDEN, GREEN, at, opportunity, organization, shift, volunteer

MORNING = f"{GARDEN}/shifts/morning"
CONSENT, OTHER = f"{ANA}/consents/c1", f"{ANA}/consents/c2"
DAY = date(2026, 11, 25)
"""In Riyadh the shift begins on this day."""
REGISTER, COME = RegisterForShift(MORNING, ANA), CheckIn(f"{ANA}/attendances/1", MORNING, ANA, None, "qr")
DURING = at("2026-11-24 22:00")
MINOR, ADULT = date(2008, 11, 26), date(2008, 11, 25)
ACCEPT = AcceptCharter(ANA, "charters/national", 2)


def shifts(birth_date: date | None) -> Scenario:
    """A shift of one place, tomorrow, and the birth date of Ana."""
    return Scenario(birth_dates={} if birth_date is None else {ANA: birth_date}).given(
        *organization(GREEN),
        opportunity(GARDEN, GREEN),
        shift(MORNING, "2026-11-24 21:00", "2026-11-24 23:00", places=1),
        volunteer(ANA),
        volunteer(BEN),
    )


def ask(scenario: Scenario, *, consent: bool = False, charter: bool = False, day: date = DAY) -> Scenario:
    """From that day of service on, the policy asks for a consent of minors, or for a charter of everybody."""
    rules = HoursRules(guardian_consent_required=consent, charter_required=charter)
    scenario.given(ProposePolicy(STANDARD_POLICY_STREAM, day, "a test", rules))
    return scenario.given(ApprovePolicy(f"{STANDARD_POLICY_STREAM}/versions/2"), actor="staff/authority")


def asking(birth_date: date | None = MINOR) -> Scenario:
    return ask(shifts(birth_date), consent=True)


def agreed(until: date | None = None, name: str = CONSENT) -> RecordGuardianConsent:
    return RecordGuardianConsent(name, None, until, "3" * 32)


def learnt(scenario: Scenario) -> EligibilityEstablished:
    data = scenario.events[-1].data
    assert isinstance(data, EligibilityEstablished)
    return data


def test_where_the_policy_asks_for_nothing_no_birth_date_is_opened():
    shifts(None).when(REGISTER).then_recorded("registration-accepted")
    later = ask(shifts(None), consent=True, charter=True, day=date(2026, 11, 26))
    later.when(REGISTER).then_recorded("registration-accepted")


def test_a_minor_needs_a_consent_that_covers_the_day_of_service():
    asking().when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING", volunteer=ANA, date="2026-11-25")
    asking().given(agreed(date(2026, 11, 24))).when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING")
    taken_back = asking().given(agreed(), WithdrawGuardianConsent(CONSENT))
    taken_back.when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING")
    scenario = asking().given(agreed(DAY)).when(REGISTER)
    scenario.then_recorded("registration-accepted", "eligibility-established")
    assert (learnt(scenario).adult_at_service, learnt(scenario).consent) == (False, CONSENT)
    assert learnt(scenario).service_date == DAY
    scenario.when(COME, now=DURING).then_recorded("volunteer-checked-in")


def test_who_is_18_on_the_day_of_service_needs_none():
    scenario = asking(ADULT).when(REGISTER).then_recorded("registration-accepted", "eligibility-established")
    assert (learnt(scenario).adult_at_service, learnt(scenario).consent) == (True, None)
    scenario.ledger.birth_dates.clear()  # erased: the fact stays, and nothing is opened again
    scenario.when(COME, now=DURING).then_recorded("volunteer-checked-in")


def test_without_a_birth_date_nobody_knows():
    asking(None).given(agreed()).when(REGISTER).then_refused("BIRTH_DATE_MISSING", volunteer=ANA)


def test_a_consent_withdrawn_in_between_refuses_the_check_in_until_another_is_learnt():
    scenario = asking().given(agreed(), REGISTER, WithdrawGuardianConsent(CONSENT))
    scenario.when(COME, now=DURING).then_refused("GUARDIAN_CONSENT_MISSING", volunteer=ANA)
    scenario.when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING")
    scenario.given(agreed(name=OTHER)).when(COME, now=DURING).then_refused("GUARDIAN_CONSENT_MISSING")
    scenario.when(REGISTER).then_recorded("eligibility-established", consent=OTHER)
    assert scenario.ledger.places[MORNING] == 1
    scenario.when(REGISTER).then_refused("ALREADY_REGISTERED")
    scenario.when(COME, now=DURING).then_recorded("volunteer-checked-in")


@pytest.mark.parametrize(("consent", "charter"), [(True, False), (False, True), (True, True)])
def test_who_registered_before_the_policy_asked_registers_again_and_keeps_the_place(consent, charter):
    scenario = ask(shifts(ADULT).given(REGISTER), consent=consent, charter=charter)
    scenario.when(COME, now=DURING).then_refused("ELIGIBILITY_NOT_ESTABLISHED", volunteer=ANA, shift=MORNING)
    scenario.given(ACCEPT).when(REGISTER).then_recorded("eligibility-established")
    assert (learnt(scenario).adult_at_service, learnt(scenario).charter_version) == (
        True if consent else None,
        2 if charter else None,
    )
    scenario.when(COME, now=DURING).then_recorded("volunteer-checked-in")


def test_everybody_accepts_the_charter():
    scenario = ask(shifts(None), charter=True)
    scenario.when(REGISTER).then_refused("CHARTER_NOT_ACCEPTED", volunteer=ANA)
    scenario.given(ACCEPT).when(REGISTER).then_recorded("registration-accepted", "eligibility-established")
    assert (learnt(scenario).charter, learnt(scenario).charter_version) == ("charters/national", 2)


@pytest.mark.parametrize(("days", "known"), [(-1, False), (1, True)])
def test_an_adult_on_a_later_day_may_be_none_on_an_earlier_one(days, known):
    scenario = ask(shifts(ADULT), consent=True, day=date(2026, 11, 1)).given(REGISTER)
    start, end = at(f"2026-11-{24 + days} 21:00"), at(f"2026-11-{24 + days} 23:00")
    scenario.given(UpdateShift(MORNING, None, start=start, end=end))
    if known:
        scenario.when(COME, now=start).then_recorded("volunteer-checked-in")
    else:
        scenario.when(COME, now=start).then_refused("ELIGIBILITY_NOT_ESTABLISHED")
        scenario.when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING", date="2026-11-24")


def test_who_asks_or_waits_is_judged_when_they_ask_and_not_again_when_they_get_a_place():
    scenario = ask(shifts(ADULT), consent=True)
    scenario.given(SetRegistrationRules(GARDEN, True, 1))
    scenario.when(REGISTER).then_recorded("registration-requested", "eligibility-established")
    scenario.ledger.birth_dates.clear()
    scenario.given(ApproveRegistration(registration_name(MORNING, ANA)))
    scenario.when(COME, now=DURING).then_recorded("volunteer-checked-in")


def test_what_was_learnt_ends_with_the_registration():
    scenario = asking().given(agreed(), REGISTER, WithdrawRegistration(registration_name(MORNING, ANA)))
    scenario.given(WithdrawGuardianConsent(CONSENT)).when(REGISTER).then_refused("GUARDIAN_CONSENT_MISSING")
