"""Two names of one person on real servers: joined by two people, told in every answer, undone. Synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import grpc
import psycopg
import pytest
from google.protobuf.message import Message

from ledger import rebuild
from ledger.domain.streams import partition_of
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.system.acting import acting_as
from tests.system.erasing_programme import FOLLOWS_SECONDS_MAX, ZAHRA, Erasing, served_ledger
from tests.system.grpc_caller import with_id
from tests.system.kept_log import assert_sound, keep_once
from tests.system.small_programme import ANA, VERIFIER, record
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import policy_service_pb2 as policies
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import AsOf

AMAL, HUDA = "staff/amal", "staff/huda"
PAIR = {"name": ZAHRA, "linked_name": ANA}
HOUR = 3600
WAITS = "set idle_in_transaction_session_timeout = 0"
"""A server of ours ends transactions that idle; these hold others up on purpose."""
REQUIREMENT = "policies/two-hours"


@pytest.fixture
def settings(fresh_postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int) -> Settings:
    made = opened_ledger(fresh_postgres, kafka, partitions)
    if partitions > 1:
        assert partition_of(ANA, partitions) != partition_of(ZAHRA, partitions)
    return made.model_copy(update={"signer_folder": str(tmp_path / "signer")})


class Waiting(Protocol):
    """A call under way."""

    def result(self) -> bytes: ...


class Linking(Erasing):
    """A caller that links names and asks about them."""

    def link(self, method: str, message: Message, actor: str) -> resources_pb2.VolunteerLink:
        return resources_pb2.VolunteerLink.FromString(self.send(f"RegistryService/{method}", with_id(message), actor))

    def propose(self) -> resources_pb2.VolunteerLink:
        return self.link("LinkVolunteers", registry.LinkVolunteersRequest(**PAIR), AMAL)

    def approve(self) -> resources_pb2.VolunteerLink:
        return self.link("ApproveVolunteerLink", registry.ApproveVolunteerLinkRequest(**PAIR), HUDA)

    def end(self) -> resources_pb2.VolunteerLink:
        return self.link("EndVolunteerLink", registry.EndVolunteerLinkRequest(**PAIR, reason="MISTAKEN"), AMAL)

    def names(self, name: str) -> list[str]:
        """Other names, as the directory tells them."""
        return list(self.directory.GetVolunteer(directory.GetVolunteerRequest(name=name), timeout=10).linked_names)

    def balance(self, name: str, as_of: AsOf | None = None, proof: bool = False) -> hours.Balance:
        return self.hours.GetBalance(hours.GetBalanceRequest(name=name, as_of=as_of, proof=proof), timeout=10)

    def check(self, name: str, date: str = "", as_of: AsOf | None = None) -> hours.RequirementCheck:
        question = hours.CheckRequirementRequest(name=name, requirement=REQUIREMENT, date=date, as_of=as_of)
        return self.hours.CheckRequirement(question, timeout=10)

    def verifying(self, name: str) -> Waiting:
        """A call under way."""
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(
            "/volunteer_hours.v1.VerificationService/VerifyHours"
        )
        body = with_id(verification.VerifyHoursRequest(name=name))
        return call.future(body, metadata=acting_as(VERIFIER), timeout=60)

    def verify(self, name: str) -> None:
        self.send("VerificationService/VerifyHours", with_id(verification.VerifyHoursRequest(name=name)), VERIFIER)

    def state(self, name: str) -> int:
        try:
            return self.directory.GetAttendance(directory.GetAttendanceRequest(name=name), timeout=10).state
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
        return resources_pb2.ATTENDANCE_STATE_UNSPECIFIED  # the projections do not have it yet

    def require_two_hours(self) -> None:
        rules = policies.RequirementRules(
            period=policies.REQUIREMENT_PERIOD_CALENDAR_YEAR,
            levels=[policies.RequirementLevel(name="met", seconds_min=2 * HOUR)],
        )
        proposal = policies.ProposePolicyRequest(
            name=REQUIREMENT, effective_date="2026-01-01", source="synthetic", requirement=rules
        )
        self.send("PolicyService/ProposePolicy", with_id(proposal), AMAL)
        approval = policies.ApprovePolicyRequest(name=f"{REQUIREMENT}/versions/1")
        self.send("PolicyService/ApprovePolicy", with_id(approval), HUDA)


def answers(client: Linking, name: str) -> list[bytes]:
    """What is asked of one name, but for the positions and times that every answer has."""
    told: list[Message] = [
        client.balance(name),
        client.hours.BatchGetBalances(hours.BatchGetBalancesRequest(names=[name]), timeout=10),
        client.hours.ListEntries(hours.ListEntriesRequest(parent=name), timeout=10),
        client.hours.ExplainBalance(hours.ExplainBalanceRequest(name=name), timeout=10),
        client.check(name, date="2026-11-30"),
        client.check(name),
        client.directory.GetVolunteer(directory.GetVolunteerRequest(name=name), timeout=10),
    ]
    for message in told:
        for field in ("positions", "recorded_through"):
            if field in message.DESCRIPTOR.fields_by_name:
                message.ClearField(field)
    return [message.SerializeToString(deterministic=True) for message in told]


@pytest.mark.parametrize("partitions", [3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def test_answers_about_one_name_tell_of_the_other_from_the_link_on(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (_, [erasing]):
        client = Linking(erasing.channel)
        client.begin()
        client.require_two_hours()
        client.verify(f"{ZAHRA}/attendances/at-07")
        wait_until(lambda: caught_up(settings))
        before = {name: answers(client, name) for name in (ANA, ZAHRA)}
        unlinked_at = client.balance(ANA).positions
        assert not client.check(ANA, date="2026-11-30").met

        assert client.propose().state == resources_pb2.VOLUNTEER_LINK_STATE_PROPOSED
        mine = registry.ApproveVolunteerLinkRequest(**PAIR)
        assert client.refused("RegistryService/ApproveVolunteerLink", with_id(mine), AMAL).reason == "LINK_SAME_PERSON"
        link = client.approve()
        assert (link.name, link.linked_name, link.state) == (ANA, ZAHRA, resources_pb2.VOLUNTEER_LINK_STATE_LINKED)
        # Both served at five: one hour of Zahra's is verified, Ana's is not.
        assert [(one.attendance, one.seconds) for one in link.overlaps] == [(f"{ANA}/attendances/at-05", HOUR)]
        assert link.overlap_seconds == HOUR
        wait_until(lambda: client.names(ANA) == [ZAHRA] and client.names(ZAHRA) == [ANA], FOLLOWS_SECONDS_MAX)

        told = client.balance(ANA)
        assert (list(told.linked_names), told.linked[0].name) == ([ZAHRA], ZAHRA)
        assert told.seconds.verified_seconds == 0
        assert told.linked[0].seconds.verified_seconds == told.seconds_together.verified_seconds == HOUR * 5 // 2
        assert told.seconds_together.attended_seconds == HOUR
        [batched] = client.hours.BatchGetBalances(hours.BatchGetBalancesRequest(names=[ZAHRA]), timeout=10).balances
        assert (list(batched.linked_names), batched.seconds_together) == ([ANA], told.seconds_together)
        for question in (client.check(ANA, date="2026-11-30"), client.check(ANA)):
            assert (question.met, question.counted_seconds) == (True, HOUR * 5 // 2)
            assert list(question.linked_names) == [ZAHRA]
        listed = client.hours.ListEntries(hours.ListEntriesRequest(parent=ANA), timeout=10)
        explained = client.hours.ExplainBalance(hours.ExplainBalanceRequest(name=ANA), timeout=10)
        assert list(listed.linked_names) == list(explained.linked_names) == [ZAHRA]
        assert {entry.attendance.rpartition("/attendances/")[0] for entry in listed.entries} == {ANA}
        linked_at = told.positions

        again = verification.VerifyHoursRequest(name=f"{ANA}/attendances/at-05")
        assert client.refused("VerificationService/VerifyHours", with_id(again), VERIFIER).reason == "LINKED_OVERLAP"
        keep_once(settings)
        for name in (ANA, ZAHRA):  # each name's list and proof are its own
            proof = client.audit.GetBalanceProof(audit.GetBalanceProofRequest(name=name), timeout=10)
            assert proof.SerializeToString()
            assert client.balance(name, proof=True).signed_answer

        client.end()
        wait_until(lambda: client.names(ANA) == client.names(ZAHRA) == [], FOLLOWS_SECONDS_MAX)
        wait_until(lambda: caught_up(settings))
        assert {name: answers(client, name) for name in (ANA, ZAHRA)} == before
        past = AsOf()
        past.positions.positions.extend(linked_at)
        assert list(client.balance(ANA, as_of=past).linked_names) == [ZAHRA]
        assert client.check(ANA, date="2026-11-30", as_of=past).met
        earlier = AsOf()
        earlier.positions.positions.extend(unlinked_at)
        assert list(client.balance(ANA, as_of=earlier).linked_names) == []
        keep_once(settings)
    rows = rebuild.rows(settings)
    assert rebuild.run(settings, source="kafka")
    assert rebuild.rows(settings) == rows
    assert_sound(settings)
    assert_audit_clean(settings, settled=True)


@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_what_was_verified_under_both_names_is_disputed_under_the_second(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (_, [erasing]):
        client = Linking(erasing.channel)
        client.begin()
        client.verify(f"{ANA}/attendances/at-05")
        client.propose()
        client.approve()
        disputed = resources_pb2.ATTENDANCE_STATE_DISPUTED
        wait_until(lambda: client.state(f"{ZAHRA}/attendances/at-05") == disputed, FOLLOWS_SECONDS_MAX)
        wait_until(lambda: client.names(ANA) == [ZAHRA], FOLLOWS_SECONDS_MAX)
        wait_until(lambda: caught_up(settings))
        assert client.state(f"{ANA}/attendances/at-05") == resources_pb2.ATTENDANCE_STATE_VERIFIED
        assert client.balance(ANA).seconds_together.verified_seconds == HOUR
        for person, start in ((ANA, "2026-11-20 10:00"), (ZAHRA, "2026-11-20 11:00")):
            later = record(start, f"{start[:-5]}12:30", volunteer=person, attendance_id="later")
            client.send("ParticipationService/RecordAttendance", later)
        # Two verifiers in one moment look at each other's name in vain.
        both_at_once(settings, client)
        wait_until(lambda: client.state(f"{ZAHRA}/attendances/later") == disputed, FOLLOWS_SECONDS_MAX)
        wait_until(lambda: caught_up(settings))
        assert client.balance(ANA).seconds_together.verified_seconds == HOUR * 7 // 2
    assert_audit_clean(settings, settled=True)


def both_at_once(settings: Settings, client: Linking) -> None:
    """Both are decided before either is recorded: who waits to add events has looked already."""
    with psycopg.connect(settings.owner_database) as owner:
        owner.execute(WAITS)
        owner.execute("lock table events in share mode")  # readers pass, who adds waits
        calls = [client.verifying(f"{name}/attendances/later") for name in (ANA, ZAHRA)]
        wait_until(lambda: waiting_to_add(settings) == len(calls))
    for call in calls:
        call.result()


def waiting_to_add(settings: Settings) -> int:
    with psycopg.connect(settings.owner_database) as owner:
        row = owner.execute(
            "select count(*) from pg_locks where relation = 'events'::regclass and not granted"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.proof  # in the small dose an erasure is killed in test_erasure
@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_a_link_and_an_erasure_are_finished_after_a_kill(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (running, [erasing]):
        client = Linking(erasing.channel)
        client.begin()
        client.propose()
        hold = "select from partition_counters where partition = %s for update"
        with psycopg.connect(settings.owner_database) as owner:
            owner.execute(WAITS)
            owner.execute(hold, [partition_of(ZAHRA, settings.partitions)])  # nothing follows there
            client.approve()
            assert running.kill("server-0")
        assert links_of(settings) == [(ANA, ZAHRA)]
        running.bring_back("server-0")
        running.wait_ready("server-0")
        wait_until(lambda: links_of(settings) == [(ANA, ZAHRA), (ZAHRA, ANA)])
        with psycopg.connect(settings.owner_database) as owner:
            owner.execute(WAITS)
            owner.execute(hold, [partition_of(ANA, settings.partitions)])
            client.erase()
            assert running.kill("server-0")
        assert links_of(settings) == [(ANA, ZAHRA)]
        running.bring_back("server-0")
        running.wait_ready("server-0")
        wait_until(lambda: links_of(settings) == [])
        wait_until(lambda: caught_up(settings))
        assert client.names(ANA) == []
        assert running.stopped_loudly() == []
    assert_audit_clean(settings, settled=True)


def links_of(settings: Settings) -> list[tuple[str, str]]:
    """Whose stream says last that they are linked, and to whom."""
    with psycopg.connect(settings.owner_database) as owner:
        rows = owner.execute(
            "select stream, type, convert_from(body, 'UTF8')::jsonb #>> '{data,linked_volunteer}' from ("
            " select distinct on (stream) stream, type, body from events"
            " where type in ('volunteer-linked', 'volunteer-link-ended') order by stream, version desc) latest"
        ).fetchall()
    return sorted((stream, other) for stream, kind, other in rows if kind == "volunteer-linked")
