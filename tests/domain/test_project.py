"""A project: opened with sound goals by who may, described anew, linked to opportunities, closed for what is new."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.domain.organization import RegisterOrganization, SuspendOrganization
from ledger.domain.project import CloseProject, LinkOpportunity, OpenProject, UnlinkOpportunity, UpdateProject
from ledger.domain.project_events import (
    OPPORTUNITIES_MAX,
    ProjectClosed,
    ProjectOpened,
    ProjectPlan,
    ProjectUpdated,
)
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import LocalizedText
from tests.domain.given_when_then import Scenario
from tests.domain.programme import GARDEN, GREEN, opportunity, organization

WELL = "projects/well"
TITLE = LocalizedText(en="A well")
PLAN = ProjectPlan(title=TITLE, goal_seconds=36_000, goal_minor_units=100_000, currency="SAR")
OPEN = OpenProject(WELL, GREEN, PLAN)


def programme() -> Scenario:
    return Scenario().given(*organization(GREEN), opportunity(GARDEN, GREEN))


def test_it_is_opened_once_by_an_accredited_organization():
    scenario = programme().when(OPEN).then_recorded(ProjectOpened, plan=PLAN, organization=GREEN)
    scenario.when(OPEN).then_refused("ALREADY_EXISTS", name=WELL)
    Scenario().when(OPEN).then_refused("NOT_FOUND", name=GREEN)
    registered = Scenario().given(RegisterOrganization(GREEN, TITLE))
    registered.when(OPEN).then_refused("ORGANIZATION_NOT_ACCREDITED", organization=GREEN)
    suspended = programme().given(SuspendOrganization(GREEN, "INSPECTION"))
    suspended.when(OPEN).then_refused("ORGANIZATION_SUSPENDED", organization=GREEN)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (ProjectPlan(title=TITLE), "PROJECT_WITHOUT_GOAL"),
        (ProjectPlan(title=TITLE, goal_minor_units=1), "GOAL_WITHOUT_CURRENCY"),
        (ProjectPlan(title=TITLE, goal_seconds=1, currency="SAR"), "GOAL_WITHOUT_CURRENCY"),
        (ProjectPlan(title=TITLE, goal_minor_units=1, currency="XTS"), "CURRENCY_UNKNOWN"),
        (
            ProjectPlan(title=TITLE, goal_seconds=1, start_date=date(2026, 2, 2), end_date=date(2026, 2, 1)),
            "DATES_REVERSED",
        ),
    ],
)
def test_an_unsound_plan_is_refused(plan: ProjectPlan, reason: str):
    programme().when(OpenProject(WELL, GREEN, plan)).then_refused(reason)


def test_what_is_named_is_described_anew_and_stays_sound():
    other = ProjectPlan(title=LocalizedText(ar="بئر"), goal_seconds=7)
    scenario = programme().given(OPEN).when(UpdateProject(WELL, other, ("title", "goal_seconds")))
    scenario.then_recorded(ProjectUpdated, changed=("title", "goal_seconds"))
    told = scenario.events[0].data
    assert isinstance(told, ProjectUpdated)
    assert told.plan == PLAN.model_copy(update={"title": other.title, "goal_seconds": 7})
    scenario.when(UpdateProject(WELL, other, ("title",))).then_refused("NOTHING_CHANGES")
    scenario.when(UpdateProject(WELL, other, ("opportunities",))).then_refused("UPDATE_MASK_INVALID")
    scenario.when(UpdateProject(WELL, other, ("currency",))).then_refused("GOAL_WITHOUT_CURRENCY")
    absent = ProjectPlan(title=TITLE)
    both = UpdateProject(WELL, absent, ("goal_seconds", "goal_minor_units", "currency"))
    scenario.when(both).then_refused("PROJECT_WITHOUT_GOAL")
    Scenario().when(UpdateProject(WELL, other, ("title",))).then_refused("NOT_FOUND", name=WELL)


def test_opportunities_are_linked_in_order_and_unlinked():
    second = "opportunities/another"
    scenario = programme().given(opportunity(second, GREEN), OPEN, LinkOpportunity(WELL, GARDEN))
    scenario.when(LinkOpportunity(WELL, GARDEN)).then_refused("NOTHING_CHANGES")
    scenario.when(LinkOpportunity(WELL, "opportunities/absent")).then_refused("NOT_FOUND")
    scenario.when(LinkOpportunity(WELL, second)).then_recorded(ProjectUpdated, changed=("opportunities",))
    told = scenario.events[0].data
    assert isinstance(told, ProjectUpdated)
    assert told.plan.opportunities == (second, GARDEN)
    scenario.when(UnlinkOpportunity(WELL, second)).then_recorded(ProjectUpdated)
    scenario.when(UnlinkOpportunity(WELL, second)).then_refused("NOTHING_CHANGES")


def test_so_many_opportunities_and_no_more():
    names = [f"opportunities/{number}" for number in range(OPPORTUNITIES_MAX + 1)]
    scenario = programme().given(OPEN, *(opportunity(name, GREEN) for name in names))
    scenario.given(*(LinkOpportunity(WELL, name) for name in names[:-1]))
    scenario.when(LinkOpportunity(WELL, names[-1])).then_refused("OPPORTUNITIES_TOO_MANY")
    scenario.given(UnlinkOpportunity(WELL, names[0])).when(LinkOpportunity(WELL, names[-1]))
    scenario.then_recorded(ProjectUpdated)


def test_a_closed_one_takes_no_opportunity_and_can_still_be_mended():
    scenario = programme().given(OPEN, LinkOpportunity(WELL, GARDEN)).when(CloseProject(WELL))
    scenario.then_recorded(ProjectClosed)
    scenario.when(CloseProject(WELL)).then_refused("NOTHING_CHANGES")
    scenario.when(LinkOpportunity(WELL, GARDEN)).then_refused("PROJECT_CLOSED")
    scenario.when(UnlinkOpportunity(WELL, GARDEN)).then_recorded(ProjectUpdated)


def test_what_cannot_follow_stops_the_reader():
    closed = (WELL, ProjectClosed(project=WELL, organization=GREEN))
    with pytest.raises(InvariantBroken):
        programme().given(closed)
    with pytest.raises(InvariantBroken):
        programme().given(OPEN, closed, closed)
