"""The real history of LEEDS 2023 under another rounding from a date on: old answers stay, new ones name the version."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest

from ledger.importing.leeds2023_history import CorrectCount, CountHeads, OpenShift, WithdrawCount, plan, read_rows
from ledger.importing.leeds2023_requests import group_name
from tests.system.acting import channel_to
from tests.system.grpc_caller import DEADLINE_SECONDS, Client, request_id
from tests.system.served_ledger import HISTORY, answered, hours_ledger, served_ledger
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import audit_service_pb2_grpc as audit_grpc
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import policy_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

SINCE = "2023-09-01"
QUARTER = 900


def head_counts() -> Iterator[tuple[str, str, int, int]]:
    """Name, date of service, people and seconds of every head count that stands at the end of the history."""
    dates: dict[tuple[str, str], str] = {}
    counts: dict[str, tuple[str, int, int]] = {}
    for revision in plan(read_rows(HISTORY)):
        for step in revision.steps():
            match step:
                case OpenShift():
                    dates[step.event_id, step.shift_id] = step.service_date
                case CountHeads() | CorrectCount():
                    day = dates[step.event_id, step.shift_id]
                    counts[group_name(step)] = day, step.head_count, step.attended_seconds
                case WithdrawCount():
                    del counts[group_name(step)]
    for name, (day, heads, seconds) in counts.items():
        yield name, day, heads, seconds


def summary(client: Client, **question) -> hours.SummarizeHoursResponse:
    asked = hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_OPPORTUNITY, **question)
    answer = hours.SummarizeHoursResponse.FromString(client.send("HoursService/SummarizeHours", asked))
    answer.ClearField("recorded_through")
    return answer


def round_to_quarters(client: Client) -> str:
    proposed = pb.ProposePolicyRequest(
        request_id=request_id(),
        name="policies/standard",
        effective_date=SINCE,
        source="synthetic: quarters of an hour",
        hours=pb.HoursRules(rounding_seconds=QUARTER, rounding=pb.ROUNDING_NEAREST),
    )
    version = pb.Policy.FromString(client.send("PolicyService/ProposePolicy", proposed)).versions[-1].name
    approved = pb.ApprovePolicyRequest(request_id=request_id(), name=version)
    client.send("PolicyService/ApprovePolicy", approved, "staff/approver")
    return version


def given_once_more(client: Client, name: str, heads: int, seconds: int) -> resources_pb2.Attendance:
    """The same figures, decided by the version in force."""
    corrected = participation.CorrectAttendanceRequest(
        request_id=request_id(), name=name, head_count=heads, attended_seconds=seconds, reason="POLICY_CHANGED"
    )
    answer = client.send("ParticipationService/CorrectAttendance", corrected)
    return resources_pb2.Attendance.FromString(answer)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_all_of_leeds_under_another_rounding_from_a_date_on():
    with served_ledger() as address, channel_to(address) as channel:
        client = Client(channel)
        outcome = answered(hours_ledger("import", "leeds2023", HISTORY, "--json", address=address))
        imported = [Position(**at) for at in outcome["positions"]]
        before = summary(client, positions=imported)
        at_first = AsOf(positions=PositionSet(positions=imported))
        assert summary(client, as_of=at_first) == before
        version = round_to_quarters(client)
        expected, changed = before.total.attended_seconds, 0
        for name, day, heads, seconds in head_counts():
            if day < SINCE:
                continue
            unit = heads * QUARTER
            rounded = (2 * seconds + unit) // (2 * unit) * unit
            now = given_once_more(client, name, heads, seconds)
            assert (now.policy, now.seconds.attended_seconds) == (version, rounded)
            expected += rounded - seconds
            changed += rounded != seconds
        assert changed
        after = summary(client, positions=now.positions)
        assert after.total.attended_seconds == expected
        assert summary(client, as_of=at_first) == before
        published = HISTORY / "published_totals.csv"
        done = hours_ledger("report", "--against", published, address=address)
        assert done.stdout.splitlines()[-1] == "published totals reproduced: 79 of 79"
        explained(channel, imported[0].position, version, before.total.attended_seconds, expected)


def explained(channel: grpc.Channel, position: int, version: str, before: int, after: int) -> None:
    """The difference is in single events, each with the version that decided it."""
    stub = audit_grpc.AuditServiceStub(channel)
    question = audit.ReplayEventsRequest(from_position=position + 1, page_size=1000)
    pages = stub.ReplayEvents(question, timeout=DEADLINE_SECONDS)
    events = [json.loads(event) for page in pages for event in page.events]
    corrected = [event for event in events if event["type"] == "group-attendance-corrected"]
    assert {event["policy"] for event in corrected} == {version}
    assert all(event["corrects"] for event in corrected)
    moved = [entry for event in corrected for entry in event["data"]["entries"]]
    gained = sum(entry["seconds"] for entry in moved if entry["to_class"] == "attended")
    lost = sum(entry["seconds"] for entry in moved if entry["from_class"] == "attended")
    assert before + gained - lost == after
