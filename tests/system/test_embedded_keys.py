"""An embedded ledger makes its master key, rotates it while it is served, and forgets whom it is told to. Synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.system.acting import channel_to
from tests.system.canaries import found
from tests.system.erasing_programme import ACTOR, CANARIES, FOLLOWS_SECONDS_MAX, ZAHRA, Erasing, details
from tests.system.grpc_caller import with_id
from tests.system.served_ledger import Served, hours_ledger, served_in_a_folder
from tests.system.stored_history import wait_until
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import registry_service_pb2 as registry


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with served_in_a_folder(3) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Erasing]:
    with channel_to(served.grpc) as channel:
        client = Erasing(channel)
        client.begin()
        yield client


def rotated(served: Served) -> dict[str, object]:
    done = hours_ledger("keys", "--rotate-master", "--json", "--data-dir", served.folder, LEDGER_PARTITIONS="3")
    assert done.returncode == 0, done
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_the_master_key_is_private_and_rotates_while_it_is_used(served: Served, client: Erasing):
    file = served.folder / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    [first] = file.read_text("utf-8").split()
    told = rotated(served)
    second, kept = file.read_text("utf-8").split()
    assert (told["rewrapped"], kept) == (3, first)
    assert second.startswith(f"{told['master_key_id']}:")
    new = registry.RegisterVolunteerRequest(volunteer_id="sealed-after", details=details())
    new.details.ClearField("identity")
    client.send("RegistryService/RegisterVolunteer", with_id(new))
    wait_until(lambda: all(opens(client, name) for name in (ZAHRA, "volunteers/sealed-after")), FOLLOWS_SECONDS_MAX)
    assert rotated(served)["rewrapped"] == 4


def test_what_was_exported_before_and_after_an_erasure_says_nothing_of_them(
    served: Served, client: Erasing, tmp_path: Path
):
    before, after = tmp_path / "before", tmp_path / "after"
    wait_until(lambda: exported(served, before, ZAHRA))
    client.erase()
    client.erase("volunteers/sealed-after")
    client.erase_member()
    wait_until(lambda: client.receipt().keys_destroyed == 1, FOLLOWS_SECONDS_MAX)
    wait_until(lambda: exported(served, after, "volunteer-erased"))
    assert found(CANARIES, [tmp_path]) == []
    logs = {path: path.read_text("utf-8") for path in served.folder.glob("*.log")}
    assert logs
    assert not [f"{name}: {path}" for path, text in logs.items() for name, value in CANARIES.items() if value in text]


def exported(served: Served, folder: Path, text: str) -> bool:
    """Whether what is signed by now has this text in it; an export goes on where it was."""
    done = hours_ledger("export", folder, "--url", f"http://{served.http}", "--data-dir", served.folder)
    return done.returncode == 0 and bool(found({"searched": text}, [folder]))


def opens(client: Erasing, name: str) -> bool:
    question = directory.GetVolunteerRequest(name=name)
    try:
        volunteer = client.directory.GetVolunteer(question, metadata=ACTOR, timeout=20)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:  # not projected yet
            raise
        return False
    return volunteer.details.full_name == CANARIES["full_name"]
