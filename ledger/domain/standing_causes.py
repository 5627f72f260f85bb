"""After which events must standings with watched requirements be looked at, whose, and in which periods?

Everything that a standing depends on is an event; what is not named here changes none.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from ledger.domain.event import RecordedEvent
from ledger.domain.hours import PresenceMoved
from ledger.domain.opportunity import OpportunityUpdated
from ledger.domain.policy import PolicyApproved, version_name
from ledger.domain.volunteer import VolunteerUpdated

APPROVALS: Final = ("policy-approved",)
"""Stored names to be looked for while nothing is watched."""
OTHERS: Final = ("volunteer-updated", "opportunity-updated")
"""Stored names that matter beside approvals and the events that move hours."""


class OfPerson(NamedTuple):
    """One person's standings."""

    holder: str
    dates: frozenset[date] | None
    """Those of service that were touched; None: all there are."""


class OfAll(NamedTuple):
    """Everybody's standings; with `version`, if that policy's version is a watched requirement."""

    version: str | None


def touched(recorded: RecordedEvent) -> OfPerson | OfAll | None:
    """Whose standings an event may change; None: nobody's."""
    match recorded.data:
        case PresenceMoved(holder=holder, entries=entries) if entries:
            return OfPerson(holder, frozenset(entry.service_date for entry in entries))
        case VolunteerUpdated(volunteer=holder, details=details, cleared=cleared) if (
            details.birth_date is not None or "birth_date" in cleared
        ):
            return OfPerson(holder, None)
        case OpportunityUpdated(changed=changed) if "compulsory_service" in changed:
            return OfAll(None)
        case PolicyApproved(policy=policy, version=version):
            return OfAll(version_name(policy, version))
        case _:
            return None
