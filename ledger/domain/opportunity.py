"""An opportunity to serve: what an organisation offers, whom it asks for, and how presence there becomes seconds.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from ledger.domain import course, initiative, organization
from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import ImportedFrom, LocalizedText
from ledger.domain.world import Reads, World

Level: TypeAlias = Literal["general", "skilled", "professional"]
PartnerType: TypeAlias = Literal["government", "non_profit", "private"]
Crediting: TypeAlias = Literal["clock", "schedule"]
"""Clock: from check-in to check-out. Schedule: the shift's times, whoever came."""


class OpportunityDetails(Value):
    """All that can be said of an opportunity, and said anew."""

    title: LocalizedText
    description: LocalizedText | None = None
    sector: str | None = None
    """A code of the authority's sector list."""
    event_type: str | None = None
    """The publisher's own grouping."""
    skills: tuple[str, ...] = ()
    minimum_age_years: Annotated[int, Field(ge=0, le=120)] = 0
    level: Level | None = None
    partner_type: PartnerType | None = None
    compulsory_service: bool = False
    """Service somebody is obliged to give."""
    crediting: Crediting = "clock"
    required_courses: tuple[str, ...] | None = None
    """courses/{c} that whoever serves must have completed; absent: none. Never empty."""


CHANGEABLE_FIELDS: Final = tuple(OpportunityDetails.model_fields)


@stored_name("opportunity-published")
class OpportunityPublished(Event):
    """An organisation offers it; shifts can be opened."""

    opportunity: str
    organization: str
    details: OpportunityDetails
    imported_from: ImportedFrom | None = None


@stored_name("opportunity-updated")
class OpportunityUpdated(Event):
    """Its details from now on, whole; what was decided before stays as it was decided."""

    opportunity: str
    organization: str
    details: OpportunityDetails
    changed: tuple[str, ...]
    """Names of the details that are new."""
    imported_from: ImportedFrom | None = None


@stored_name("opportunity-closed")
class OpportunityClosed(Event):
    """It takes no more shifts, registrations or check-ins; what was served stays."""

    opportunity: str
    organization: str


@stored_name("registration-rules-set")
class RegistrationRulesSet(Event):
    """How people come in from now on; who is registered, has asked or waits already stays so."""

    opportunity: str
    organization: str
    approval_required: bool
    """A member of the organisation decides about each registration."""
    waiting_places: Annotated[int, Field(ge=0)]
    """How many may wait for each shift; 0: nobody."""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """An opportunity as its events leave it."""

    name: str
    organization: str
    details: OpportunityDetails
    state: Literal["published", "closed"]
    title: LocalizedText
    description: LocalizedText | None
    sector: str | None
    event_type: str | None
    skills: tuple[str, ...]
    minimum_age_years: int
    level: Level | None
    partner_type: PartnerType | None
    compulsory_service: bool
    crediting: Crediting
    approval_required: bool = False
    waiting_places: int = 0

    @property
    def required_courses(self) -> tuple[str, ...]:
        """courses/{c} that whoever serves must have completed."""
        return self.details.required_courses or ()


def evolve(state: object | None, recorded: RecordedEvent) -> Opportunity:
    """The opportunity after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, OpportunityPublished(organization=offering, details=details):
            return _described(recorded.stream, offering, details, "published")
        case Opportunity(), OpportunityUpdated(details=details):
            described = _described(state.name, state.organization, details, state.state)
            return _with_rules(described, state.approval_required, state.waiting_places)
        case Opportunity(), RegistrationRulesSet(approval_required=approval_required, waiting_places=waiting_places):
            return _with_rules(state, approval_required, waiting_places)
        case Opportunity(), OpportunityClosed():
            return replace(state, state="closed")
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _with_rules(offered: Opportunity, approval_required: bool, waiting_places: int) -> Opportunity:
    return replace(offered, approval_required=approval_required, waiting_places=waiting_places)


def _described(
    name: str, offering: str, details: OpportunityDetails, state: Literal["published", "closed"]
) -> Opportunity:
    return Opportunity(
        name=name,
        organization=offering,
        details=details,
        state=state,
        title=details.title,
        description=details.description,
        sector=details.sector,
        event_type=details.event_type,
        skills=details.skills,
        minimum_age_years=details.minimum_age_years,
        level=details.level,
        partner_type=details.partner_type,
        compulsory_service=details.compulsory_service,
        crediting=details.crediting,
    )


def existing(world: World, name: str) -> Opportunity:
    """The opportunity called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Opportunity):
        raise InvariantBroken(f"{name} is no opportunity: {type(state).__name__}")
    return state


def _refuse_unknown_courses(world: World, details: OpportunityDetails) -> None:
    for name in details.required_courses or ():
        course.existing(world, name)


@dataclass(frozen=True, slots=True)
class PublishOpportunity:
    """Offer an opportunity. Refuses ALREADY_EXISTS, NOT_FOUND (who offers it; a course), ORGANIZATION_SUSPENDED."""

    opportunity: str
    organization: str
    details: OpportunityDetails
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.opportunity

    def reads(self) -> Reads:
        return Reads(streams=(self.opportunity, self.organization, *(self.details.required_courses or ())))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.opportunity) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.opportunity)
        if initiative.is_initiative(self.organization):
            initiative.existing(world, self.organization)
        elif organization.existing(world, self.organization).state == "suspended":
            refuse(Reason.ORGANIZATION_SUSPENDED, organization=self.organization)
        _refuse_unknown_courses(world, self.details)
        published = OpportunityPublished(
            opportunity=self.opportunity,
            organization=self.organization,
            details=self.details,
            imported_from=self.imported_from,
        )
        return [NewEvent(self.opportunity, published, source_time=self.source_time)]


@dataclass(frozen=True, slots=True)
class UpdateOpportunity:
    """Replace the details named in `paths`. Refuses NOT_FOUND, UPDATE_MASK_INVALID, NOTHING_CHANGES.

    A closed one can still be described better; the organisation that offers it cannot change.
    """

    opportunity: str
    details: OpportunityDetails
    """Only the details named in `paths` are read."""
    paths: tuple[str, ...]
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.opportunity

    def reads(self) -> Reads:
        required = (self.details.required_courses or ()) if "required_courses" in self.paths else ()
        return Reads(streams=(self.opportunity, *required))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.opportunity)
        for path in self.paths:
            if path not in CHANGEABLE_FIELDS:
                refuse(Reason.UPDATE_MASK_INVALID, path=path, allowed=", ".join(CHANGEABLE_FIELDS))
        if "required_courses" in self.paths:
            _refuse_unknown_courses(world, self.details)
        changes = {path: getattr(self.details, path) for path in self.paths}
        changed = tuple(path for path, value in changes.items() if getattr(known.details, path) != value)
        if not changed:
            refuse(Reason.NOTHING_CHANGES, name=self.opportunity)
        updated = OpportunityUpdated(
            opportunity=self.opportunity,
            organization=known.organization,
            details=known.details.model_copy(update=changes),
            changed=changed,
            imported_from=self.imported_from,
        )
        return [NewEvent(self.opportunity, updated, source_time=self.source_time)]


@dataclass(frozen=True, slots=True)
class CloseOpportunity:
    """Take no more shifts, registrations and check-ins. Refuses NOT_FOUND, NOTHING_CHANGES."""

    opportunity: str

    @property
    def stream(self) -> str:
        return self.opportunity

    def reads(self) -> Reads:
        return Reads(streams=(self.opportunity,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.opportunity)
        if known.state == "closed":
            refuse(Reason.NOTHING_CHANGES, name=self.opportunity)
        closed = OpportunityClosed(opportunity=self.opportunity, organization=known.organization)
        return [NewEvent(self.opportunity, closed)]


@dataclass(frozen=True, slots=True)
class SetRegistrationRules:
    """Ask for approval or not, and let so many wait for each shift. Refuses NOT_FOUND, OPPORTUNITY_CLOSED,
    NOTHING_CHANGES.
    """

    opportunity: str
    approval_required: bool
    waiting_places: int

    @property
    def stream(self) -> str:
        return self.opportunity

    def reads(self) -> Reads:
        return Reads(streams=(self.opportunity,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.opportunity)
        if known.state == "closed":
            refuse(Reason.OPPORTUNITY_CLOSED, opportunity=known.name)
        if (known.approval_required, known.waiting_places) == (self.approval_required, self.waiting_places):
            refuse(Reason.NOTHING_CHANGES, name=known.name)
        rules = RegistrationRulesSet(
            opportunity=known.name,
            organization=known.organization,
            approval_required=self.approval_required,
            waiting_places=self.waiting_places,
        )
        return [NewEvent(known.name, rules)]
