"""What can happen to the link between two names of one person: proposed, made, and ended.

A link lies in both persons' streams, which may be in two partitions. It is proposed and made at the name that comes
first; what the other one needs follows (`follow_ups`). It holds while both streams say so.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from ledger.domain.event import Event, Value, stored_name

OVERLAPS_MAX: Final = 100
"""Listed in an event; their seconds are all counted."""


class LinkOverlap(Value):
    """Time that an attendance of each of the two names counts."""

    attendance: str
    linked_attendance: str
    seconds: Annotated[int, Field(ge=1)]


@stored_name("volunteer-link-proposed")
class VolunteerLinkProposed(Event):
    """Somebody says that two names are one person; another one has to agree."""

    volunteer: str
    linked_volunteer: str


@stored_name("volunteer-linked")
class VolunteerLinked(Event):
    """The two names are one person from this position on. Nothing recorded before is changed by it."""

    volunteer: str
    linked_volunteer: str
    overlaps: tuple[LinkOverlap, ...]
    """The first OVERLAPS_MAX that were found when the link was made; at the other name none are listed."""
    overlap_seconds: Annotated[int, Field(ge=0)]
    """Of all overlaps that were found."""


@stored_name("volunteer-link-ended")
class VolunteerLinkEnded(Event):
    """The two names are not one person, or one of them is to be known no more."""

    volunteer: str
    linked_volunteer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a person's stream says of another name of theirs."""

    volunteer: str
    """The other name."""
    state: Literal["proposed", "linked"]
    proposed_by: str
    overlaps: tuple[LinkOverlap, ...] = ()
    overlap_seconds: int = 0
