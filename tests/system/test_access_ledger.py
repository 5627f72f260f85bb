"""Who looked at hours: recorded before anything is told, listed for the person, in a ledger that is checked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import msgspec
import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger import relay
from ledger.access.access_log import Look
from ledger.access.caller import Role
from ledger.access_ledger.access_settings import access_settings
from ledger.access_ledger.questions import AccessQuestions
from ledger.access_ledger.recording import AccessRecorder
from ledger.application import Application
from ledger.batch_writer import WriterStopped
from ledger.domain.hours_read import HoursRead, RecordHoursRead
from ledger.domain.refusals import Reason, Refusal
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_bytes import decode
from ledger.local_kafka import LocalKafka
from ledger.metrics import REGISTRY
from ledger.process_end import WRONG_SETTING
from ledger.settings import Settings, WrongSetting
from ledger.topic_guard import create_topic
from tests.system.access_store import access_as_owner, with_access_store
from tests.system.acting import acting_as
from tests.system.asked_service import Asked, asked_service
from tests.system.grpc_caller import with_id
from tests.system.kept_log import assert_sound, keep_once
from tests.system.running_ledger import PROJECT
from tests.system.small_programme import ANA, beginnings, record
from tests.system.stored_history import first_hashes, opened_store, settings_environment, stored_hashes, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import access_service_pb2 as pb
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.directory_service_pb2_grpc import DirectoryServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import Position

BEN = "volunteers/ben"
EVERYBODY = "volunteers/-"
CANARY = "Canary-Synthetic Nobody"
AS_ANA = acting_as(ANA, client="employer", roles=())
AS_AUDITOR = acting_as("staff/auditor", roles=(Role.AUDITOR,))
AS_ADMINISTRATOR = acting_as("staff/amal", client="ministry", roles=(Role.ADMINISTRATOR,))
IN_FLIGHT = 20
SUMS = hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_ORGANIZATION)


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def asked(request: pytest.FixtureRequest, postgres: EmbeddedPostgres, tmp_path_factory) -> Iterator[Asked]:
    with asked_service(postgres, tmp_path_factory.mktemp("asked"), request.param) as service:
        for method, message in beginnings():
            service.client.send(f"RegistryService/{method}", with_id(message))
        details = resources_pb2.PersonalDetails(full_name=CANARY)
        ben = registry.RegisterVolunteerRequest(volunteer_id="ben", details=details)
        service.client.send("RegistryService/RegisterVolunteer", with_id(ben))
        noted = record("2026-11-20 05:00", "2026-11-20 06:00")
        answer = service.client.send("ParticipationService/RecordAttendance", noted)
        wait_until_applied(service.stub, resources_pb2.Attendance.FromString(answer))
        yield service
        assert_audit_clean(access_settings(service.log.settings), settled=True)
        stored = stored_events(access_settings(service.log.settings))
        assert not [event for event in stored if CANARY.encode() in event]


def wait_until_applied(stub: HoursServiceStub, attendance: resources_pb2.Attendance) -> None:
    """Until the projections know who was registered before."""
    question = hours.GetBalanceRequest(name=ANA, positions=attendance.positions)
    stub.GetBalance(question, metadata=AS_ADMINISTRATOR, timeout=30)


def stored_events(settings: Settings) -> list[bytes]:
    with psycopg.connect(settings.database) as connection:
        return [row[0] for row in connection.execute("select body from events order by recorded_at, position")]


def looks(asked: Asked) -> int:
    """How many are recorded."""
    return len(stored_events(access_settings(asked.log.settings))) - 1


def listed(asked: Asked, parent: str, metadata: Any, **given: Any) -> pb.ListAccessesResponse:
    return AccessServiceStub(asked.channel).ListAccesses(
        pb.ListAccessesRequest(parent=parent, **given), metadata=metadata, timeout=20
    )


def everybody(asked: Asked, count: int) -> list[pb.Access]:
    """The newest, as an auditor sees them."""
    return list(listed(asked, EVERYBODY, AS_AUDITOR, page_size=count).accesses)


def test_a_person_sees_who_looked_and_of_the_others_only_how_many(asked: Asked):
    own = asked.stub.GetBalance(hours.GetBalanceRequest(name=ANA), metadata=AS_ANA)
    asked.stub.GetBalance(hours.GetBalanceRequest(name=BEN), metadata=AS_ADMINISTRATOR)
    both = hours.BatchGetBalancesRequest(names=[BEN, ANA])
    asked.stub.BatchGetBalances(both, metadata=(*AS_ADMINISTRATOR, ("x-purpose", "graduation")))

    batch, first = listed(asked, ANA, AS_ANA).accesses[:2]
    assert (first.client, first.actor, first.role) == ("employer", ANA, pb.ROLE_VOLUNTEER)
    assert (first.method, first.purpose) == ("HoursService/GetBalance", "")
    assert (list(first.volunteers), first.volunteer_count) == ([ANA], 1)
    assert list(first.positions) == list(own.positions)
    assert (batch.client, batch.actor, batch.role) == ("ministry", "staff/amal", pb.ROLE_ADMINISTRATOR)
    assert (batch.method, batch.purpose) == ("HoursService/BatchGetBalances", "graduation")
    assert (list(batch.volunteers), batch.volunteer_count) == ([ANA], 2)
    assert (batch.recorded_at.position, first.access_time.ToNanoseconds() > 0) == (first.recorded_at.position + 2, True)

    seen, of_ben, own_seen = everybody(asked, 3)
    assert [list(one.volunteers) for one in (seen, of_ben, own_seen)] == [[BEN, ANA], [BEN], [ANA]]
    assert [one.name for one in (seen, own_seen)] == [batch.name, first.name]
    assert [one.name for one in listed(asked, BEN, AS_AUDITOR).accesses[:2]] == [seen.name, of_ben.name]


def test_nobody_sees_who_looked_at_others(asked: Asked):
    for parent in (BEN, EVERYBODY, "volunteers/nobody"):
        with pytest.raises(grpc.RpcError) as refused:
            listed(asked, parent, AS_ANA)
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    assert listed(asked, "volunteers/nobody", AS_AUDITOR) == pb.ListAccessesResponse()


def test_who_reads_details_is_recorded_and_the_details_are_not(asked: Asked):
    request = directory.GetVolunteerRequest(name=BEN)
    told = DirectoryServiceStub(asked.channel).GetVolunteer(request, metadata=AS_ADMINISTRATOR, timeout=20)
    assert told.details.full_name == CANARY  # the fixture looks for it in all that is recorded, at its end
    (newest,) = everybody(asked, 1)
    assert (newest.method, list(newest.volunteers)) == ("DirectoryService/GetVolunteer", [BEN])


def test_what_tells_of_nobody_and_what_is_refused_is_no_look(asked: Asked):
    before = looks(asked)
    asked.stub.SummarizeHours(SUMS, metadata=AS_AUDITOR)
    listed(asked, ANA, AS_ANA)
    with pytest.raises(grpc.RpcError):
        asked.stub.GetBalance(hours.GetBalanceRequest(name=BEN), metadata=AS_ANA)
    assert looks(asked) == before


def test_pages_follow_each_other_while_more_is_recorded(asked: Asked):
    for _ in range(7):
        asked.stub.GetBalance(hours.GetBalanceRequest(name=ANA), metadata=AS_ADMINISTRATOR)
    whole = [one.name for one in listed(asked, ANA, AS_ANA, page_size=1_000).accesses]
    names: list[str] = []
    token = ""
    while True:
        page = listed(asked, ANA, AS_ANA, page_size=3, page_token=token)
        names += [one.name for one in page.accesses]
        asked.stub.GetBalance(hours.GetBalanceRequest(name=ANA), metadata=AS_ADMINISTRATOR)
        token = page.next_page_token
        if not token:
            break
    assert names == whole
    with pytest.raises(grpc.RpcError) as other:
        listed(asked, BEN, AS_AUDITOR, page_token=listed(asked, ANA, AS_ANA, page_size=1).next_page_token)
    assert other.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_replay_is_recorded_at_its_opening_and_with_each_page(asked: Asked):
    request = audit.ReplayEventsRequest(partition=asked.home, page_size=1)
    pages = list(AuditServiceStub(asked.channel).ReplayEvents(request, metadata=AS_AUDITOR, timeout=20))
    assert len(pages) > 2
    *told, opening = everybody(asked, len(pages) + 1)
    assert {one.method for one in (*told, opening)} == {"AuditService/ReplayEvents"}
    assert [(one.partition, one.first_position, one.last_position) for one in opening.ranges] == [(asked.home, 1, 0)]
    ranges = [(one.first_position, one.last_position) for access in reversed(told) for one in access.ranges]
    assert ranges == [(page.first_position, page.next_position - 1) for page in pages]
    assert not any(one.volunteers for one in told)


def test_who_watches_a_balance_is_recorded_at_the_opening_and_with_each_answer(asked: Asked):
    before = looks(asked)
    watched = asked.stub.WatchBalance(hours.WatchBalanceRequest(name=ANA), metadata=AS_ANA, timeout=60)
    next(watched)
    assert looks(asked) == before + 2
    asked.serve(1)
    next(watched)
    assert looks(asked) == before + 3
    watched.cancel()
    assert {(one.method, *one.volunteers) for one in everybody(asked, 3)} == {("HoursService/WatchBalance", ANA)}


def test_rows_of_persons_are_made_again_from_the_events(asked: Asked):
    before = listed(asked, ANA, AS_ANA, page_size=1_000)
    with psycopg.connect(access_as_owner(asked.log.settings).owner_database) as owner:
        owner.execute("truncate access_persons, access_persons_made")
    assert listed(asked, ANA, AS_ANA, page_size=1_000) == before


def test_without_the_ledger_of_accesses_nobody_is_told_hours_and_everything_else_goes_on(asked: Asked):
    before = looks(asked)
    with away(access_as_owner(asked.log.settings)):
        request = hours.GetBalanceRequest(name=ANA)
        calls = [asked.stub.GetBalance.future(request, metadata=AS_ANA, timeout=30) for _ in range(3)]
        assert {call.code() for call in calls} == {grpc.StatusCode.UNAVAILABLE}
        asked.serve(2)
        asked.stub.SummarizeHours(SUMS, metadata=AS_AUDITOR)
    wait_until(lambda: is_told(asked))
    # A look that was refused may be recorded once the database is back: then somebody only meant to look.
    assert before < looks(asked) <= before + 4


@contextmanager
def away(settings: Settings) -> Iterator[None]:
    """The database takes no connections, and has none."""
    name = psycopg.conninfo.conninfo_to_dict(settings.owner_database)["dbname"]
    with psycopg.connect(settings.owner_database, dbname="postgres", autocommit=True) as server:
        server.execute(f'alter database "{name}" with allow_connections false')
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            server.execute(f'alter database "{name}" with allow_connections true')


def is_told(asked: Asked) -> bool:
    try:
        asked.stub.GetBalance(hours.GetBalanceRequest(name=ANA), metadata=AS_ANA, timeout=30)
    except grpc.RpcError:
        return False
    return True


def test_serve_does_not_start_without_it(postgres: EmbeddedPostgres):
    settings = opened_store(postgres, 1)
    assert "LEDGER_ACCESS_DATABASE" in refusal_to_serve(settings)
    assert "LEDGER_ACCESS_DATABASE is not set" in refusal_to_serve(settings.model_copy(update={"access_database": ""}))
    with_access_store(settings)
    assert "/access" in refusal_to_serve(settings.model_copy(update={"ledger_id": "volunteer-hours/access"}))
    other = settings.model_copy(update={"access_partitions": 2})
    assert "this ledger was opened with 1, fixed for ever" in refusal_to_serve(other)


def refusal_to_serve(settings: Settings) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "serve", "--grpc-address", "127.0.0.1:0"],
        cwd=PROJECT,
        env={**settings_environment(settings), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == WRONG_SETTING, done.stdout + done.stderr
    assert "serving" not in done.stdout
    return done.stderr


# By itself, over several partitions of its own


@pytest.fixture
def settings(postgres: EmbeddedPostgres) -> Settings:
    """Of a ledger of hours whose ledger of accesses has three partitions."""
    return with_access_store(opened_store(postgres, 1).model_copy(update={"access_partitions": 3}))


def look(number: int, persons: int = 1) -> Look:
    names = tuple(f"volunteers/synthetic-{(number + person) % 5_000}" for person in range(persons))
    return Look("ministry", f"staff/{number}", "auditor", "", "HoursService/BatchGetBalances", names, {0: 7})


async def recording(settings: Settings, work: Callable[[AccessRecorder], Awaitable[None]]) -> None:
    recorder = AccessRecorder(access_settings(settings))
    recorder.open()
    try:
        await work(recorder)
    finally:
        await recorder.close()


def test_looks_of_several_partitions_are_one_list(settings: Settings):
    async def work(recorder: AccessRecorder) -> None:
        for wave in range(5):
            await asyncio.gather(*(recorder.record(look(number)) for number in range(wave * 40, wave * 40 + 40)))

    asyncio.run(recording(settings, work))
    pages = asyncio.run(all_pages(settings, EVERYBODY, 30))
    assert len({one.recorded_at.partition for page in pages for one in page}) == 3
    times = [one.access_time.ToNanoseconds() for page in pages for one in page]
    assert times == sorted(times, reverse=True)
    assert sorted(one.actor for page in pages for one in page) == sorted(f"staff/{number}" for number in range(200))
    assert_audit_clean(access_settings(settings))


def test_a_look_at_thousands_is_recorded_as_several_and_all_of_them_find_it(settings: Settings):
    asyncio.run(recording(settings, lambda recorder: recorder.record(look(0, 2_500))))
    pages = asyncio.run(all_pages(settings, EVERYBODY, 1_000))
    accesses = [one for page in pages for one in page]
    assert sorted(len(one.volunteers) for one in accesses) == [500, 1_000, 1_000]
    assert {one.volunteer_count for one in accesses} == {2_500}
    for number in (0, 999, 1_000, 2_499):
        name = f"volunteers/synthetic-{number}"
        ((found,),) = asyncio.run(all_pages(settings, name, 10, only_volunteer=name))
        assert (list(found.volunteers), found.volunteer_count) == ([name], 2_500)


def test_a_page_ends_before_it_grows_too_long_to_be_sent(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    async def work(recorder: AccessRecorder) -> None:
        for number in range(12):
            await recorder.record(look(number, 400))

    asyncio.run(recording(settings, work))
    monkeypatch.setattr("ledger.access_ledger.questions.PAGE_BYTES_MAX", 50_000)
    pages = asyncio.run(all_pages(settings, EVERYBODY, 1_000))
    assert len(pages) > 2
    assert [one.actor for page in pages for one in page] == [f"staff/{number}" for number in reversed(range(12))]


async def all_pages(
    settings: Settings, parent: str, page_size: int, only_volunteer: str | None = None
) -> list[list[pb.Access]]:
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        settings.access_database, min_size=1, max_size=2, open=False, kwargs={"autocommit": True}
    )
    pages: list[list[pb.Access]] = []
    async with pool:
        token = ""
        while not pages or token:
            request = pb.ListAccessesRequest(parent=parent, page_size=page_size, page_token=token)
            page = await AccessQuestions(pool).list_accesses(request, only_volunteer, 20)
            pages.append(list(page.accesses))
            token = page.next_page_token
    return pages


def test_questions_of_several_servers_make_the_rows_once(settings: Settings):
    asyncio.run(recording(settings, lambda recorder: many(recorder, 300)))

    async def ask() -> list[list[list[pb.Access]]]:
        return await asyncio.gather(*(all_pages(settings, "volunteers/synthetic-7", 10) for _ in range(6)))

    answers = asyncio.run(ask())
    assert [len(pages) for pages in answers] == [1] * 6
    with psycopg.connect(settings.access_database) as connection:
        made = connection.execute("select count(*), count(distinct volunteer) from access_persons").fetchone()
    assert made == (300, 300)


async def many(recorder: AccessRecorder, count: int) -> None:
    await asyncio.gather(*(recorder.record(look(number)) for number in range(count)))


def test_too_many_looks_at_once_are_refused_and_not_forgotten(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ledger.batch_writer.WAITING_MAX", 50)

    async def work(recorder: AccessRecorder) -> None:
        ends = await asyncio.gather(*(recorder.record(look(number)) for number in range(400)), return_exceptions=True)
        refused = [end for end in ends if end is not None]
        assert refused
        assert {(type(end), end.reason) for end in refused if isinstance(end, Refusal)} == {
            (Refusal, Reason.SERVER_BUSY)
        }
        assert len(stored_events(access_settings(settings))) - 3 >= 400 - len(refused)

    asyncio.run(recording(settings, work))


def test_a_look_that_was_refused_before_it_was_sent_is_none(settings: Settings):
    refused_before = figure("refused")

    async def work() -> None:
        recorder = AccessRecorder(access_settings(settings), seconds_max=0.3)
        recorder.open()
        with away(access_as_owner(settings)):
            tasks = [asyncio.create_task(recorder.record(look(number))) for number in range(IN_FLIGHT)]
            await asyncio.sleep(0.1)
            tasks += [asyncio.create_task(recorder.record(look(number))) for number in range(IN_FLIGHT, 100)]
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {isinstance(end, Refusal) and end.reason for end in ends} == {Reason.UNAVAILABLE}
        assert figure("refused") - refused_before == 100
        await recorder.close()

    asyncio.run(work())
    recorded = {decode(event).actor for event in stored_events(access_settings(settings))} - {"ledger/opening"}
    assert recorded <= {f"staff/{number}" for number in range(IN_FLIGHT)}


def figure(ended: str) -> float:
    return REGISTRY.get_sample_value("ledger_looks_total", {"ended": ended}) or 0.0


def test_its_events_go_to_its_own_topic_and_its_log_is_signed_and_checked(
    settings: Settings, kafka: LocalKafka, tmp_path: Path
):
    of_access = access_settings(
        settings.model_copy(update={"kafka": kafka.bootstrap, "access_signer_folder": str(tmp_path / "signer-access")})
    )
    asyncio.run(recording(settings, lambda recorder: many(recorder, 50)))
    create_topic(of_access)
    relay.run(of_access, stop=threading.Event(), once=True)
    for partition in range(3):
        assert first_hashes(of_access, partition) == stored_hashes(access_as_owner(settings), partition)
    keep_once(of_access)
    assert_sound(of_access.model_copy(update={"owner_database": access_as_owner(settings).owner_database}))
    assert (tmp_path / "signer-access" / "0.vkeys").read_text().startswith(f"{settings.log_origin}-access/0+")
    assert_audit_clean(of_access, settled=True)


# What belongs to which ledger


def test_a_stream_of_the_other_kind_stops_the_writer_and_is_found_by_the_audit(settings: Settings):
    read = HoursRead(
        access="accesses/a1",
        caller_role="auditor",
        call="HoursService/GetBalance",
        volunteers=(ANA,),
        volunteer_count=1,
        ranges=(),
        answered_at=(),
    )

    async def none_known(states: Any) -> dict[str, None]:
        return dict.fromkeys(states)

    async def record_in(ledger_id: str) -> None:
        application = Application(settings.database, ledger_id, 1, b"0" * 16, none_known)
        await application.open()
        try:
            command = RecordHoursRead(read)
            await application.execute(command, client="tests", actor="staff/a", request_id="r", request_body=b"")
        finally:
            await application.close()

    with pytest.raises(WriterStopped, match="accesses/a1 is no stream of a ledger of kind hours"):
        asyncio.run(record_in(settings.ledger_id))
    assert_audit_clean(settings)
    asyncio.run(record_in("volunteer-hours/access"))  # a program that believes to be elsewhere
    with pytest.raises(AssertionError, match="stream is of this kind of ledger"):
        assert_audit_clean(settings)


def test_the_ledger_of_accesses_has_nothing_of_the_other_but_its_form(settings: Settings):
    of_access = access_settings(settings)
    events = [decode(event) for event in stored_events(of_access)]
    assert [(event.type, event.source) for event in events] == [("ledger-opened", "volunteer-hours/access")] * 3
    assert {msgspec.json.decode(event.data)["partitions"] for event in events} == {3}
    for name in ("keys_database", "read_database", "projector_database", "master_key_file", "access_database"):
        assert getattr(of_access, name) == ""
    with pytest.raises(WrongSetting, match="ends the id of a ledger of accesses"):
        access_settings(of_access)


def test_positions_of_an_answer_are_those_it_rests_on(asked: Asked):
    balance = asked.stub.GetBalance(hours.GetBalanceRequest(name=ANA), metadata=AS_ANA)
    asked.serve(3)
    later = asked.stub.GetBalance(
        hours.GetBalanceRequest(name=ANA, positions=heads_now(asked)), metadata=AS_ANA, timeout=60
    )
    newer, older = listed(asked, ANA, AS_ANA, page_size=2).accesses
    assert list(older.positions) == list(balance.positions)
    assert list(newer.positions) == list(later.positions) != list(balance.positions)


def heads_now(asked: Asked) -> list[Position]:
    with psycopg.connect(asked.log.settings.database) as connection:
        rows = connection.execute("select partition, position from partition_counters").fetchall()
    return [Position(partition=partition, position=position) for partition, position in rows]
