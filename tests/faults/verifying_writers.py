"""64 writers at once: each notes or claims overlapping time of one person in one of two organisations and verifies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import grpc
import psycopg
from google.rpc import error_details_pb2

from ledger.settings import Settings
from tests.faults.caller import Caller, reason_of
from tests.faults.conftest import Tell
from tests.faults.history import FIRST_DAY, History
from tests.faults.programme import (
    COORDINATOR,
    ORGANIZATIONS,
    VERIFIER,
    Commands,
    request_id,
    shift_name,
    stamp,
    with_key,
)
from tests.system.running_ledger import RunningLedger
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import verification_service_pb2 as verification

WRITERS = 64
HOUR, DAY = 3_600, 86_400
LONG = 25 * HOUR


async def write_and_verify(ledger: RunningLedger, history: History, rounds: int, seed: int, tell: Tell) -> None:
    """So many persons, one after another; of each exactly the union of what was noted is verified in the end."""
    choice = random.Random(seed)
    async with Caller(ledger.addresses, client=history.client) as caller:
        for number in range(rounds):
            person = f"{history.client}-{number}"
            assert (await caller.send(Commands(history, choice).register_volunteer(person), tries=5)).outcome == "ok"
            spans = [_span(choice, turn) for turn in range(WRITERS)]
            writers = [_Writer(caller, choice, f"volunteers/{person}", turn, *span) for turn, span in enumerate(spans)]
            ended = Counter(await asyncio.gather(*(writer.write() for writer in writers)))
            # Whoever found everything taken or too long has nothing to verify; nothing else is refused.
            assert ended.keys() <= {"ok", "NOTHING_TO_VERIFY"}, ended
            held = _held(ledger.settings, f"volunteers/{person}")
            union = {second for start, end in spans if end - start <= DAY for second in range(start, end)}
            assert held["verified"] == len(union)
            assert held.keys() <= {"verified", "withheld"}
            assert held["withheld"] == sum(end - start for start, end in spans) - len(union)
            _check_caps(ledger.settings, f"volunteers/{person}")
    tell(f"last round: {dict(ended)}; {held}")


def _span(choice: random.Random, turn: int) -> tuple[int, int]:
    """Seconds after the first day's midnight, over three dates; every 16th is longer than any attendance may be."""
    start = choice.randrange(0, 44 * HOUR)
    return (start, start + LONG) if turn % 16 == 0 else (start, start + choice.randrange(60, 6 * HOUR))


class _Writer:
    """Notes or claims one attendance, and verifies it alone or in a page, through either server."""

    def __init__(self, caller: Caller, choice: random.Random, volunteer: str, turn: int, start: int, end: int) -> None:
        self._caller = caller
        self._keys = [request_id(choice) for _ in range(2)]
        self._volunteer = volunteer
        self._turn = turn
        self._times = tuple(stamp(FIRST_DAY + timedelta(seconds=second)) for second in (start, end))

    async def write(self) -> str:
        """`ok`, or why nothing was verified."""
        shift = shift_name(ORGANIZATIONS[self._turn // 2 % 2])
        name, (start, end) = f"a{self._turn}", self._times
        if self._turn % 3:
            noted = participation.AttendanceRecord(
                shift=shift, volunteer=self._volunteer, attendance_id=name, start_time=start, end_time=end
            )
            request = participation.RecordAttendanceRequest(attendance=noted)
            await self._ask("ParticipationService/RecordAttendance", with_key(request, self._keys[0]), COORDINATOR)
        else:
            claims = participation.ClaimHoursRequest(
                shift=shift, volunteer=self._volunteer, attendance_id=name, start_time=start, end_time=end
            )
            await self._ask("ParticipationService/ClaimHours", with_key(claims, self._keys[0]), self._volunteer)
        return await self._verify(f"{self._volunteer}/attendances/{name}")

    async def _verify(self, name: str) -> str:
        if self._turn % 4 == 3:
            page = verification.BatchVerifyHoursRequest(items=[verification.VerificationItem(name=name)])
            body = with_key(page, self._keys[1])
            answer = await self._ask("VerificationService/BatchVerifyHours", body, VERIFIER)
            [outcome] = verification.BatchVerifyHoursResponse.FromString(answer).outcomes
            return "ok" if outcome.HasField("verified") else _reason(outcome)
        try:
            body = with_key(verification.VerifyHoursRequest(name=name), self._keys[1])
            await self._ask("VerificationService/VerifyHours", body, VERIFIER)
        except grpc.aio.AioRpcError as error:
            return reason_of(error)
        return "ok"

    async def _ask(self, method: str, body: bytes, actor: str) -> bytes:
        return await self._caller.ask(method, body, server=self._turn, actor=actor, seconds=30)


def _reason(outcome: verification.VerificationOutcome) -> str:
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in outcome.refusal.details)
    return info.reason


def _held(settings: Settings, volunteer: str) -> Counter[str]:
    """Where the person's seconds stand, added up from the stored events past all of the ledger's code."""
    query = """
        select entry->>'from_class', entry->>'to_class', sum((entry->>'seconds')::bigint)::bigint
        from events, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb->'data'->'entries') entry
        where stream like %s group by 1, 2
    """
    held: Counter[str] = Counter()
    with psycopg.connect(settings.owner_database) as connection:
        for source, sink, seconds in connection.execute(query, [f"{volunteer}/attendances/%"]):
            held[source] -= seconds
            held[sink] += seconds
    del held["outside"]
    return Counter({account: seconds for account, seconds in held.items() if seconds})


def _check_caps(settings: Settings, volunteer: str) -> None:
    """The constraint rows: no two attendances count one second, no date has more than its 24 hours."""
    with psycopg.connect(settings.owner_database) as connection:
        rows: list[Any] = connection.execute(
            "select counted_s from presences where volunteer = %s", [volunteer]
        ).fetchall()
    spans = sorted((row[0][place], row[0][place + 1]) for row in rows for place in range(0, len(row[0]), 2))
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), spans
    first = int(FIRST_DAY.timestamp())
    for midnight in range(first, first + 4 * DAY, DAY):
        seconds = sum(max(0, min(end, midnight + DAY) - max(start, midnight)) for start, end in spans)
        assert seconds <= DAY, (midnight, seconds)
