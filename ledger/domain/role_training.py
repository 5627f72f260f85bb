"""What an organisation asks those to have learnt who act for it: courses, by role.

Asked when somebody is appointed, for the day from which on; and of verifiers again on every day on which they judge
hours. Completions are people's: a member of staff who must have one is appointed under their name as a volunteer. What
an appointment rested on is recorded with it, for a completion lies in the person's partition, and the order of two
partitions is no order.
"""

from __future__ import annotations

from datetime import date

from ledger.domain import completion
from ledger.domain.organization import Organization, Role
from ledger.domain.world import World


def completed(world: World, known: Organization, role: Role, member: str, day: date) -> tuple[str, ...]:
    """Names of the completions by which `member` may act in the role on a day; none where it asks for no course.

    Refuses TRAINING_MISSING. Raises NotLoaded.
    """
    return completion.completed(world, known.required_training.get(role, ()), member, day)
