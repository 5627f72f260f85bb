"""Organisations: accredited, suspended, reinstated; and who may act for them, from when until when."""

from datetime import date, timedelta

from ledger.domain.appointing import AppointMember, EndAppointment
from ledger.domain.organization import (
    AccreditOrganization,
    AppointmentEnded,
    MemberAppointed,
    Organization,
    OrganizationAccredited,
    OrganizationRegistered,
    OrganizationReinstated,
    OrganizationSuspended,
    RegisterOrganization,
    ReinstateOrganization,
    SuspendOrganization,
    verifier_appointment,
)
from ledger.domain.values import LocalizedText
from tests.domain.given_when_then import NOW, Scenario

GREEN = "organizations/green"
AMAL = f"{GREEN}/appointments/amal"
REGISTER = RegisterOrganization(GREEN, LocalizedText(ar="خضراء", en="Green"))
ACCREDIT = AccreditOrganization(GREEN, date(2027, 12, 31))
SUSPEND = SuspendOrganization(GREEN, "LICENCE_LAPSED")


def state_of(scenario: Scenario) -> Organization:
    state = scenario.state(GREEN)
    assert isinstance(state, Organization)
    return state


def test_an_organisation_is_registered_once():
    scenario = Scenario().when(REGISTER).then_recorded(OrganizationRegistered)
    assert state_of(scenario).state == "registered"
    scenario.when(REGISTER).then_refused("ALREADY_EXISTS", name=GREEN)


def test_what_is_not_registered_is_not_found():
    for command in (ACCREDIT, SUSPEND, ReinstateOrganization(GREEN), EndAppointment(AMAL)):
        Scenario().when(command).then_refused("NOT_FOUND", name=GREEN)


def test_an_accreditation_ends_today_at_the_earliest():
    scenario = Scenario().given(REGISTER)
    yesterday, today = NOW.date() - timedelta(days=1), NOW.date()
    scenario.when(AccreditOrganization(GREEN, yesterday)).then_refused("ACCREDITATION_IN_PAST")
    scenario.when(AccreditOrganization(GREEN, today)).then_recorded(OrganizationAccredited, accredited_until=today)


def test_an_accreditation_is_renewed_with_another_end_only():
    scenario = Scenario().given(REGISTER, ACCREDIT)
    scenario.when(ACCREDIT).then_refused("NOTHING_CHANGES")
    scenario.when(AccreditOrganization(GREEN, None)).then_recorded(OrganizationAccredited, accredited_until=None)


def test_a_suspended_organisation_is_reinstated_before_it_is_accredited():
    scenario = Scenario().given(REGISTER, SUSPEND)
    scenario.when(SUSPEND).then_refused("NOTHING_CHANGES")
    scenario.when(ACCREDIT).then_refused("ORGANIZATION_SUSPENDED")
    scenario.given(ReinstateOrganization(GREEN)).when(ACCREDIT).then_recorded(OrganizationAccredited)


def test_after_a_suspension_holds_what_held_before():
    registered = Scenario().given(REGISTER, SUSPEND)
    registered.when(ReinstateOrganization(GREEN)).then_recorded(OrganizationReinstated, state="registered")
    accredited = Scenario().given(REGISTER, ACCREDIT).when(SUSPEND).then_recorded(OrganizationSuspended)
    accredited.when(ReinstateOrganization(GREEN)).then_recorded(OrganizationReinstated, state="accredited")
    assert state_of(accredited).accredited_until == date(2027, 12, 31)
    accredited.when(ReinstateOrganization(GREEN)).then_refused("ORGANIZATION_NOT_SUSPENDED")


def test_an_appointment_without_a_beginning_begins_now():
    scenario = Scenario().given(REGISTER).when(AppointMember(AMAL, "staff/amal", "verifier"))
    scenario.then_recorded(MemberAppointed, from_time=NOW, until_time=None)
    scenario.when(AppointMember(AMAL, "staff/other", "verifier")).then_refused("ALREADY_EXISTS", name=AMAL)


def test_an_appointment_ends_after_it_begins():
    command = AppointMember(AMAL, "staff/amal", "verifier", NOW, NOW)
    Scenario().given(REGISTER).when(command).then_refused("TIMES_REVERSED")


def test_an_appointment_ends_once():
    scenario = Scenario().given(REGISTER, AppointMember(AMAL, "staff/amal", "verifier"))
    scenario.when(EndAppointment(f"{GREEN}/appointments/ben")).then_refused("NOT_FOUND")
    scenario.when(EndAppointment(AMAL), now=NOW + timedelta(hours=1)).then_recorded(AppointmentEnded)
    scenario.when(EndAppointment(AMAL), now=NOW + timedelta(hours=2)).then_refused("APPOINTMENT_ENDED", name=AMAL)


def test_only_a_verifier_in_force_may_verify():
    until = NOW + timedelta(days=1)
    scenario = Scenario().given(
        REGISTER,
        AppointMember(AMAL, "staff/amal", "verifier", NOW, until),
        AppointMember(f"{GREEN}/appointments/basma", "staff/basma", "coordinator", NOW),
    )
    green = state_of(scenario)
    found = verifier_appointment(green, "staff/amal", NOW)
    assert found is not None
    assert found.name == AMAL
    assert verifier_appointment(green, "staff/amal", NOW - timedelta(seconds=1)) is None
    assert verifier_appointment(green, "staff/amal", until) is None
    assert verifier_appointment(green, "staff/basma", NOW) is None
    assert verifier_appointment(green, "staff/nobody", NOW) is None
