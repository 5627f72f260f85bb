"""What an organisation asks those to have learnt who act for it: courses, by role.

Asked when somebody is appointed, for the day from which on; and of verifiers again on every day on which they judge
hours. Completions are people's: a member of staff who must have one is appointed under their name as a volunteer. What
an appointment rested on is recorded with it, for a completion lies in the person's partition, and the order of two
partitions is no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ledger.domain import completion
from ledger.domain.refusals import Reason, refuse
from ledger.domain.world import World, need_states


def completions_asked(courses: Sequence[str], member: str) -> dict[str, str]:
    """Course → the name of the completion that decides whether `member` may act."""
    return {course: completion.completion_name(member, course) for course in courses}


def refuse_untrained(world: World, asked: Mapping[str, str], member: str, day: date) -> None:
    """Refuse TRAINING_MISSING to who lacks a course on this day, naming the first. Raises NotLoaded."""
    is_volunteer = member.startswith("volunteers/")
    if is_volunteer:
        need_states(world, asked.values())
    for course, name in asked.items():
        known = completion.found(world, name) if is_volunteer else None
        if known is None or not known.valid_on(day):
            refuse(Reason.TRAINING_MISSING, volunteer=member, course=course, date=day)
