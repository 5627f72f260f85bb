"""What an opportunity asks a person to have learnt: courses, completed and valid on the day of service.

Registering records what it rested on (`training-established`), for a completion lies in the person's partition, and the
order of two partitions is no order. Checking in asks again and records nothing: it lies where the completion lies.
"""

from __future__ import annotations

from datetime import date

from ledger.domain import completion
from ledger.domain.opportunity import Opportunity
from ledger.domain.registration_events import TrainingEstablished
from ledger.domain.shift import Shift, day_of_service
from ledger.domain.world import World


def completions_asked(offered: Opportunity, person: str) -> tuple[str, ...]:
    """Names of the completions that decide whether `person` may serve."""
    return tuple(completion.completion_name(person, course) for course in offered.required_courses)


def refuse_untrained(world: World, offered: Opportunity, person: str, day: date) -> None:
    """Refuse TRAINING_MISSING to who lacks a course on this day, naming the first. Raises NotLoaded."""
    completion.completed(world, offered.required_courses, person, day)


def established(
    world: World, registration: str, offered: Opportunity, wanted: Shift, person: str
) -> TrainingEstablished | None:
    """What lets `person` serve in this shift; None where no course is asked for. Refuses TRAINING_MISSING.

    Raises NotLoaded.
    """
    if not offered.required_courses:
        return None
    day = day_of_service(wanted)
    completions = completion.completed(world, offered.required_courses, person, day)
    return TrainingEstablished(
        registration=registration,
        shift=wanted.name,
        opportunity=offered.name,
        volunteer=person,
        service_date=day,
        completions=completions,
    )
