"""The commands that work on a ledger, on the ledger of accesses of one that is served as people run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from ledger.access_ledger.access_settings import access_settings
from ledger.commands.places import settings_at_rest
from ledger.domain.ledger_kind import ACCESS_PATH
from ledger.embedded_ledger import ACCESS_SIGNER_FOLDER
from tests.independent_audit.running import run
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import Client, with_id
from tests.system.served_ledger import Done, Served, hours_ledger, served_in_a_folder
from tests.system.small_programme import ANA, beginnings
from tests.system.stored_history import wait_until
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

LOOKS = 300
"""More than one full tile of the log."""


@dataclass(frozen=True)
class Looked:
    """A served ledger at whose hours somebody looked, all of it signed; and the export of its accesses."""

    served: Served
    export: Path
    size: int
    """Of its log."""

    @property
    def keys(self) -> list[str]:
        """As options."""
        lines = (self.served.folder / ACCESS_SIGNER_FOLDER / "0.vkeys").read_text().splitlines()
        return [word for line in lines for word in ("--key", line)]

    def run(self, *arguments: str | Path) -> Done:
        return hours_ledger(*arguments, "--ledger", "access", "--data-dir", self.served.folder)


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    with served_in_a_folder() as served, channel_to(served.grpc) as channel:
        client = Client(channel)
        for method, message in beginnings():
            client.send(f"RegistryService/{method}", with_id(message))
        look_often(channel)
        ledger = Looked(served, tmp_path_factory.mktemp("export") / "accesses", newest(channel))
        wait_until((served.folder / ACCESS_SIGNER_FOLDER / "0.vkeys").exists)
        wait_until(lambda: exported(ledger).stdout.startswith(f"partition 0: positions 1..{ledger.size},"))
        yield ledger


def look_often(channel: grpc.Channel) -> None:
    stub, request = HoursServiceStub(channel), hours.GetBalanceRequest(name=ANA)
    wait_until(lambda: is_known(stub, request))
    calls = [stub.GetBalance.future(request, metadata=acting_as(ANA, roles=()), timeout=60) for _ in range(LOOKS - 1)]
    for call in calls:
        call.result()


def newest(channel: grpc.Channel) -> int:
    """The position of the look that was recorded last: nothing follows it."""
    request = access.ListAccessesRequest(parent="volunteers/-", page_size=1)
    (one,) = AccessServiceStub(channel).ListAccesses(request, timeout=20).accesses
    return one.recorded_at.position


def is_known(stub: HoursServiceStub, request: hours.GetBalanceRequest) -> bool:
    try:
        stub.GetBalance(request, timeout=20)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


def exported(ledger: Looked) -> Done:
    """What `export` says; it fails before anything is signed."""
    token = settings_at_rest(ledger.served.folder).auditor_token.get_secret_value()
    url = ("--url", f"http://{ledger.served.http}", "--ledger", "access")
    return hours_ledger("export", ledger.export, *ledger.keys, *url, LEDGER_AUDITOR_TOKEN=token)


def test_the_audit_walks_it(looked: Looked):
    done = looked.run("audit", *looked.keys)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[-1] == "findings: 0"
    assert f"store, partition 0: positions 1..{looked.size}" in done.stdout


def test_the_doctor_finds_it_well(looked: Looked):
    done = looked.run("doctor")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (0, "wrong: 0"), done
    assert [line for line in lines if line.startswith(("warn", "wrong "))] == [
        "warn  topic: LEDGER_KAFKA is not set: there is no topic, the projections are fed by the event store"
    ]
    assert any(re.fullmatch(r"ok    LEDGER_ACCESS_DATABASE: has all \d+ migrations", line) for line in lines), lines
    assert f"ok    log, partition 0: size {looked.size} of {looked.size} is signed" in lines
    assert any(line.startswith("ok    signer, partition 0: ") for line in lines)


def test_its_export_stands_alone_before_both_auditors(looked: Looked):
    done = hours_ledger("audit", "--export", looked.export, *looked.keys)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "findings: 0"), done
    code, said = run(looked.export, *looked.keys)
    assert code == 0, said


def test_its_store_is_made_anew_from_an_export(looked: Looked, server_dir: Path):
    again = ("--ledger", "access", "--data-dir", server_dir)
    from_export = ("--from", "export", "--export", looked.export)
    done = hours_ledger("rebuild", "--store", *from_export, *looked.keys, *again)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[-1] == f"partition 0: positions 1..{looked.size}"
    audit = hours_ledger("audit", *again)
    assert audit.stdout.splitlines()[-1] == "findings: 0", audit
    assert f"store, partition 0: positions 1..{looked.size}" in audit.stdout


def test_an_export_of_the_other_kind_is_no_store_of_it(looked: Looked, server_dir: Path):
    done = hours_ledger(
        "rebuild", "--store", "--from", "export", "--export", looked.export, *looked.keys, "--data-dir", server_dir
    )
    assert done.returncode == 2, done
    assert "--ledger access" in done.stderr
    assert not (server_dir / "postgresql").exists(), "something was made before it was refused"


def test_its_projections_cannot_be_rebuilt_for_it_has_none(looked: Looked):
    assert "add --store" in looked.run("rebuild").stderr


def test_processes_say_which_setting_they_lack():
    for command, variable in (("relay", "LEDGER_ACCESS_RELAY_DATABASE"), ("keep-log", "LEDGER_ACCESS_LOG_KEEPER")):
        done = hours_ledger(command, "--ledger", "access")
        assert done.returncode == 2
        assert variable in done.stderr


def test_the_commands_and_the_site_mean_the_same_place(looked: Looked):
    assert access_settings(settings_at_rest(looked.served.folder)).signer_folder.endswith(f"/{ACCESS_SIGNER_FOLDER}")
    done = hours_ledger("export", looked.export, "--url", f"http://{looked.served.http}{ACCESS_PATH}", *looked.keys)
    assert done.returncode == 1, "entries are for auditors, whose token was not given"
