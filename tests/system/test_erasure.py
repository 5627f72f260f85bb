"""A person erased on real servers: who they are is nowhere any more, what they did stays to the second. Synthetic."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.request import urlopen

import grpc
import psycopg
import pytest

from ledger import rebuild
from ledger.access.person_keys import KEY_SECONDS_MAX
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.tree_hash import leaf_hash, leaf_hashes, root_of
from tests.system.access_store import access_as_owner
from tests.system.canaries import found, told
from tests.system.canary_statement import assert_nothing_is_told, state, with_issuer
from tests.system.erasing_programme import (
    ACTOR,
    ANEW,
    CANARIES,
    FOLLOWS_SECONDS_MAX,
    ZAHRA,
    Erasing,
    events_of,
    identity,
    keys_of,
    proofs_of,
    served_ledger,
)
from tests.system.grpc_caller import refusal_of, with_id
from tests.system.kept_log import assert_sound, keep_once
from tests.system.provoked_refusals import WRONG_BIRTH_DATE, provoked
from tests.system.small_programme import ANA, VERIFIER
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2


@pytest.fixture
def settings(fresh_postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int) -> Settings:
    made = opened_ledger(fresh_postgres, kafka, partitions)
    return with_issuer(made.model_copy(update={"signer_folder": str(tmp_path / "signer")}), tmp_path)


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def test_nothing_is_left_of_who_they_were_and_all_of_what_they_did(
    settings: Settings, fresh_postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, partitions: int
):
    logs = tmp_path / "logs"
    with served_ledger(settings, logs, 2) as (_, [client, other]):
        client.begin()
        link(client)
        refusals = provoked(client)
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
        stated = state(client, ZAHRA, CANARIES["full_name"])
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
        before, sums = events_of(client, partitions), client.sums()
        sizes = [len(events) for events in before]
        proofs, roots = proofs_of(client, sizes), [root_of(leaf_hashes(events)) for events in before]
        known = other.directory.GetVolunteer(directory.GetVolunteerRequest(name=ZAHRA), metadata=ACTOR)
        assert known.details.full_name == CANARIES["full_name"]  # the other process remembers the key from here on
        with pytest.raises(grpc.RpcError) as none:
            client.receipt()
        assert refusal_of(none.value).reason == "NOT_FOUND"

        key_ids = sorted(str(row[0]) for row in keys_of(settings, ZAHRA))
        erased = client.erase()
        assert erased.erased
        wait_until(lambda: client.receipt().HasField("keys_destroyed_time"), FOLLOWS_SECONDS_MAX)
        assert keys_of(settings, ZAHRA) == []
        for one in (client, other):
            answer = one.volunteer(erased)
            assert (answer.erased, answer.HasField("details"), list(answer.linked_names)) == (True, False, [])
        receipt = client.receipt()
        assert (list(receipt.key_ids), receipt.keys_destroyed) == (key_ids, len(key_ids))
        assert receipt.read_rows_purged
        assert not receipt.complete, "others may remember a key for some seconds"
        assert client.refused("RegistryService/EraseVolunteer", again()).reason == "VOLUNTEER_ERASED"
        assert client.refused("RegistryService/UpdateVolunteer", update()).reason == "VOLUNTEER_ERASED"
        assert keys_of(settings, ZAHRA) == [], "a refused command left a key"

        assert_nothing_is_told(client, settings, stated, erased.positions)
        assert client.sums() == sums
        assert proofs_of(client, sizes) == proofs
        for events, size, proof, root in zip(events_of(client, partitions), sizes, proofs, roots, strict=True):
            verify_inclusion(leaf_hash(events[size - 1]), size - 1, size, list(proof.hashes), root)

        assert client.refused("DirectoryService/LookupVolunteer", lookup()).reason == "NOT_FOUND"
        new = registry.RegisterVolunteerRequest(volunteer_id="zahra-anew")
        new.details.identity.CopyFrom(identity())
        new.details.full_name = "Somebody synthetic"
        client.send("RegistryService/RegisterVolunteer", with_id(new))
        found_now = resources_pb2.Volunteer.FromString(client.send("DirectoryService/LookupVolunteer", lookup()))
        assert found_now.name == ANEW
        client.erase_member()
        wait_until(lambda: client.receipt(VERIFIER).HasField("keys_destroyed_time"), FOLLOWS_SECONDS_MAX)
        assert client.sums() == sums
        refusals |= {f"erased: {asked}": answer for asked, answer in provoked(client).items()}
        client.erase(ANEW)  # the number was given once more: its canary must go, too
        wait_until(lambda: client.receipt(ANEW).HasField("keys_destroyed_time"), FOLLOWS_SECONDS_MAX)
        wait_until(lambda: caught_up(settings))
        keep_once(settings)
        metrics = metrics_of(logs)
    assert told({**CANARIES, "slip": WRONG_BIRTH_DATE}, refusals | metrics) == []
    assert all(b"ledger_" in text for text in metrics.values())
    rows = rebuild.rows(settings)
    assert rebuild.run(settings, source="kafka")
    assert rebuild.rows(settings) == rows
    assert_sound(settings)
    assert_audit_clean(settings, settled=True)
    for database in databases_of(settings):
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("vacuum")
            owner.execute("checkpoint")
    with psycopg.connect(settings.owner_read_database, autocommit=True) as owner:
        assert owner.execute("select volunteer from volunteers where erased and details <> '{}'").fetchall() == []
        [(data,)] = owner.execute("select current_setting('data_directory')").fetchall()
    topics = settings.topic, settings.access_topic
    segments = [path for topic in topics for path in kafka.data_dir.rglob(f"{topic}-*") if path.is_dir()]
    places = [Path(data), logs, *segments]
    for searched in ([Path(data)], segments):
        assert found({"pseudonym": ZAHRA}, searched), f"{searched}: what is searched like this is found"
    assert found({**CANARIES, "code of a link": stated.code}, places) == []


@pytest.mark.proof
@pytest.mark.timeout(240)
@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_a_receipt_is_complete_once_no_process_can_remember_a_key(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (_, [client]):
        client.begin()
        client.erase()
        wait_until(lambda: client.receipt().HasField("keys_destroyed_time"), FOLLOWS_SECONDS_MAX)
        since = time.monotonic()
        wait_until(lambda: client.receipt().complete, KEY_SECONDS_MAX + FOLLOWS_SECONDS_MAX)
        assert time.monotonic() - since >= KEY_SECONDS_MAX - FOLLOWS_SECONDS_MAX


@pytest.mark.proof
@pytest.mark.parametrize("partitions", [3], ids=["P=3"])
def test_an_erasure_is_finished_after_a_kill_and_again_after_old_keys_were_restored(settings: Settings, tmp_path: Path):
    with served_ledger(settings, tmp_path / "logs", 1) as (running, [client]):
        client.begin()
        with psycopg.connect(settings.owner_keys_database) as keys:
            keys.execute("lock table person_keys in exclusive mode")  # nobody destroys anything
            client.erase()
            assert not client.receipt().HasField("keys_destroyed_time")
            assert running.kill("server-0")
        [backup] = keys_of(settings, ZAHRA)
        running.bring_back("server-0")
        running.wait_ready("server-0")
        wait_until(lambda: keys_of(settings, ZAHRA) == [])
        wait_until(lambda: receipt_or_none(client).keys_destroyed == 1)

        assert running.kill("server-0")
        with psycopg.connect(settings.owner_keys_database) as keys:
            keys.execute("insert into person_keys values (%s, %s, %s, %s, %s)", backup)
            keys.execute("update erasures_followed set position = 0")
        running.bring_back("server-0")
        wait_until(lambda: keys_of(settings, ZAHRA) == [])
        wait_until(lambda: caught_up(settings))
        assert running.stopped_loudly() == []
    assert_audit_clean(settings, settled=True)


def receipt_or_none(client: Erasing) -> directory.ErasureReceipt:
    """The receipt, or an empty one while the server starts."""
    try:
        return client.receipt()
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNAVAILABLE:
            raise
        return directory.ErasureReceipt()


def link(client: Erasing) -> None:
    """Zahra has another name: until she is erased."""
    propose = registry.LinkVolunteersRequest(name=ZAHRA, linked_name=ANA)
    client.send("RegistryService/LinkVolunteers", with_id(propose))
    approve = registry.ApproveVolunteerLinkRequest(name=ZAHRA, linked_name=ANA)
    client.send("RegistryService/ApproveVolunteerLink", with_id(approve), "staff/another")


def metrics_of(logs: Path) -> dict[str, bytes]:
    """What each server tells of itself over HTTP."""
    addresses = [
        re.findall(r"serving HTTP on (\S+)", log.read_text("utf-8"))[-1] for log in sorted(logs.glob("server-*.log"))
    ]
    return {address: urlopen(f"http://{address}/metrics", timeout=10).read() for address in addresses}


def databases_of(settings: Settings) -> list[str]:
    """All four, as their owner."""
    whole = access_as_owner(settings)
    return [
        settings.owner_database,
        settings.owner_keys_database,
        settings.owner_read_database,
        whole.owner_database,
    ]


def again() -> bytes:
    return with_id(registry.EraseVolunteerRequest(name=ZAHRA))


def update() -> bytes:
    asked = registry.UpdateVolunteerRequest(name=ZAHRA)
    asked.details.full_name = CANARIES["full_name"]
    asked.update_mask.paths.append("full_name")
    return with_id(asked)


def lookup() -> bytes:
    return directory.LookupVolunteerRequest(identity=identity()).SerializeToString()
