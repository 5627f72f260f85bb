"""What the database has added up, one struct a kind of fact: all that detectors see.

Events are codes of places (`finding.event_code`), the first some of each fact; moments are seconds since 1970 UTC.
"""

from __future__ import annotations

import msgspec


class Fact(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A row as JSON."""


class Pair(Fact):
    """Who verifies as a volunteer, and of whom who does so, too: both persons, under the first of their names."""

    judge: str
    person: str
    names: list[str]
    """Under which they acted."""
    organizations: list[str]
    count: int
    seconds: int
    verified_seconds: int
    """Of the person, by anybody."""
    events: list[int]


class Verifier(Fact):
    """What one verifier judged of one organisation's hours."""

    organization: str
    verifier: str
    verified: int
    declined: int
    seconds: int
    wait_seconds: int | None
    """Median from recording to verifying, of what was not migrated."""
    waited: int
    """How many that median is of."""
    verifiers: int
    """Of the organisation, all together."""
    organization_seconds: int
    """Verified by all of them."""
    events: list[int]


class Minute(Fact):
    """Many verified in one minute, of many shifts."""

    organization: str
    verifier: str
    count: int
    shifts: int
    seconds: int
    events: list[int]


class Organization(Fact):
    """Attendances of persons at one organisation."""

    organization: str
    volunteers: int
    attendances: int
    seconds: int
    unclocked: int
    scheduled: int
    """Of shifts with times."""
    above_schedule: int
    uneven: int
    """Of shifts whose length is no whole number of hours."""
    round_hours: int
    """Of these, recorded as whole hours."""
    events: list[int]


class SameTimes(Fact):
    """The same minute of day and the same length again and again, where the shifts say otherwise."""

    organization: str
    holder: str
    """Or, of a habit, empty."""
    recorder: str
    """Empty for a person's."""
    minute: int
    """Of the day in UTC."""
    length_seconds: int
    count: int
    distinct: int
    """Dates of a person, shifts of a habit."""
    seconds: int
    events: list[int]


class Leg(Fact):
    """Two attendances of one person, one after the other, in two places."""

    person: str
    organizations: list[str]
    from_city: str | None
    from_region: str | None
    to_city: str | None
    to_region: str | None
    left_at: int
    came_at: int
    day: str
    """Of the second one."""
    seconds: int
    events: list[int]


class Night(Fact):
    """What one actor did in half an hour of a night."""

    actor: str
    act: str
    """verified or recorded."""
    night: str
    count: int
    shifts: int
    moments: int
    organizations: list[str]
    seconds: int
    events: list[int]


class Long(Fact):
    """An attendance or a head count that is longer than what was planned, or usual."""

    organization: str
    holder: str
    shift: str
    heads: int
    """0: a person's."""
    seconds: int
    scheduled_seconds: int | None
    usual_seconds: int | None
    of_attendances: int
    """Of the same person at the same organisation, with seconds that count."""
    event: int


class Unseen(Fact):
    """Somebody of whom there is nothing but what one member of staff noted, at one organisation."""

    organization: str
    recorder: str
    holder: str
    registered_at: int
    count: int
    seconds: int
    events: list[int]


class Facts(msgspec.Struct):
    """All of one moment; those that a rule could flag."""

    pairs: list[Pair] = []
    verifiers: list[Verifier] = []
    minutes: list[Minute] = []
    organizations: list[Organization] = []
    same_times: list[SameTimes] = []
    legs: list[Leg] = []
    nights: list[Night] = []
    longs: list[Long] = []
    unseen: list[Unseen] = []
