"""The part of the whole programme in which hours move to where they belong. All persons are synthetic."""

from __future__ import annotations

from datetime import datetime, timedelta

from ledger.domain.attendance import RecordAttendance
from ledger.domain.follow_ups import follow_up
from ledger.domain.group_attendance import RecordGroupAttendance
from ledger.domain.group_naming import NameGroupMember
from ledger.domain.initiative import RegisterInitiative
from ledger.domain.shift import OpenShift, Place
from ledger.domain.transfer import TransferAttendance
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command
from tests.system.waiting_programme import Doing

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def transfers(programme: Doing, shift: str, dated: str, start: datetime, persons: tuple[str, ...]) -> None:
    """Mixed-up hours, to another shift at once and to another person by what follows; some of a head count named."""
    one, two, three, *_ = persons
    group = f"{dated}/groupAttendances/some-named"
    began = start + DAY
    await programme.do(
        RegisterInitiative("initiatives/synthetic", LocalizedText(en="Synthetic"), (one,)),
        RecordAttendance(f"{one}/attendances/mixed-up", shift, one, began, began + HOUR),
        RecordAttendance(f"{two}/attendances/mixed-up", shift, two, began, began + HOUR),
        OpenShift(f"{shift}-later", began, began + 4 * HOUR, "Asia/Riyadh", None, 5, Place(region="SA-01")),
        TransferAttendance(f"{one}/attendances/mixed-up", f"{one}/attendances/right", f"{shift}-later"),
        RecordGroupAttendance(group, dated, 5, 36_000),
    )
    await followed(programme, TransferAttendance(f"{two}/attendances/mixed-up", f"{three}/attendances/right", shift))
    # Several in a row, by one actor, of one shift: a batch of the projections holds them all.
    for person in (two, three, one):
        await followed(programme, NameGroupMember(group, f"{person}/attendances/named", began, began + HOUR))


async def followed(programme: Doing, command: Command) -> None:
    """A command, and what follows from it."""
    result = await programme.do(command)
    following = follow_up(result.events[0])
    assert following is not None
    await programme.do(following.command, actor="ledger/follow-ups")
