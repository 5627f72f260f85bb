"""Programmes of recognition: dated rules with levels, proposed by one person and put in force by another.

As with policies (`ledger/domain/policy.py`): a version never changes, and a proposal that nobody approved is replaced
by the next one. These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.values import LocalizedText
from ledger.domain.world import Reads, World

MONTHS_A_YEAR: Final = 12


class RecognitionLevel(Value):
    """Given by nomination, or reached by whoever meets all of its thresholds."""

    level: Annotated[str, Field(min_length=1)]
    display_name: LocalizedText
    verified_seconds_min: Annotated[int, Field(ge=1)] | None = None
    months_min: Annotated[int, Field(ge=1)] | None = None
    """Whole months from the first to the newest date with verified seconds."""
    skills_used_min: Annotated[int, Field(ge=1)] | None = None
    organizations_min: Annotated[int, Field(ge=1)] | None = None
    by_nomination: bool = False
    honoured: Literal["team"] | None = None
    """Absent: persons."""
    persons_min: Annotated[int, Field(ge=1)] | None = None
    """Of a team: different persons with verified seconds in it."""

    @property
    def has_threshold(self) -> bool:
        """Whether anything must be met."""
        thresholds = (
            self.verified_seconds_min,
            self.months_min,
            self.skills_used_min,
            self.organizations_min,
            self.persons_min,
        )
        return any(one is not None for one in thresholds)


@stored_name("recognition-proposed")
class RecognitionProposed(Event):
    """The next version of a programme; it gives nothing before another person approves it."""

    recognition: str
    """recognitions/{r}"""
    version: Annotated[int, Field(ge=1)]
    effective_date: date
    """In force for whose newest verified service is on this date or later."""
    rule_source: Annotated[str, Field(min_length=1)]
    display_name: LocalizedText
    levels: Annotated[tuple[RecognitionLevel, ...], Field(min_length=1)]


@stored_name("recognition-approved")
class RecognitionApproved(Event):
    """From this event on milestones and nominations rest on the version."""

    recognition: str
    version: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class Served:
    """What the verified hours of one person's life, or of one team, amount to."""

    counted_seconds: int = 0
    first_date: date | None = None
    """Of service with verified seconds; None: there is none."""
    newest_date: date | None = None
    skills_count: int = 0
    organizations_count: int = 0
    persons_count: int | None = None
    """Of a team: how many persons have verified seconds in it. None: it is a person's."""

    @property
    def months(self) -> int:
        """Whole months from the first to the newest date: from 31 January to 28 February it is none."""
        first, newest = self.first_date, self.newest_date
        if first is None or newest is None:
            return 0
        between = (newest.year - first.year) * MONTHS_A_YEAR + newest.month - first.month
        return between - (newest.day < first.day)


@dataclass(frozen=True, slots=True)
class RecognitionVersion:
    """One version: who proposed it, and who put it in force, None while nobody has."""

    name: str
    """recognitions/{r}/versions/{n}"""
    number: int
    effective_date: date
    rule_source: str
    display_name: LocalizedText
    levels: tuple[RecognitionLevel, ...]
    proposed_by: str
    approved_by: str | None

    def level(self, name: str) -> RecognitionLevel | None:
        """The level of this id."""
        return next((one for one in self.levels if one.level == name), None)


@dataclass(frozen=True, slots=True)
class Recognition:
    """A programme as its events leave it; the first version first."""

    name: str
    versions: tuple[RecognitionVersion, ...]

    @property
    def approved(self) -> RecognitionVersion | None:
        """The version approved last."""
        return next((one for one in reversed(self.versions) if one.approved_by is not None), None)


def version_name(recognition: str, number: int) -> str:
    """recognitions/{r}/versions/{n}"""
    return f"{recognition}/versions/{number}"


def recognition_of(version: str) -> str:
    """The programme of a version."""
    return version.partition("/versions/")[0]


def reaches(level: RecognitionLevel, served: Served) -> bool:
    """Whether who served so meets every threshold of a level; one given by nomination, or of others, is not reached."""
    if level.by_nomination or (level.honoured == "team") != (served.persons_count is not None):
        return False
    return (
        served.counted_seconds >= (level.verified_seconds_min or 0)
        and served.months >= (level.months_min or 0)
        and served.skills_count >= (level.skills_used_min or 0)
        and served.organizations_count >= (level.organizations_min or 0)
        and (served.persons_count or 0) >= (level.persons_min or 0)
        and served.counted_seconds > 0
    )


def faults(levels: tuple[RecognitionLevel, ...]) -> Iterator[str]:
    """What does not fit together in the levels of a version."""
    for name, count in Counter(one.level for one in levels).items():
        if count > 1:
            yield f"level {name} is there {count} times"
    for one in levels:
        if one.honoured == "team" and one.by_nomination:
            yield f"level {one.level} honours teams and is given by nomination"
        elif one.honoured == "team" and one.organizations_min is not None:
            yield f"level {one.level} honours teams and counts organisations"
        elif one.honoured is None and one.persons_min is not None:
            yield f"level {one.level} honours persons and counts them"
        elif one.by_nomination and one.has_threshold:
            yield f"level {one.level} is given by nomination and has a threshold"
        elif not one.by_nomination and not one.has_threshold:
            yield f"level {one.level} has no threshold"


def evolve(state: object | None, recorded: RecordedEvent) -> Recognition:
    """The programme after one more event. Raises InvariantBroken if a version is left out, repeated or out of turn."""
    known = state if isinstance(state, Recognition) else None
    versions = () if known is None else known.versions
    match recorded.data:
        case RecognitionProposed() as proposed if proposed.recognition == recorded.stream:
            if proposed.version == len(versions) + 1:
                return Recognition(recorded.stream, (*versions, _version(proposed, recorded.actor)))
        case RecognitionApproved() as approved if versions and approved.recognition == recorded.stream:
            latest = versions[-1]
            if approved.version == latest.number and latest.approved_by is None:
                return Recognition(recorded.stream, (*versions[:-1], replace(latest, approved_by=recorded.actor)))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _version(proposed: RecognitionProposed, actor: str) -> RecognitionVersion:
    return RecognitionVersion(
        name=version_name(proposed.recognition, proposed.version),
        number=proposed.version,
        effective_date=proposed.effective_date,
        rule_source=proposed.rule_source,
        display_name=proposed.display_name,
        levels=proposed.levels,
        proposed_by=actor,
        approved_by=None,
    )


def existing(world: World, name: str) -> Recognition:
    """The programme called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Recognition):
        raise InvariantBroken(f"{name} is no programme of recognition: {type(state).__name__}")
    return state


@dataclass(frozen=True, slots=True)
class ProposeRecognition:
    """Propose the next version of a programme, the first one of a new programme too. Refuses POLICY_RULES_INVALID."""

    recognition: str
    effective_date: date
    rule_source: str
    display_name: LocalizedText
    levels: tuple[RecognitionLevel, ...]

    @property
    def stream(self) -> str:
        return self.recognition

    def reads(self) -> Reads:
        return Reads(streams=(self.recognition,))

    def decide(self, world: World) -> list[NewEvent]:
        violations = list(faults(self.levels))
        if violations:
            refuse(Reason.POLICY_RULES_INVALID, violations="; ".join(violations))
        state = world.state(self.recognition)
        proposed = RecognitionProposed(
            recognition=self.recognition,
            version=1 + (0 if state is None else len(existing(world, self.recognition).versions)),
            effective_date=self.effective_date,
            rule_source=self.rule_source,
            display_name=self.display_name,
            levels=self.levels,
        )
        return [NewEvent(self.recognition, proposed)]


@dataclass(frozen=True, slots=True)
class ApproveRecognition:
    """Put a proposed version in force.

    Refuses NOT_FOUND, NOTHING_CHANGES, POLICY_VERSION_REPLACED, POLICY_SAME_PERSON.
    """

    version: str

    @property
    def stream(self) -> str:
        return recognition_of(self.version)

    def reads(self) -> Reads:
        return Reads(streams=(self.stream,))

    def decide(self, world: World) -> list[NewEvent]:
        versions = existing(world, self.stream).versions
        version, latest = next((one for one in versions if one.name == self.version), None), versions[-1]
        if version is None:
            refuse(Reason.NOT_FOUND, name=self.version)
        if version.approved_by is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.version)
        if version != latest:
            refuse(Reason.POLICY_VERSION_REPLACED, name=self.version, latest=latest.name)
        if world.actor == version.proposed_by:
            refuse(Reason.POLICY_SAME_PERSON, name=self.version, actor=world.actor)
        return [NewEvent(self.stream, RecognitionApproved(recognition=self.stream, version=version.number))]
