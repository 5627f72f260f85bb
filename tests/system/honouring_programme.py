"""The part of the whole programme in which levels are reached and lost, and somebody is nominated. All synthetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ledger.batch import CommandResult
from ledger.domain.attendance import RecordAttendance
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.milestone import RecordMilestone, milestone_name
from ledger.domain.nomination import DecideNomination, Nominate
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity
from ledger.domain.recognition import ApproveRecognition, ProposeRecognition, RecognitionLevel
from ledger.domain.shift import OpenShift, Place
from ledger.domain.values import LocalizedText, Position
from ledger.domain.verification import ReverseHours, VerifyHours
from ledger.domain.volunteer import RegisterVolunteer, SealedDetails
from tests.system.waiting_programme import Doing

MEDAL, SHELTER = "recognitions/synthetic-medal", "opportunities/synthetic-shelter"
HONOURED, TEAM = "volunteers/synthetic-honoured", "initiatives/synthetic-team"
OUTING = "opportunities/synthetic-outing"
SERVED = f"{HONOURED}/attendances/served"
NAME = LocalizedText(en="Synthetic")
HONOUR, TEAM_HONOUR = milestone_name(HONOURED, MEDAL, "hour"), milestone_name(TEAM, MEDAL, "crew")
APPROVER = "staff/approver"


async def honouring(programme: Doing, organization: str, verifier: str) -> None:
    """An hour is verified and reversed, one's own and one of a team. In the end nobody can reach the level.

    So where this is served, nothing further is told.
    """
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
    night = f"{SHELTER}/shifts/night"
    await programme.do(
        PublishOpportunity(SHELTER, organization, OpportunityDetails(title=NAME)),
        OpenShift(night, start, start + timedelta(hours=2), "Asia/Riyadh", None, 5, Place(region="SA-01")),
        RegisterVolunteer(HONOURED, SealedDetails(), None, "ab" * 16),
    )
    await _in_force(programme, 1, 3_600)
    await programme.do(RecordAttendance(SERVED, night, HONOURED, start, start + timedelta(hours=1)))
    verified = await programme.do(VerifyHours(SERVED), actor=verifier)
    await programme.do(_told(HONOUR, verified, reached=True), actor=FOLLOW_UP_ACTOR)
    undone = await programme.do(ReverseHours(SERVED, "MISTAKE"), actor=verifier)
    await programme.do(_told(HONOUR, undone, reached=False), actor=FOLLOW_UP_ACTOR)
    await _team(programme, organization, verifier, start)
    for number, approved in ((1, True), (2, False)):
        nomination = f"{HONOURED}/nominations/n{number}"
        await programme.do(Nominate(nomination, MEDAL, "chosen", organization), actor="staff/nominator")
        deciding = DecideNomination(nomination, approved, None if approved else "NOT_YET")
        await programme.do(deciding, actor=APPROVER)
        if approved:
            await programme.do(deciding, actor="staff/second-approver")
    await _in_force(programme, 2, 1_000_000_000)


async def _team(programme: Doing, organization: str, verifier: str, start: datetime) -> None:
    outing, served = f"{OUTING}/shifts/one", f"{HONOURED}/attendances/with-the-team"
    await programme.do(
        RegisterInitiative(TEAM, NAME, ("staff/responsible",)),
        PublishOpportunity(OUTING, TEAM, OpportunityDetails(title=NAME)),
        OpenShift(outing, start, start + timedelta(hours=9), "Asia/Riyadh", None, 5, Place(region="SA-01")),
        RecordAttendance(served, outing, HONOURED, start + timedelta(hours=4), start + timedelta(hours=5)),
    )
    verified = await programme.do(VerifyHours(served, organization=organization), actor=verifier)
    await programme.do(_told(TEAM_HONOUR, verified, reached=True), actor=FOLLOW_UP_ACTOR)
    undone = await programme.do(ReverseHours(served, "MISTAKE", organization), actor=verifier)
    await programme.do(_told(TEAM_HONOUR, undone, reached=False), actor=FOLLOW_UP_ACTOR)


async def _in_force(programme: Doing, number: int, seconds: int) -> None:
    levels = (
        RecognitionLevel(level="hour", display_name=NAME, verified_seconds_min=seconds),
        RecognitionLevel(level="crew", display_name=NAME, verified_seconds_min=seconds, honoured="team"),
        RecognitionLevel(level="chosen", display_name=NAME, by_nomination=True),
    )
    await programme.do(ProposeRecognition(MEDAL, date(2020, 1, number), "synthetic", NAME, levels))
    await programme.do(ApproveRecognition(f"{MEDAL}/versions/{number}"), actor=APPROVER)


def _told(honour: str, cause: CommandResult, *, reached: bool) -> RecordMilestone:
    partition, position = cause.position
    seen = Position(partition=partition, position=position)
    return RecordMilestone(
        milestone=honour,
        reached=reached,
        recognition_version=f"{MEDAL}/versions/1",
        counted_seconds=3_600 if reached else 0,
        months=0,
        skills_count=0,
        organizations_count=1 if reached else 0,
        evaluated_at=(seen,),
        cause=seen,
        persons_count=int(reached) if honour == TEAM_HONOUR else None,
    )
