"""ReplayEvents through a filter: exactly the events that pass, where they stand, and how far the search has got."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.filtered_events import SCANNED_POSITIONS
from ledger.grpc.event_replay import is_filtered
from tests.faults.tcp_proxy import Conversation, TcpProxy
from tests.system.acting import channel_to
from tests.system.grpc_caller import Client, refusal_of, request_id
from tests.system.served_ledger import hours_ledger
from tests.system.served_log import ServedLog, served_log
from tests.system.stored_history import store_attendances, wait_until
from tests.system.superuser import changed
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import values_pb2
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

PEOPLE = 24
FILLED = 2 * SCANNED_POSITIONS
"""Events behind those that are searched for."""
GREEN = "organizations/synthetic-5-1-24"


@dataclass(frozen=True)
class Stored:
    """An event as a reader without any filter sees it."""

    body: bytes
    read: dict[str, Any]

    @property
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.read["time"])


@pytest.fixture(scope="module")
def log(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    """An organisation with its people; behind it, in partition 0, many hours of another one."""
    with served_log(postgres, tmp_path_factory.mktemp("log"), 0) as served:
        made = hours_ledger("generate", "--volunteers", str(PEOPLE), "--seed", "5", address=served.grpc)
        assert made.returncode == 0, made.stderr
        with channel_to(served.grpc) as channel:
            Client(channel).send("RegistryService/RegisterOrganization", namesake())
        store_attendances(served.settings, FILLED)
        yield served


def namesake() -> registry.RegisterOrganizationRequest:
    """An organisation that is called like another one's resource name."""
    return registry.RegisterOrganizationRequest(
        request_id=request_id(), organization_id="namesake", display_name=values_pb2.LocalizedText(en=GREEN)
    )


@pytest.fixture(scope="module")
def audit(log: ServedLog) -> Iterator[AuditServiceStub]:
    with channel_to(log.grpc) as channel:
        yield AuditServiceStub(channel)


@pytest.fixture(scope="module")
def stored(audit: AuditServiceStub) -> dict[int, list[Stored]]:
    """All events by partition, at their position - 1."""
    return {
        partition: [
            Stored(body, json.loads(body))
            for page in audit.ReplayEvents(pb.ReplayEventsRequest(partition=partition))
            for body in page.events
        ]
        for partition in (0, 1)
    }


def stamp(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def passing(request: pb.ReplayEventsRequest, stored: list[Stored]) -> list[tuple[int, bytes]]:
    """What the filter means, said once more."""
    first, last = max(request.from_position, 1), request.to_position or len(stored)
    found: list[tuple[int, bytes]] = []
    for position in range(first, min(last, len(stored)) + 1):
        event = stored[position - 1]
        subject = event.read["subject"]
        wanted = (
            not request.types or event.read["type"] in request.types,
            not request.holder or subject == request.holder or subject.startswith(request.holder + "/"),
            not request.organization or event.read["data"].get("organization") == request.organization,
            not request.HasField("from_time") or event.recorded_at >= request.from_time.ToDatetime(UTC),
            not request.HasField("until_time") or event.recorded_at < request.until_time.ToDatetime(UTC),
        )
        if all(wanted):
            found.append((position, event.body))
    return found


def collected(audit: AuditServiceStub, request: pb.ReplayEventsRequest) -> list[tuple[int, bytes]]:
    """The events of all pages, each page where the one before it ended."""
    found: list[tuple[int, bytes]] = []
    expected = max(request.from_position, 1)
    for page in audit.ReplayEvents(request):
        assert (page.partition, page.first_position) == (request.partition, expected)
        assert len(page.positions) == len(page.events) <= min(request.page_size or 500, 1_000)
        assert all(expected <= position < page.next_position for position in page.positions)
        found += zip(page.positions, page.events, strict=True)
        expected = page.next_position
    return found


def any_filter(chance: random.Random, stored: dict[int, list[Stored]]) -> pb.ReplayEventsRequest:
    """One to all filters, taken from events that are there."""
    partition = chance.choice((0, 0, 1))
    events = stored[partition]
    few = [event for event in events if event.read["client"] != "tests"]
    one = chance.choice(few)
    request = pb.ReplayEventsRequest(partition=partition, page_size=chance.choice((0, 1_000, 10_000)))
    if chance.random() < 0.6:
        request.types.extend({chance.choice(few).read["type"] for _ in range(chance.randint(1, 3))})
    if chance.random() < 0.4:
        names = [event.read["subject"] for event in (one, chance.choice(few))]
        request.holder = next(
            ("/".join(name.split("/")[:2]) for name in names if name.startswith(("volunteers/", "opportunities/"))), ""
        )
    if chance.random() < 0.4:
        request.organization = one.read["data"].get("organization", "organizations/nobody")
    if chance.random() < 0.4:
        request.from_time.FromDatetime(one.recorded_at + timedelta(microseconds=chance.choice((-1, 0, 1))))
    if chance.random() < 0.4:
        later = max(one.recorded_at, chance.choice(few).recorded_at)
        request.until_time.FromDatetime(later + timedelta(microseconds=chance.choice((1, 2, 60_000_000))))
    if not is_filtered(request):
        request.types.append("hours-verified")
    if chance.random() < 0.3:
        request.from_position, request.to_position = sorted(chance.choices(range(1, 200), k=2))
        request.page_size = chance.choice((1, 2, 7))
    return request


@pytest.mark.parametrize("count", [40, pytest.param(2_000, marks=pytest.mark.proof)])
def test_any_filters_together_give_exactly_what_passes(audit, stored, seed, count):
    chance = random.Random(seed)
    sizes = set[int]()
    for _ in range(count):
        request = any_filter(chance, stored)
        expected = passing(request, stored[request.partition])
        assert collected(audit, request) == expected, request
        sizes.add(len(expected))
    assert len(sizes) > 5


def test_an_organization_counts_only_where_the_event_names_it(audit, stored):
    """Another one is called like it, and its name is part of appointments."""
    events = [event for partition in (0, 1) for event in stored[partition]]
    mentioned = [event for event in events if f'"{GREEN}"'.encode() in event.body]
    found = [
        body
        for partition in (0, 1)
        for _, body in collected(audit, pb.ReplayEventsRequest(partition=partition, organization=GREEN))
    ]
    assert 0 < len(found) < len(mentioned)


def test_a_rare_event_is_searched_for_in_steps_that_tell_how_far_they_got(audit, stored):
    pages = list(audit.ReplayEvents(pb.ReplayEventsRequest(types=["policy-enacted"], from_position=10)))
    assert [page for page in pages if page.events or page.positions] == []
    ends = [page.next_position for page in pages]
    assert ends == [10 + SCANNED_POSITIONS, 10 + 2 * SCANNED_POSITIONS, len(stored[0]) + 1]


def test_a_holder_is_found_by_the_index_and_not_by_reading_on(audit, stored):
    [holder] = {one.read["data"]["holder"] for one in stored[0][-1:]}
    request = pb.ReplayEventsRequest(holder=holder)
    [page] = audit.ReplayEvents(request)
    assert len(page.events) == FILLED // 40
    assert list(page.events) == [body for _, body in passing(request, stored[0])]
    assert page.next_position == len(stored[0]) + 1


@pytest.mark.parametrize("broken_after_pages", [1, 2, 5])
def test_a_search_goes_on_where_it_broke(audit, stored, broken_after_pages):
    request = pb.ReplayEventsRequest(organization=GREEN, page_size=9)
    expected = passing(request, stored[0])
    stream = audit.ReplayEvents(request)
    found: list[tuple[int, bytes]] = []
    for page in (next(stream) for _ in range(broken_after_pages)):
        found += zip(page.positions, page.events, strict=True)
        request.from_position = page.next_position
    stream.cancel()
    assert found + collected(audit, request) == expected


class CutAfter(Conversation):
    """The server's side of the first connections breaks off after so many bytes."""

    left: ClassVar[list[int]] = []

    def from_client(self, data: bytes) -> bytes:
        return data

    def from_server(self, data: bytes) -> bytes:
        if not self.left:
            return data
        self.left[0] -= len(data)
        if self.left[0] < 0:
            self.left.pop(0)
            self.cuts.count("after")
            self.close.set()
            return b""
        return data


@pytest.mark.parametrize(
    "filters", [[], ["--type", "attendance-recorded", "--type", "hours-verified"]], ids=["all", "some"]
)
def test_the_command_line_takes_a_broken_stream_up_again(log, stored, tmp_path, filters):
    CutAfter.left = [40_000, 60_000]
    out = tmp_path / "events.jsonl"
    with TcpProxy(int(log.grpc.rpartition(":")[2]), CutAfter) as proxy:
        done = hours_ledger("replay", *filters, "--to", "2000", "--out", out, address=f"127.0.0.1:{proxy.port}")
    assert done.returncode == 0, done.stderr
    assert proxy.cuts.total == 2
    request = pb.ReplayEventsRequest(types=filters[1::2], to_position=2000)
    assert out.read_bytes() == b"".join(body + b"\n" for _, body in passing(request, stored[0]))
    assert "go on with --from 2001" in done.stderr


def test_the_command_line_says_every_filter(log, stored):
    event = [one for one in stored[1] if one.read["subject"].startswith("opportunities/")][-1]
    request = pb.ReplayEventsRequest(
        partition=1,
        types=["registration-accepted", "shift-opened"],
        holder="/".join(event.read["subject"].split("/")[:2]),
        from_time=stamp(stored[1][20].recorded_at),
        until_time=stamp(event.recorded_at),
    )
    times = ("--from-time", stored[1][20].read["time"], "--until-time", event.read["time"])
    types = ("--type", "registration-accepted", "--type", "shift-opened")
    done = hours_ledger("replay", "--partition", "1", *types, "--holder", request.holder, *times, address=log.grpc)
    assert done.returncode == 0, done.stderr
    wanted = passing(request, stored[1])
    assert wanted
    assert done.stdout.encode() == b"".join(body + b"\n" for _, body in wanted)
    named = hours_ledger("replay", "--organization", GREEN, address=log.grpc)
    wanted = passing(pb.ReplayEventsRequest(organization=GREEN), stored[0])
    assert named.stdout.encode() == b"".join(body + b"\n" for _, body in wanted)


FAR = Timestamp(seconds=2**40)
HOSTILE = [
    pb.ReplayEventsRequest(types=["hours-verifed"]),
    pb.ReplayEventsRequest(types=["hours-verified", ""]),
    pb.ReplayEventsRequest(types=["x" * 101]),
    pb.ReplayEventsRequest(types=["hours-verified"] * 101),
    pb.ReplayEventsRequest(holder="volunteers/%"),
    pb.ReplayEventsRequest(holder="volunteers/"),
    pb.ReplayEventsRequest(holder="organizations/green"),
    pb.ReplayEventsRequest(holder="volunteers/v1/attendances/a1"),
    pb.ReplayEventsRequest(holder="volunteers/v1' or 'a' = 'a"),
    pb.ReplayEventsRequest(organization='organizations/"'),
    pb.ReplayEventsRequest(organization="volunteers/v1"),
    pb.ReplayEventsRequest(from_time=FAR),
    pb.ReplayEventsRequest(until_time=Timestamp(seconds=-(2**40))),
    pb.ReplayEventsRequest(from_time=Timestamp(nanos=-1)),
    pb.ReplayEventsRequest(from_time=Timestamp(seconds=1_000), until_time=Timestamp(seconds=999)),
    pb.ReplayEventsRequest(types=["hours-verified"], from_position=3, to_position=2),
    pb.ReplayEventsRequest(types=["hours-verified"], page_size=-1),
]


@pytest.mark.parametrize("request_", HOSTILE, ids=lambda request: str(request)[:40])
def test_hostile_values_are_refused_by_field(audit, request_):
    with pytest.raises(grpc.RpcError) as raised:
        list(audit.ReplayEvents(request_))
    assert refusal_of(raised.value).reason == "INVALID_ARGUMENT"
    assert refusal_of(raised.value).fields


def test_an_empty_range_of_time_has_no_events(audit, stored):
    middle = stamp(stored[0][100].recorded_at)
    assert collected(audit, pb.ReplayEventsRequest(from_time=middle, until_time=middle)) == []
    assert collected(audit, pb.ReplayEventsRequest(from_time=stamp(datetime.now(UTC) + timedelta(days=1)))) == []
    everything = pb.ReplayEventsRequest(from_time=Timestamp(), until_time=stamp(datetime.now(UTC) + timedelta(days=1)))
    assert len(collected(audit, everything)) == len(stored[0])


def test_a_changed_column_is_told_and_its_event_not_passed_on(log, audit, stored):
    with changed(log.settings.owner_database, "events", "recorded_at", "recorded_at + '1 s'", "position = 3"):
        with pytest.raises(grpc.RpcError) as raised:
            list(audit.ReplayEvents(pb.ReplayEventsRequest(types=[stored[0][2].read["type"]], to_position=50)))
        assert raised.value.code() is grpc.StatusCode.INTERNAL
    assert "position 3: column recorded_at" in log.child.log_file.read_text("utf-8")


def test_who_goes_away_stops_the_search_in_the_database(log, audit):
    """The table is locked, so the search cannot end by itself; whoever follows events waits for it too."""

    def searching() -> int:
        row = watching.execute(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
              and query like '%select position, stream, version, type, recorded_at, body from events%'
            """
        ).fetchone()
        return 0 if row is None else int(row[0])

    database = log.settings.owner_database
    # One transaction would be shown the same queries again and again.
    with psycopg.connect(database, autocommit=True) as watching, psycopg.connect(database) as locking:
        locking.execute("lock table events in access exclusive mode")
        stream = audit.ReplayEvents(pb.ReplayEventsRequest(types=["hours-verified"]))
        wait_until(lambda: searching() == 1, 20)
        stream.cancel()
        wait_until(lambda: searching() == 0, 20)
    assert collected(audit, pb.ReplayEventsRequest(types=["ledger-opened"]))[0][0] == 1
