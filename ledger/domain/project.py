"""A project that donors and volunteers support together: opened with goals, described anew, linked, closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from ledger.domain import currencies, opportunity, organization
from ledger.domain.event import NewEvent, RecordedEvent
from ledger.domain.project_events import (
    OPPORTUNITIES_MAX,
    ProjectClosed,
    ProjectOpened,
    ProjectPlan,
    ProjectUpdated,
)
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import Reads, World

CHANGEABLE_FIELDS: Final = (
    "title",
    "description",
    "goal_seconds",
    "goal_minor_units",
    "currency",
    "start_date",
    "end_date",
)
"""By UpdateProject; opportunities are linked one by one."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its events leave it."""

    name: str
    organization: str
    plan: ProjectPlan
    state: Literal["open", "closed"] = "open"


def evolve(state: object | None, recorded: RecordedEvent) -> Project:
    """The project after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, ProjectOpened() as opened if opened.project == recorded.stream:
            return Project(opened.project, opened.organization, opened.plan)
        case Project(), ProjectUpdated(plan=plan):
            return replace(state, plan=plan)
        case Project(state="open"), ProjectClosed():
            return replace(state, state="closed")
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def existing(world: World, name: str) -> Project:
    """The project called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Project):
        raise InvariantBroken(f"{name} is no project: {type(state).__name__}")
    return state


def open_one(world: World, name: str) -> Project:
    """The project called `name`, which must be open. Refuses NOT_FOUND, PROJECT_CLOSED."""
    known = existing(world, name)
    if known.state == "closed":
        refuse(Reason.PROJECT_CLOSED, project=name)
    return known


def _refuse_unsound(plan: ProjectPlan) -> None:
    """Refuses PROJECT_WITHOUT_GOAL, GOAL_WITHOUT_CURRENCY, CURRENCY_UNKNOWN, DATES_REVERSED."""
    if plan.goal_seconds is None and plan.goal_minor_units is None:
        refuse(Reason.PROJECT_WITHOUT_GOAL)
    if (plan.goal_minor_units is None) != (plan.currency is None):
        refuse(Reason.GOAL_WITHOUT_CURRENCY)
    if plan.currency is not None:
        currencies.refuse_unknown(plan.currency)
    if plan.start_date and plan.end_date and plan.end_date < plan.start_date:
        refuse(Reason.DATES_REVERSED, start_date=plan.start_date, end_date=plan.end_date)


@dataclass(frozen=True, slots=True)
class _OnProject:
    """What commands about one project read."""

    project: str

    @property
    def stream(self) -> str:
        return self.project

    def reads(self) -> Reads:
        return Reads(streams=(self.project,))


@dataclass(frozen=True, slots=True)
class OpenProject(_OnProject):
    """Declare goals.

    Refuses ALREADY_EXISTS, NOT_FOUND, ORGANIZATION_SUSPENDED, ORGANIZATION_NOT_ACCREDITED, PROJECT_WITHOUT_GOAL,
    GOAL_WITHOUT_CURRENCY, CURRENCY_UNKNOWN, DATES_REVERSED.
    """

    organization: str
    plan: ProjectPlan

    def reads(self) -> Reads:
        return Reads(streams=(self.project, self.organization))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.project) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.project)
        opening = organization.existing(world, self.organization).state
        if opening == "suspended":
            refuse(Reason.ORGANIZATION_SUSPENDED, organization=self.organization)
        if opening != "accredited":
            refuse(Reason.ORGANIZATION_NOT_ACCREDITED, organization=self.organization)
        _refuse_unsound(self.plan)
        opened = ProjectOpened(project=self.project, organization=self.organization, plan=self.plan)
        return [NewEvent(self.project, opened)]


@dataclass(frozen=True, slots=True)
class UpdateProject(_OnProject):
    """Replace what is named in `paths`; a closed one can still be described better.

    Refuses NOT_FOUND, UPDATE_MASK_INVALID, NOTHING_CHANGES, and what an unsound plan is refused for.
    """

    plan: ProjectPlan
    """Only what is named in `paths` is read."""
    paths: tuple[str, ...]

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.project)
        for path in self.paths:
            if path not in CHANGEABLE_FIELDS:
                refuse(Reason.UPDATE_MASK_INVALID, path=path, allowed=", ".join(CHANGEABLE_FIELDS))
        changes = {path: getattr(self.plan, path) for path in self.paths}
        changed = tuple(path for path, value in changes.items() if getattr(known.plan, path) != value)
        if not changed:
            refuse(Reason.NOTHING_CHANGES, name=self.project)
        plan = known.plan.model_copy(update=changes)
        _refuse_unsound(plan)
        return [NewEvent(self.project, _updated(known, plan, changed))]


@dataclass(frozen=True, slots=True)
class LinkOpportunity(_OnProject):
    """Let an opportunity's hours count. Refuses NOT_FOUND, PROJECT_CLOSED, NOTHING_CHANGES, OPPORTUNITIES_TOO_MANY."""

    opportunity: str

    def reads(self) -> Reads:
        return Reads(streams=(self.project, self.opportunity))

    def decide(self, world: World) -> list[NewEvent]:
        known = open_one(world, self.project)
        opportunity.existing(world, self.opportunity)
        linked = known.plan.opportunities
        if self.opportunity in linked:
            refuse(Reason.NOTHING_CHANGES, name=self.project)
        if len(linked) >= OPPORTUNITIES_MAX:
            refuse(Reason.OPPORTUNITIES_TOO_MANY, opportunities_max=OPPORTUNITIES_MAX)
        return [NewEvent(self.project, _with_opportunities(known, (*linked, self.opportunity)))]


@dataclass(frozen=True, slots=True)
class UnlinkOpportunity(_OnProject):
    """Let an opportunity's hours count no more, also once it is closed. Refuses NOT_FOUND, NOTHING_CHANGES."""

    opportunity: str

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.project)
        left = tuple(name for name in known.plan.opportunities if name != self.opportunity)
        if left == known.plan.opportunities:
            refuse(Reason.NOTHING_CHANGES, name=self.project)
        return [NewEvent(self.project, _with_opportunities(known, left))]


@dataclass(frozen=True, slots=True)
class CloseProject(_OnProject):
    """Take no new donations and opportunities. Refuses NOT_FOUND, NOTHING_CHANGES."""

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.project)
        if known.state == "closed":
            refuse(Reason.NOTHING_CHANGES, name=self.project)
        return [NewEvent(self.project, ProjectClosed(project=self.project, organization=known.organization))]


def _with_opportunities(known: Project, opportunities: tuple[str, ...]) -> ProjectUpdated:
    plan = known.plan.model_copy(update={"opportunities": tuple(sorted(opportunities))})
    return _updated(known, plan, ("opportunities",))


def _updated(known: Project, plan: ProjectPlan, changed: tuple[str, ...]) -> ProjectUpdated:
    return ProjectUpdated(project=known.name, organization=known.organization, plan=plan, changed=changed)
