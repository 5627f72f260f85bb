"""Every kind of stream and how it folds. Importing this module makes all stored names known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Final, TypeAlias

from ledger.domain import (
    anomaly,
    attendance,
    client,
    closed_period,
    completion,
    course,
    donation,
    group_attendance,
    hours_read,
    initiative,
    ledger_opened,
    live_session,
    member,
    milestone,
    nomination,
    opportunity,
    organization,
    policy,
    project,
    recognition,
    registration,
    requirement_standing,
    service_run,
    shift,
    statement,
    subscription,
    training_session,
    volunteer,
)
from ledger.domain.event import RecordedEvent, event_classes
from ledger.domain.opportunity import Opportunity
from ledger.domain.refusals import InvariantBroken
from ledger.domain.streams import kind_of

Evolve: TypeAlias = Callable[[object | None, RecordedEvent], object]

EVOLVE: Final[Mapping[str, Evolve]] = {
    "organizations": organization.evolve,
    "initiatives": initiative.evolve,
    "initiatives/recognitions/milestones": milestone.evolve,
    "volunteers": volunteer.evolve,
    "volunteers/attendances": attendance.evolve,
    "volunteers/requirements/standings": requirement_standing.evolve,
    "volunteers/statements": statement.evolve,
    "volunteers/completions": completion.evolve,
    "volunteers/recognitions/milestones": milestone.evolve,
    "volunteers/nominations": nomination.evolve,
    "opportunities": opportunity.evolve,
    "opportunities/shifts": shift.evolve,
    "opportunities/shifts/registrations": registration.evolve,
    "opportunities/shifts/groupAttendances": group_attendance.evolve,
    "opportunities/shifts/liveSessions": live_session.evolve,
    "courses": course.evolve,
    "courses/sessions": training_session.evolve,
    "policies": policy.evolve,
    "recognitions": recognition.evolve,
    "periods": closed_period.evolve,
    "anomalies": anomaly.evolve,
    "projects": project.evolve,
    "projects/donations": donation.evolve,
    "clients": client.evolve,
    "subscriptions": subscription.evolve,
    "staff": member.evolve,
    "partitions": ledger_opened.evolve,
    "accesses": hours_read.evolve,
    "services": service_run.evolve,
}


def beside(state: object | None) -> tuple[str, ...]:
    """Streams that a decision about an aggregate surely looks at too: known before it asks, they cost no round trip."""
    return (state.organization,) if isinstance(state, Opportunity) else ()


def stored_names() -> Set[str]:
    """The stored name of every event there is."""
    return event_classes().keys()


def fold(state: object | None, recorded: RecordedEvent) -> object:
    """The aggregate after one more event. Raises InvariantBroken if the stream's kind is unknown."""
    evolve = EVOLVE.get(kind_of(recorded.stream))
    if evolve is None:
        raise InvariantBroken(f"no aggregate folds the stream {recorded.stream}")
    return evolve(state, recorded)
