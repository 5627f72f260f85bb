"""What must follow elsewhere: a command appends to one partition only, and what it begins in another is finished here.

Each follow-up has a request id of its own, made from the event and the rule: however often it is asked for, and by
however many processes, it stands once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ledger.domain.attendance_events import AttendanceTransferred
from ledger.domain.event import RecordedEvent
from ledger.domain.group_attendance_state import GroupHeadNamed
from ledger.domain.link_events import VolunteerLinked, VolunteerLinkEnded
from ledger.domain.linking import EndVolunteerLink, JoinVolunteer
from ledger.domain.streams import shift_of, volunteer_of
from ledger.domain.transfer import ReceiveAttendance
from ledger.domain.world import Command

FOLLOWED: Final = ("attendance-transferred", "group-head-named", "volunteer-linked", "volunteer-link-ended")
"""Stored names of the events that something follows from."""


NOT_FREE: Final = "OTHER_NAME_NOT_FREE"
"""Why a link ended: the other name was erased, or linked to a third one, in the moment it was made."""
FOLLOW_UP_ACTOR: Final = "ledger/follow-ups"
"""Acts for the ledger itself; no caller can be it."""


class FollowUp(NamedTuple):
    """A command that an event makes necessary."""

    rule: str
    """With the event's place it names the request: whoever asks, it is the same one."""
    command: Command
    may_be_done: bool = False
    """Whether it is no surprise that nothing is left to do."""
    otherwise: Command | None = None
    """What is asked for instead where it is refused."""


def follow_up(recorded: RecordedEvent) -> FollowUp | None:
    """What follows from an event elsewhere; None: nothing, or it was done by the same command."""
    match recorded.data:
        case VolunteerLinked() | VolunteerLinkEnded() if recorded.actor == FOLLOW_UP_ACTOR:
            return None  # it is itself what followed at the other name
        case VolunteerLinked(volunteer=one, linked_volunteer=other):
            return FollowUp("join-volunteer", JoinVolunteer(other, one), True, EndVolunteerLink(one, other, NOT_FREE))
        case VolunteerLinkEnded(volunteer=one, linked_volunteer=other, reason=reason):
            return FollowUp("end-volunteer-link", EndVolunteerLink(other, one, reason), may_be_done=True)
        case AttendanceTransferred(to_attendance=to, was_served=served) as event if volunteer_of(to) != event.holder:
            command = ReceiveAttendance(
                to, event.to_shift, served.start, served.end, event.attendance, recorded.event_id
            )
        case GroupHeadNamed(to_attendance=to, was_served=served) as event:
            command = ReceiveAttendance(
                to, shift_of(event.attendance), served.start, served.end, event.attendance, recorded.event_id
            )
        case _:
            return None
    return FollowUp("receive-attendance", command)
