"""A nomination for a level that is given by nomination: made in an organisation's name, decided by two others.

No event holds free text: what is said of a person in the clear stays for ever. These names and fields are the stored
format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from ledger.domain.event import Event, NewEvent, RecordedEvent, stored_name
from ledger.domain.recognition import existing as existing_recognition
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import volunteer_of
from ledger.domain.volunteer import known_person
from ledger.domain.world import Reads, World, need_states

State: TypeAlias = Literal["made", "seconded", "approved", "declined"]
DECIDERS: Final = 2
"""Who must approve."""


@stored_name("nomination-made")
class NominationMade(Event):
    """By the event's actor, in the name of an organisation."""

    nomination: str
    """The stream: volunteers/{v}/nominations/{n}"""
    volunteer: str
    """The nominee."""
    recognition_version: str
    """recognitions/{r}/versions/{n}"""
    level: str
    organization: str


@stored_name("nomination-decided")
class NominationDecided(Event):
    """By the event's actor: with the second approval the honour stands; who declines ends it."""

    nomination: str
    volunteer: str
    decision: Literal["approved", "declined"]
    reason: str | None = None
    """A code; of a declined one alone."""


@dataclass(frozen=True, slots=True)
class Nomination:
    """A nomination as its events leave it."""

    name: str
    volunteer: str
    recognition_version: str
    level: str
    organization: str
    nominated_by: str
    state: State = "made"
    decided_by: tuple[str, ...] = ()
    reason: str | None = None


def evolve(state: object | None, recorded: RecordedEvent) -> Nomination:
    """The nomination after one more event. Raises InvariantBroken where none can follow, or one person acts twice."""
    match state, recorded.data:
        case None, NominationMade() as made if made.nomination == recorded.stream:
            if made.volunteer == volunteer_of(recorded.stream) != recorded.actor:
                return Nomination(
                    name=recorded.stream,
                    volunteer=made.volunteer,
                    recognition_version=made.recognition_version,
                    level=made.level,
                    organization=made.organization,
                    nominated_by=recorded.actor,
                )
        case Nomination() as known, NominationDecided() as decided if decided.nomination == recorded.stream:
            may = decided.volunteer == known.volunteer and recorded.actor not in involved(known)
            if may and known.state in ("made", "seconded"):
                return _after(known, decided, recorded.actor)
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _after(known: Nomination, decided: NominationDecided, actor: str) -> Nomination:
    decided_by = (*known.decided_by, actor)
    state: State = "seconded"
    if decided.decision == "declined":
        state = "declined"
    elif len(decided_by) == DECIDERS:
        state = "approved"
    return replace(known, state=state, decided_by=decided_by, reason=decided.reason)


def involved(known: Nomination) -> tuple[str, ...]:
    """Who may not decide any more: nominee, nominator, and who decided."""
    return known.volunteer, known.nominated_by, *known.decided_by


@dataclass(frozen=True, slots=True)
class Nominate:
    """Nominate a person for a level of a programme, by its last approved version.

    Refuses NOT_FOUND (person, programme, a level that it does not give by nomination), VOLUNTEER_ERASED,
    NOMINATION_OF_ONESELF, NOTHING_CHANGES for a name that is taken.
    """

    nomination: str
    recognition: str
    level: str
    organization: str

    @property
    def stream(self) -> str:
        return self.nomination

    def reads(self) -> Reads:
        return Reads(streams=(self.nomination, self.recognition, volunteer_of(self.nomination)))

    def decide(self, world: World) -> list[NewEvent]:
        nominee = volunteer_of(self.nomination)
        need_states(world, (self.nomination, self.recognition, nominee))
        known_person(world, nominee)
        version = existing_recognition(world, self.recognition).approved
        level = None if version is None else version.level(self.level)
        if version is None or level is None or not level.by_nomination:
            refuse(Reason.NOT_FOUND, name=f"{self.recognition} {self.level}")
        if world.actor == nominee:
            refuse(Reason.NOMINATION_OF_ONESELF, actor=world.actor)
        if world.state(self.nomination) is not None:
            refuse(Reason.NOTHING_CHANGES, name=self.nomination)
        made = NominationMade(
            nomination=self.nomination,
            volunteer=nominee,
            recognition_version=version.name,
            level=self.level,
            organization=self.organization,
        )
        return [NewEvent(self.nomination, made)]


@dataclass(frozen=True, slots=True)
class DecideNomination:
    """Approve or decline. Refuses NOT_FOUND, VOLUNTEER_ERASED, NOTHING_CHANGES (decided), NOMINATION_SAME_PERSON."""

    nomination: str
    approved: bool
    reason: str | None

    @property
    def stream(self) -> str:
        return self.nomination

    def reads(self) -> Reads:
        return Reads(streams=(self.nomination, volunteer_of(self.nomination)))

    def decide(self, world: World) -> list[NewEvent]:
        need_states(world, (self.nomination, volunteer_of(self.nomination)))
        known = world.state(self.nomination)
        if not isinstance(known, Nomination):
            refuse(Reason.NOT_FOUND, name=self.nomination)
        known_person(world, known.volunteer)
        if known.state in ("approved", "declined"):
            refuse(Reason.NOTHING_CHANGES, name=self.nomination)
        if world.actor in involved(known):
            refuse(Reason.NOMINATION_SAME_PERSON, actor=world.actor, nomination=self.nomination)
        decided = NominationDecided(
            nomination=self.nomination,
            volunteer=known.volunteer,
            decision="approved" if self.approved else "declined",
            reason=self.reason,
        )
        return [NewEvent(self.nomination, decided)]
