"""Policies: dated, versioned rule sets, proposed by one person and put in force by another, recorded as events.

These names and fields are the stored format: version them with care.

An event that decides seconds names the version that decided them. A later version acts by new events: what an earlier
one decided is never replayed differently.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from ledger.domain.event import Event, JsonObject, NewEvent, RecordedEvent, stored_name
from ledger.domain.policy_rules import (
    HoursRules,
    Kind,
    Level,
    Rate,
    Rates,
    RequirementRules,
    Rules,
    faults,
)
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.world import Reads, World

__all__ = ["HoursRules", "Kind", "Level", "Rate", "Rates", "RequirementRules", "Rules"]


def version_name(policy: str, number: int) -> str:
    """policies/{policy}/versions/{number}"""
    return f"{policy}/versions/{number}"


@stored_name("policy-enacted")
class PolicyEnacted(Event):
    """Version 1 of the standard policy, in force from the ledger's beginning for all dates."""

    policy: str
    """policies/{policy}"""
    version: Annotated[int, Field(ge=1)]
    day_seconds_max: Annotated[int, Field(gt=0)]
    """Of one person and calendar date of the place's zone, over all organisations."""
    attendance_seconds_max: Annotated[int, Field(gt=0)]
    """Of one person's attendance, and of each head of a group on average; what is longer is withheld whole."""
    overlap: Literal["withhold"]
    """Seconds of a person that another attendance counts already are withheld."""
    attendance_seconds_accepted_max: Annotated[int, Field(gt=0)]
    """Longer than this is no attendance at all, but a mistake: it is refused, under every version."""
    future_tolerance_seconds: Annotated[int, Field(ge=0)]
    """How far a caller's clock may run ahead of the ledger's, under every version."""

    @property
    def name(self) -> str:
        """policies/{policy}/versions/{version}: what events carry."""
        return version_name(self.policy, self.version)


@stored_name("policy-proposed")
class PolicyProposed(Event):
    """The next version of a policy; it decides nothing before another person approves it."""

    policy: str
    version: Annotated[int, Field(ge=1)]
    effective_date: date
    """The first date of service it is in force for."""
    rule_source: Annotated[str, Field(min_length=1)]
    """Where the rule comes from: a law, a decree, a circular."""
    rules: Annotated[HoursRules | RequirementRules | Rates, Field(discriminator="kind")]


@stored_name("policy-approved")
class PolicyApproved(Event):
    """From this event on the version is in force for dates of service from its effective date on."""

    policy: str
    version: Annotated[int, Field(ge=1)]


STANDARD_POLICY_STREAM: Final = "policies/standard"
"""The only policy that decides hours."""

STANDARD_POLICY_V1: Final = PolicyEnacted(
    policy=STANDARD_POLICY_STREAM,
    version=1,
    day_seconds_max=86_400,
    attendance_seconds_max=86_400,
    overlap="withhold",
    attendance_seconds_accepted_max=2_678_400,
    future_tolerance_seconds=300,
)
"""What the store records when a ledger is opened."""

STANDARD_POLICY_V1_NAME: Final = STANDARD_POLICY_V1.name
FIRST_DATE: Final = date.min
"""It is in force for all dates."""
FIRST_SOURCE: Final = "recorded when the ledger was opened"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version: who proposed it, and who put it in force, None while nobody has."""

    name: str
    number: int
    effective_date: date
    rule_source: str
    rules: Rules
    proposed_by: str
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as its events leave it."""

    name: str
    kind: Kind
    versions: tuple[PolicyVersion, ...]
    """The first one first; a proposal that was replaced before anybody approved it stays among them."""
    approved: tuple[PolicyVersion, ...]
    """The latest one first."""
    hours: tuple[tuple[date, str, HoursRules], ...]
    """(effective date, name, rules) of those approved that decide hours, the latest first: asked for each presence."""
    caps_years: bool
    """Whether any approved version caps what a person may have in a year."""

    def in_force(self, day: date) -> PolicyVersion | None:
        """The version in force for a date: the latest approved one whose effective date is not later."""
        return next((version for version in self.approved if version.effective_date <= day), None)


def evolve(state: object | None, recorded: RecordedEvent) -> Policy:
    """The policy after one more event. Raises InvariantBroken if a version is left out, repeated or out of turn."""
    known = state if isinstance(state, Policy) else None
    match recorded.data:
        case PolicyEnacted() as enacted if enacted.policy == recorded.stream:
            rules = HoursRules(
                day_seconds_max=enacted.day_seconds_max, attendance_seconds_max=enacted.attendance_seconds_max
            )
            first = PolicyVersion(
                enacted.name, enacted.version, FIRST_DATE, FIRST_SOURCE, rules, recorded.actor, recorded.actor
            )
            return _with(known, recorded.stream, first)
        case PolicyProposed() as proposed if proposed.policy == recorded.stream:
            name = version_name(proposed.policy, proposed.version)
            version = PolicyVersion(
                name,
                proposed.version,
                proposed.effective_date,
                proposed.rule_source,
                proposed.rules,
                recorded.actor,
                None,
            )
            return _with(known, recorded.stream, version)
        case PolicyApproved() as approved if known is not None and approved.policy == recorded.stream:
            latest = known.versions[-1]
            if approved.version == latest.number and latest.approved_by is None:
                return _of_versions(known.name, (*known.versions[:-1], replace(latest, approved_by=recorded.actor)))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _with(known: Policy | None, stream: str, version: PolicyVersion) -> Policy:
    versions = () if known is None else known.versions
    if version.number != len(versions) + 1:
        raise InvariantBroken(f"version {version.number} of {stream} cannot follow version {len(versions)}")
    if known is not None and known.kind != version.rules.kind:
        raise InvariantBroken(f"{version.name} is of kind {version.rules.kind}, {stream} of kind {known.kind}")
    return _of_versions(stream, (*versions, version))


def _of_versions(name: str, versions: tuple[PolicyVersion, ...]) -> Policy:
    approved = tuple(version for version in reversed(versions) if version.approved_by is not None)
    hours = tuple(
        (version.effective_date, version.name, version.rules)
        for version in approved
        if isinstance(version.rules, HoursRules)
    )
    caps_years = any(rules.year_seconds_max is not None for _, _, rules in hours)
    return Policy(name, versions[0].rules.kind, versions, approved, hours, caps_years)


def stored_rules(rules: Rules) -> JsonObject:
    """Rules as events have them: what is absent has no member."""
    return rules.model_dump(mode="json", exclude_none=True)


def existing(world: World, name: str) -> Policy:
    """The policy called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Policy):
        raise InvariantBroken(f"{name} is no policy: {type(state).__name__}")
    return state


def standard(world: World) -> Policy:
    """The policy that decides hours: it is there from the ledger's beginning. Raises NotLoaded."""
    state = world.state(STANDARD_POLICY_STREAM)
    if not isinstance(state, Policy):
        raise InvariantBroken(f"{STANDARD_POLICY_STREAM} was never recorded: {type(state).__name__}")
    return state


def hours_rules(world: World, service_date: date) -> tuple[str, HoursRules]:
    """The name and the rules of the version that decides hours served on a date, as it stands now. Raises NotLoaded."""
    for effective_date, name, rules in standard(world).hours:
        if effective_date <= service_date:
            return name, rules
    raise InvariantBroken(f"no version of {STANDARD_POLICY_STREAM} is in force on {service_date}")


def rules_of(world: World, version: str) -> HoursRules:
    """The rules of a version by which hours were decided before, in force or not. Raises NotLoaded."""
    for _, name, rules in standard(world).hours:
        if name == version:
            return rules
    raise InvariantBroken(f"{version} never decided hours")


@dataclass(frozen=True, slots=True)
class ProposePolicy:
    """Propose the next version of a policy, the first one of a new policy too; one nobody approved yet is replaced.

    Refuses POLICY_KIND_FIXED, POLICY_RULES_INVALID.
    """

    policy: str
    effective_date: date
    rule_source: str
    rules: Rules

    @property
    def stream(self) -> str:
        return self.policy

    def reads(self) -> Reads:
        return Reads(streams=(self.policy,))

    def decide(self, world: World) -> list[NewEvent]:
        known = None if world.state(self.policy) is None else existing(world, self.policy)
        if known is not None and known.kind != self.rules.kind:
            refuse(Reason.POLICY_KIND_FIXED, policy=self.policy, kind=known.kind)
        violations = faults(self.rules)
        if violations:
            refuse(Reason.POLICY_RULES_INVALID, violations="; ".join(violations))
        proposed = PolicyProposed(
            policy=self.policy,
            version=1 if known is None else len(known.versions) + 1,
            effective_date=self.effective_date,
            rule_source=self.rule_source,
            rules=self.rules,
        )
        return [NewEvent(self.policy, proposed)]


@dataclass(frozen=True, slots=True)
class ApprovePolicy:
    """Put a proposed version in force.

    Refuses NOT_FOUND, NOTHING_CHANGES, POLICY_VERSION_REPLACED, POLICY_SAME_PERSON.
    """

    version: str
    """policies/{policy}/versions/{number}"""

    @property
    def stream(self) -> str:
        return self.version.partition("/versions/")[0]

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.stream)
        version = next((one for one in known.versions if one.name == self.version), None)
        if version is None:
            refuse(Reason.NOT_FOUND, name=self.version)
        if version.approved_by is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.version)
        latest = known.versions[-1]
        if version != latest:
            refuse(Reason.POLICY_VERSION_REPLACED, name=self.version, latest=latest.name)
        if world.actor == version.proposed_by:
            refuse(Reason.POLICY_SAME_PERSON, name=self.version, actor=world.actor)
        return [NewEvent(self.stream, PolicyApproved(policy=self.stream, version=version.number))]
