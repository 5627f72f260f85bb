"""Everything that can happen to courses, their sessions and completions. All persons are synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ledger.batch import CommandResult
from ledger.domain.appointing import AppointMember, RequireTraining
from ledger.domain.completion import RecordCompletion, RevokeCompletion, completion_name
from ledger.domain.course import CloseCourse, CourseDetails, PublishCourse, UpdateCourse
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity
from ledger.domain.registration import RegisterForShift
from ledger.domain.shift import OpenShift, Place
from ledger.domain.training_session import CancelTrainingSession, OpenTrainingSession
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command

AID, OLD = "courses/first-aid", "courses/old"
HELD, CALLED_OFF = f"{AID}/sessions/held", f"{AID}/sessions/called-off"
CAMP = "opportunities/camp"
NIGHT = f"{CAMP}/shifts/night"
TITLE = LocalizedText(en="Synthetic", ar="اصطناعي")
HOURS = timedelta(hours=4)


class Does(Protocol):
    """Whoever sends commands."""

    async def do(self, *commands: Command, actor: str = ...) -> CommandResult: ...


async def training(programme: Does, organization: str, start: datetime, persons: Sequence[str]) -> None:
    """Two courses, one closed, one asked of a role; two sessions, one called off; who passes, and who loses it."""
    one, two, *_ = persons
    before = start - timedelta(days=5)
    details = CourseDetails(title=TITLE, completion_by="passed", valid_days=0, sector="health", skills=("first aid",))
    asking = OpportunityDetails(title=TITLE, required_courses=(AID,))
    place, zone = Place(region="SA-01", city="الرياض"), "Asia/Riyadh"
    await programme.do(
        PublishCourse(AID, organization, details),
        PublishCourse(OLD, organization, details),
        UpdateCourse(AID, details.model_copy(update={"valid_days": 700}), ("valid_days",)),
        CloseCourse(OLD),
        OpenTrainingSession(HELD, before, before + HOURS, zone, 20, place),
        OpenTrainingSession(CALLED_OFF, before, before + HOURS, zone, 20, Place(online=True)),
        CancelTrainingSession(CALLED_OFF, "TEACHER_ILL"),
        RecordCompletion(one, AID, "attended", None, HELD),
        RecordCompletion(one, AID, "passed", before.date(), HELD),
        RecordCompletion(two, AID, "passed", before.date()),
        RevokeCompletion(completion_name(two, AID), 1, "IN_ERROR"),
        PublishOpportunity(CAMP, organization, asking),
        OpenShift(NIGHT, start, start + HOURS, zone, None, 5, place),
        RegisterForShift(NIGHT, one),
        RequireTraining(organization, "coordinator", (AID, OLD)),
        RequireTraining(organization, "coordinator", (AID,)),
        AppointMember(f"{organization}/appointments/trained", one, "coordinator"),
    )
