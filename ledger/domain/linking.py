"""Joining two names of one person, by two people, and undoing it.

Somebody was registered twice: with a passport and later with an Iqama, or without any document. Nothing is moved from
one name to the other: each keeps its hours, its proofs and its history, and answers about one tell of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.event import NewEvent
from ledger.domain.hours import Span
from ledger.domain.link_events import (
    OVERLAPS_MAX,
    Link,
    LinkOverlap,
    VolunteerLinked,
    VolunteerLinkEnded,
    VolunteerLinkProposed,
)
from ledger.domain.refusals import Reason, refuse
from ledger.domain.volunteer import Volunteer, existing, known_person
from ledger.domain.world import Presence, Reads, World

ALL_TIME: Final = (0, 1 << 40)
"""Whole seconds since 1970 UTC; far beyond any service."""


def in_order(one: str, other: str) -> tuple[str, str]:
    """The two names of a link, the one that it lies with first. Refuses LINK_TO_ITSELF."""
    if one == other:
        refuse(Reason.LINK_TO_ITSELF, name=one)
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class LinkVolunteers:
    """Propose that two names are one person. A proposal replaces one that nobody approved.

    Refuses LINK_TO_ITSELF, NOT_FOUND, VOLUNTEER_ERASED, VOLUNTEER_ALREADY_LINKED, NOTHING_CHANGES for a proposal that
    the same actor made already.
    """

    volunteer: str
    linked_volunteer: str
    """In the order of `in_order`."""

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer, self.linked_volunteer))

    def decide(self, world: World) -> list[NewEvent]:
        known = known_person(world, self.volunteer)
        _refuse_linked(known, known_person(world, self.linked_volunteer))
        link = known.link
        if link is not None and (link.volunteer, link.proposed_by) == (self.linked_volunteer, world.actor):
            refuse(Reason.NOTHING_CHANGES, name=self.volunteer)
        proposed = VolunteerLinkProposed(volunteer=self.volunteer, linked_volunteer=self.linked_volunteer)
        return [NewEvent(self.volunteer, proposed)]


@dataclass(frozen=True, slots=True)
class ApproveVolunteerLink:
    """Agree that two names are one person: from here on they are. What they have recorded at one time is listed.

    Refuses LINK_TO_ITSELF, NOT_FOUND, VOLUNTEER_ERASED, LINK_NOT_PROPOSED, LINK_SAME_PERSON, VOLUNTEER_ALREADY_LINKED.
    """

    volunteer: str
    linked_volunteer: str

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        names = self.volunteer, self.linked_volunteer
        return Reads(streams=names, presences=tuple((name, *ALL_TIME) for name in names))

    def decide(self, world: World) -> list[NewEvent]:
        known, other = known_person(world, self.volunteer), known_person(world, self.linked_volunteer)
        _refuse_linked(known, other)
        link = known.link
        if link is None or link.volunteer != other.name:
            refuse(Reason.LINK_NOT_PROPOSED, name=self.volunteer, linked_name=self.linked_volunteer)
        if link.proposed_by == world.actor:
            refuse(Reason.LINK_SAME_PERSON, actor=world.actor)
        found = overlaps(world.presences((known.name, *ALL_TIME)), world.presences((other.name, *ALL_TIME)))
        linked = VolunteerLinked(
            volunteer=known.name,
            linked_volunteer=other.name,
            overlaps=tuple(found[:OVERLAPS_MAX]),
            overlap_seconds=sum(one.seconds for one in found),
        )
        return [NewEvent(known.name, linked)]


@dataclass(frozen=True, slots=True)
class JoinVolunteer:
    """The other name of a link learns of it: follows by itself. It is in force once this stands.

    Refuses NOT_FOUND, VOLUNTEER_ERASED, VOLUNTEER_ALREADY_LINKED, NOTHING_CHANGES where the link has ended since, or
    this name knows of it.
    """

    volunteer: str
    linked_volunteer: str
    """The name that the link lies with."""

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer, self.linked_volunteer))

    def decide(self, world: World) -> list[NewEvent]:
        known = known_person(world, self.volunteer)
        holds = says_linked(existing(world, self.linked_volunteer), known.name)
        if not holds or says_linked(known, self.linked_volunteer):
            refuse(Reason.NOTHING_CHANGES, name=known.name)
        _refuse_linked(known)
        linked = VolunteerLinked(
            volunteer=known.name, linked_volunteer=self.linked_volunteer, overlaps=(), overlap_seconds=0
        )
        return [NewEvent(known.name, linked)]


@dataclass(frozen=True, slots=True)
class EndVolunteerLink:
    """The two names are no longer one person, or were never: also a proposal is taken back so.

    Refuses LINK_TO_ITSELF, NOT_FOUND, NOTHING_CHANGES where this name's stream knows of no such link.
    """

    volunteer: str
    """Whose stream says so first; the other one follows."""
    linked_volunteer: str
    reason: str
    """A code, not a text about people."""

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        known = existing(world, self.volunteer)
        if known.link is None or known.link.volunteer != self.linked_volunteer:
            refuse(Reason.NOTHING_CHANGES, name=self.volunteer)
        return [link_ended(known, known.link, self.reason)]


def link_ended(known: Volunteer, link: Link, reason: str) -> NewEvent:
    """The event that ends what a person's stream says of another name."""
    ended = VolunteerLinkEnded(volunteer=known.name, linked_volunteer=link.volunteer, reason=reason)
    return NewEvent(known.name, ended)


def says_linked(known: Volunteer, other: str) -> bool:
    """Whether a person's stream says that `other` is a name of theirs, too."""
    return known.link is not None and known.link.state == "linked" and known.link.volunteer == other


def overlaps(ones: Sequence[Presence], others: Sequence[Presence]) -> list[LinkOverlap]:
    """What attendances of two names count at one time, in order of time."""
    theirs = _spans(others)
    found: dict[tuple[str, str], int] = {}
    begin = 0
    for (start, end), name in _spans(ones):
        # No second of one name counts twice, so both lists ascend and what ended before this one is done with.
        while begin < len(theirs) and theirs[begin][0][1] <= start:
            begin += 1
        for (low, high), other in theirs[begin:]:
            if low >= end:
                break
            found[name, other] = found.get((name, other), 0) + min(end, high) - max(start, low)
    return [
        LinkOverlap(attendance=name, linked_attendance=other, seconds=seconds)
        for (name, other), seconds in found.items()
    ]


def _spans(presences: Sequence[Presence]) -> list[tuple[Span, str]]:
    return sorted((span, presence.attendance) for presence in presences for span in presence.counted)


def _refuse_linked(*persons: Volunteer) -> None:
    for known in persons:
        if known.link is not None and known.link.state == "linked":
            refuse(Reason.VOLUNTEER_ALREADY_LINKED, name=known.name)
