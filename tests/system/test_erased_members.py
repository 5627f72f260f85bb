"""A member of staff erased on real servers: no name is left, and what they verified is as it was. Synthetic."""

from __future__ import annotations

from pathlib import Path

import grpc
import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.tree_hash import leaf_hash, leaf_hashes, root_of
from tests.system.acting import acting_as
from tests.system.erasing_programme import (
    CANARIES,
    FOLLOWS_SECONDS_MAX,
    ZAHRA,
    Erasing,
    events_of,
    keys_of,
    proofs_of,
    served_ledger,
)
from tests.system.grpc_caller import refusal_of, with_id
from tests.system.kept_log import assert_sound, keep_once
from tests.system.small_programme import GREEN, VERIFIER
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification


@pytest.fixture
def settings(fresh_postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int) -> Settings:
    made = opened_ledger(fresh_postgres, kafka, partitions)
    return made.model_copy(update={"signer_folder": str(tmp_path / "signer")})


def green(client: Erasing) -> resources_pb2.Organization:
    return client.directory.GetOrganization(directory.GetOrganizationRequest(name=GREEN), timeout=10)


@pytest.mark.parametrize("partitions", [3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def test_a_name_goes_and_every_verification_keeps_its_author(settings: Settings, tmp_path: Path):
    partitions = settings.partitions
    with served_ledger(settings, tmp_path / "logs", 1) as (_, [client]):
        client.begin()
        again = with_id(anew("twice"))
        first = client.send("RegistryService/AppointMember", again)
        recorded = client.recorded()
        assert client.send("RegistryService/AppointMember", again) == first
        assert client.recorded() == recorded, "a repeated request names nobody again"
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
        before, sums = events_of(client, partitions), client.sums()
        sizes = [len(events) for events in before]
        proofs, roots = proofs_of(client, sizes), [root_of(leaf_hashes(events)) for events in before]
        assert client.member().member_name == CANARIES["member"]

        [key] = keys_of(settings, VERIFIER)
        assert client.erase_member().erased
        wait_until(lambda: client.receipt(VERIFIER).HasField("keys_destroyed_time"), FOLLOWS_SECONDS_MAX)
        receipt = client.receipt(VERIFIER)
        assert (list(receipt.key_ids), receipt.keys_destroyed, receipt.read_rows_purged) == ([key[0]], 1, True)
        assert keys_of(settings, VERIFIER) == []
        told = client.member()
        assert (told.erased, told.member_name) == (True, "")

        def ended() -> bool:
            return all(one.HasField("until_time") for one in green(client).appointments if one.member == VERIFIER)

        wait_until(ended, FOLLOWS_SECONDS_MAX)
        verify = verification.VerifyHoursRequest(name=f"{ZAHRA}/attendances/at-07")
        assert client.refused("VerificationService/VerifyHours", with_id(verify), VERIFIER).reason == "NOT_A_VERIFIER"
        assert client.refused("RegistryService/AppointMember", with_id(anew())).reason == "MEMBER_ERASED"
        assert keys_of(settings, VERIFIER) == [], "a refused command left a key"

        assert client.sums() == sums
        assert proofs_of(client, sizes) == proofs
        for events, size, proof, root in zip(events_of(client, partitions), sizes, proofs, roots, strict=True):
            verify_inclusion(leaf_hash(events[size - 1]), size - 1, size, list(proof.hashes), root)
        assert any(b'"actor":"staff/verifier"' in event for events in before for event in events)
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
    assert_sound(settings)
    assert_audit_clean(settings, settled=True)


def asked_by(client: Erasing, actor: str) -> str:
    """The verifier's name as somebody without an office is told it, or why it is not."""
    question = directory.GetMemberRequest(name=VERIFIER)
    try:
        return client.directory.GetMember(question, metadata=acting_as(actor, roles=()), timeout=10).member_name
    except grpc.RpcError as error:
        return refusal_of(error).reason


def anew(appointment: str = "anew") -> registry.AppointMemberRequest:
    return registry.AppointMemberRequest(
        parent=GREEN,
        appointment_id=appointment,
        member=VERIFIER,
        role=resources_pb2.MEMBER_ROLE_VERIFIER,
        member_name=CANARIES["member"],
    )


@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_only_the_member_and_the_authority_read_a_name(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (_, [client]):
        client.begin()
        others = registry.AppointMemberRequest(
            parent=GREEN, member="staff/another", role=resources_pb2.MEMBER_ROLE_VERIFIER
        )
        client.send("RegistryService/AppointMember", with_id(others))
        wait_until(lambda: asked_by(client, VERIFIER) == CANARIES["member"], FOLLOWS_SECONDS_MAX)
        # Until the appointment is known the caller has no role at all; then the name is not theirs.
        wait_until(lambda: asked_by(client, "staff/another") == "NOT_FOUND", FOLLOWS_SECONDS_MAX)
        volunteers = registry.AppointMemberRequest(
            parent=GREEN, member=ZAHRA, role=resources_pb2.MEMBER_ROLE_VERIFIER, member_name="Synthetic"
        )
        assert client.refused("RegistryService/AppointMember", with_id(volunteers)).fields == ("member_name",)


@pytest.mark.proof
@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_an_erasure_of_a_member_is_finished_after_a_kill(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (running, [client]):
        client.begin()
        with psycopg.connect(settings.owner_keys_database) as keys:
            keys.execute("set idle_in_transaction_session_timeout = 0")
            keys.execute("lock table person_keys in exclusive mode")  # nobody destroys anything
            client.erase_member()
            assert running.kill("server-0")
        assert len(keys_of(settings, VERIFIER)) == 1
        running.bring_back("server-0")
        running.wait_ready("server-0")
        wait_until(lambda: keys_of(settings, VERIFIER) == [])
        wait_until(lambda: caught_up(settings))
        assert running.stopped_loudly() == []
    assert_audit_clean(settings, settled=True)
