"""Everything that can happen to a live session, attended by a test account alone: no hours follow from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from ledger.batch import CommandResult
from ledger.domain.live_session import (
    AttachExternalCurve,
    CertifyPeak,
    ConfirmPeak,
    EndLiveSession,
    OpenLiveSession,
    RecordPresences,
    RecordSigns,
)
from ledger.domain.live_session_events import Ended, Joined, LiveRule, PeakCertified, Signs
from ledger.domain.streams import opportunity_of
from ledger.domain.world import Command

DIGEST = "ab" * 32


class Does(Protocol):
    """Whoever sends commands."""

    async def do(self, *commands: Command, actor: str = ...) -> CommandResult: ...


async def lesson(programme: Does, shift: str, start: datetime, test_account: str) -> str:
    """A lesson of a minute, certified and confirmed; its name."""
    name = f"{shift}/liveSessions/lesson"
    rule = LiveRule(version=1, silence_seconds=90, registration_required=False, excluded=(test_account,))
    certified = PeakCertified(
        session=name,
        shift=shift,
        opportunity=opportunity_of(shift),
        certificate="synthetic.certificate.text",
        peak_participants=0,
        peak_seconds=0,
        persons=0,
    )
    await programme.do(
        OpenLiveSession(name, rule),
        RecordPresences(name, start, (Joined(volunteer=test_account, seconds=1),)),
        RecordSigns(name, start, 30, (Signs(seconds=30, numbers=(1,)),)),
        RecordPresences(name, start, (), (Ended(number=1, seconds=60, ended_by="left"),)),
        EndLiveSession(name),
        AttachExternalCurve(name, "Synthetic platform", DIGEST, ((start, 1), (start + timedelta(minutes=1), 0))),
        CertifyPeak(name, certified),
        ConfirmPeak(name, DIGEST, "synthetic+00000000+key", "c3ludGhldGlj"),
    )
    return name
