"""Opportunities: published by an organisation that may, described anew, closed."""

from datetime import UTC, datetime

import pytest

from ledger.domain.opportunity import (
    CloseOpportunity,
    Opportunity,
    OpportunityClosed,
    OpportunityDetails,
    OpportunityPublished,
    OpportunityUpdated,
    PublishOpportunity,
    UpdateOpportunity,
)
from ledger.domain.organization import RegisterOrganization, SuspendOrganization
from ledger.domain.values import ImportedFrom, LocalizedText
from tests.domain.given_when_then import Scenario

GREEN, GARDEN = "organizations/green", "opportunities/garden"
REGISTER = RegisterOrganization(GREEN, LocalizedText(en="Green"))
DETAILS = OpportunityDetails(title=LocalizedText(en="Garden"), event_type="Partner Events", skills=("digging",))
PUBLISH = PublishOpportunity(GARDEN, GREEN, DETAILS)


def state_of(scenario: Scenario) -> Opportunity:
    state = scenario.state(GARDEN)
    assert isinstance(state, Opportunity)
    return state


def test_an_opportunity_needs_an_organisation_that_is_not_suspended():
    Scenario().when(PUBLISH).then_refused("NOT_FOUND", name=GREEN)
    suspended = Scenario().given(REGISTER, SuspendOrganization(GREEN, "LICENCE_LAPSED"))
    suspended.when(PUBLISH).then_refused("ORGANIZATION_SUSPENDED", organization=GREEN)
    Scenario().given(REGISTER).when(PUBLISH).then_recorded(OpportunityPublished, details=DETAILS)


def test_an_opportunity_is_published_once():
    Scenario().given(REGISTER, PUBLISH).when(PUBLISH).then_refused("ALREADY_EXISTS", name=GARDEN)


def test_an_update_replaces_only_the_named_details():
    new = OpportunityDetails(title=LocalizedText(en="other"), event_type="Signature", sector="culture")
    scenario = Scenario().given(REGISTER, PUBLISH).when(UpdateOpportunity(GARDEN, new, ("event_type", "skills")))
    scenario.then_recorded(OpportunityUpdated, changed=("event_type", "skills"))
    opportunity = state_of(scenario)
    assert (opportunity.event_type, opportunity.skills) == ("Signature", ())
    assert (opportunity.title.en, opportunity.sector) == ("Garden", None)


def test_an_update_says_whole_what_holds_from_then_on():
    new = OpportunityDetails(title=LocalizedText(en="other"), sector="culture")
    scenario = Scenario().given(REGISTER, PUBLISH).when(UpdateOpportunity(GARDEN, new, ("sector",)))
    scenario.then_recorded(OpportunityUpdated, details=DETAILS.model_copy(update={"sector": "culture"}))


@pytest.mark.parametrize("paths", [(), ("event_type",), ("event_type", "title")])
def test_an_update_to_what_is_already_so_changes_nothing(paths):
    Scenario().given(REGISTER, PUBLISH).when(UpdateOpportunity(GARDEN, DETAILS, paths)).then_refused("NOTHING_CHANGES")


def test_an_update_names_details_only():
    scenario = Scenario().given(REGISTER, PUBLISH)
    for path in ("organization", "state", "name", "details", "no_such"):
        scenario.when(UpdateOpportunity(GARDEN, DETAILS, (path,))).then_refused("UPDATE_MASK_INVALID", path=path)


def test_an_opportunity_closes_once_and_can_still_be_described_better():
    scenario = Scenario().given(REGISTER, PUBLISH).when(CloseOpportunity(GARDEN)).then_recorded(OpportunityClosed)
    scenario.when(CloseOpportunity(GARDEN)).then_refused("NOTHING_CHANGES")
    new = OpportunityDetails(title=LocalizedText(en="Valley"))
    scenario.when(UpdateOpportunity(GARDEN, new, ("title",))).then_recorded(OpportunityUpdated)
    assert state_of(scenario).state == "closed"


def test_what_is_not_published_is_not_found():
    Scenario().when(CloseOpportunity(GARDEN)).then_refused("NOT_FOUND", name=GARDEN)
    Scenario().when(UpdateOpportunity(GARDEN, DETAILS, ("title",))).then_refused("NOT_FOUND", name=GARDEN)


def test_an_import_keeps_its_source_and_its_source_time():
    source, told = ImportedFrom(system="nvg", record_id="7"), datetime(2023, 6, 6, tzinfo=UTC)
    scenario = Scenario().given(REGISTER).when(PublishOpportunity(GARDEN, GREEN, DETAILS, source, told))
    scenario.then_recorded(OpportunityPublished, imported_from=source)
    assert scenario.events[0].source_time == told
