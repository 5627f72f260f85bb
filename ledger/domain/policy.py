"""The rule set that decides which seconds count: dated, versioned, and itself recorded as an event.

These names and fields are the stored format: version them with care.

An event that decides seconds names the version that decided them. A later version acts by new events: what an earlier
one decided is never replayed differently.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from ledger.domain.event import Event, RecordedEvent, stored_name
from ledger.domain.refusals import InvariantBroken


@stored_name("policy-enacted")
class PolicyEnacted(Event):
    """From this event on, seconds are decided by these rules."""

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
    """Longer than this is no attendance at all, but a mistake: it is refused."""
    future_tolerance_seconds: Annotated[int, Field(ge=0)]
    """How far a caller's clock may run ahead of the ledger's."""

    @property
    def name(self) -> str:
        """policies/{policy}/versions/{version}: what events carry."""
        return f"{self.policy}/versions/{self.version}"


STANDARD_POLICY_STREAM: Final = "policies/standard"

STANDARD_POLICY_V1: Final = PolicyEnacted(
    policy=STANDARD_POLICY_STREAM,
    version=1,
    day_seconds_max=86_400,
    attendance_seconds_max=86_400,
    overlap="withhold",
    attendance_seconds_accepted_max=2_678_400,
    future_tolerance_seconds=300,
)
"""The one built-in policy. The store records it when a ledger is opened."""

STANDARD_POLICY_V1_NAME: Final = STANDARD_POLICY_V1.name


def evolve(state: object | None, recorded: RecordedEvent) -> PolicyEnacted:
    """A policy is its latest version. Raises InvariantBroken if a version is left out or enacted twice."""
    event = recorded.data
    if not isinstance(event, PolicyEnacted) or event.policy != recorded.stream:
        raise InvariantBroken(f"{recorded.stream} cannot hold {event!r}")
    before = state.version if isinstance(state, PolicyEnacted) else 0
    if event.version != before + 1:
        raise InvariantBroken(f"version {event.version} of {event.policy} cannot follow version {before}")
    return event
