"""`hours-ledger balance --proof`, and `verify` on what it saves: a person's path, a group's, and a stranger's none."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import open_folder
from tests.system.acting import channel_to
from tests.system.grpc_caller import Client, request_id, with_id
from tests.system.served_ledger import PROJECT, Done, answered, hours_ledger, served_in
from tests.system.small_programme import ANA, GARDEN, OLD, VERIFIER, beginnings, record
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.positions_pb2 import Position

NOBODY = "volunteers/nobody"
PAGE = (PROJECT / "docs" / "verify.md").read_text("utf-8")


@dataclass(frozen=True)
class Told:
    """A ledger in which something happened, and where its log's keys are."""

    address: str
    folder: Path
    positions: str
    """Of the last writes: a proof must cover them."""

    def run(self, *arguments: str | Path) -> Done:
        return hours_ledger(*arguments, address=self.address)

    def saved(self, name: str, folder: Path) -> Path:
        """The proof of all hours of somebody, the log's keys, the list of entries and the checkpoint, as files."""
        file = folder / "hours.balance-proof"
        told = answered(self.run("balance", name, "--proof", file, "--positions", self.positions, "--json"))
        size, partition = told["size"], told["partition"]
        keys = self.run("keys", "--verifier", "--partition", str(partition), "--data-dir", self.folder)
        folder.joinpath("log.vkeys").write_text(keys.stdout, "utf-8")
        listed = self.run("entries", name, "--as-of", f"{partition}:{size}", "--json")
        folder.joinpath("entries.json").write_text(listed.stdout, "utf-8")
        return file


def happen(client: Client) -> str:
    """Hours are recorded, verified, reversed; a group comes too. Gives the positions of the last writes."""
    for method, message in beginnings():
        client.send(f"RegistryService/{method}", with_id(message))
    last: dict[int, int] = {}

    def noted(answer: bytes) -> str:
        attendance = resources_pb2.Attendance.FromString(answer)
        last.update({one.partition: max(one.position, last.get(one.partition, 0)) for one in attendance.positions})
        return attendance.name

    first = noted(client.send("ParticipationService/RecordAttendance", record("2026-11-20 05:00", "2026-11-20 07:00")))
    other = noted(client.send("ParticipationService/RecordAttendance", record("2026-11-20 07:00", "2026-11-20 09:00")))
    for name, seconds in ((first, 7_200), (other, 3_600)):
        verify = verification.VerifyHoursRequest(request_id=request_id(), name=name, verified_seconds=seconds)
        noted(client.send("VerificationService/VerifyHours", verify, VERIFIER))
    reverse = verification.ReverseHoursRequest(request_id=request_id(), name=first, reason="SHIFT_CANCELLED")
    noted(client.send("VerificationService/ReverseHours", reverse, VERIFIER))
    group = participation.RecordGroupAttendanceRequest(
        request_id=request_id(), shift=OLD, head_count=6, attended_seconds=86_400
    )
    noted(client.send("ParticipationService/RecordGroupAttendance", group))
    return ",".join(f"{partition}:{position}" for partition, position in last.items())


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    with open_folder() as folder, served_in(folder, request.param) as address:
        with channel_to(address) as channel:
            positions = happen(Client(channel))
        yield Told(address, folder, positions)


def verified(told: Told, file: Path, *more: str | Path) -> Done:
    return told.run("verify", file, "--key", f"@{file.parent / 'log.vkeys'}", *more)


def test_a_person_s_hours_are_proven_and_the_whole_list_leads_to_the_proof(told: Told, tmp_path: Path):
    file = told.saved(ANA, tmp_path)
    done = verified(told, file, "--entries", tmp_path / "entries.json", "--json")
    said = answered(done)
    assert (said["verified"], said["holder"], said["known"], said["entries"]) == ("balance", ANA, True, "all")
    # Two attendances of two hours: one verified and reversed, of the other one hour was confirmed.
    assert {name: said[f"{name}_seconds"] for name in ("verified", "reversed", "attended", "recorded")} == {
        "verified": 3_600,
        "reversed": 10_800,
        "attended": 0,
        "recorded": 3_600,
    }
    asked = answered(told.run("balance", ANA, "--positions", told.positions, "--json"))
    assert [said[name] for name in ("verified_seconds", "reversed_seconds", "entry_count")] == [
        asked[name] for name in ("verified_seconds", "reversed_seconds", "entry_count")
    ]
    assert len(said["signed_by"]) == 2
    plain = verified(told, file)
    assert plain.stdout.startswith(f"verified: these are all the hours of {ANA} in the first {said['size']} events\n")
    assert plain.returncode == 0


def test_a_hidden_reversal_an_hour_more_and_another_event_are_named_by_their_step(told: Told, tmp_path: Path):
    file, list_file = told.saved(ANA, tmp_path), tmp_path / "entries.json"
    listed = json.loads(list_file.read_bytes())
    [reversal] = [one for one in listed["entries"] if one["reason"] == "SHIFT_CANCELLED"]
    others = [one for one in listed["entries"] if one is not reversal]
    leaf = listed["entries"][0]["event_leaf_hash"]
    changes = {
        14: {"entries": "none"},
        15: {"entries": others},
        16: {"entries": listed["entries"][::-1]},
        17: {"entries": [*others, {**reversal, "seconds": reversal["seconds"] - 1}]},
        18: {"entries": [*others, {**reversal, "event_leaf_hash": leaf}]},
    }
    for step, changed in changes.items():
        list_file.write_text(json.dumps(changed), "utf-8")
        done = verified(told, file, "--entries", list_file)
        assert done.returncode == 1
        assert f"step {step} " in done.stderr, (step, done)
        assert done.stdout == ""
        told_json = verified(told, file, "--entries", list_file, "--json")
        assert json.loads(told_json.stdout)["step"] == step


def test_a_group_and_a_stranger_are_proven_too(told: Told, tmp_path: Path):
    said = answered(verified(told, told.saved(GARDEN, tmp_path), "--entries", tmp_path / "entries.json", "--json"))
    assert (said["attended_seconds"], said["entry_count"], said["entries"]) == (86_400, 1, "all")
    file = tmp_path / "nobody.balance-proof"
    done = told.run("balance", NOBODY, "--proof", file)
    assert "no entries: the log says nothing of this name" in done.stdout.replace("\n", " ")
    partition = json.loads(told.run("balance", NOBODY, "--proof", file, "--json").stdout)["partition"]
    keys = told.run("keys", "--verifier", "--partition", str(partition), "--data-dir", told.folder)
    (tmp_path / "log.vkeys").write_text(keys.stdout, "utf-8")
    said = answered(verified(told, file, "--json"))
    assert (said["known"], said["entry_count"], said["recorded_seconds"]) == (False, 0, 0)
    assert "hold no hours of volunteers/nobody" in verified(told, file).stdout


def test_a_changed_file_another_key_and_wrong_options_are_told_apart(told: Told, tmp_path: Path):
    file = told.saved(ANA, tmp_path)
    data = file.read_bytes()
    file.write_bytes(data.replace(b"holder volunteers/ana\n", b"holder volunteers/anb\n"))
    changed = verified(told, file)
    assert changed.returncode == 1
    assert "step " in changed.stderr
    file.write_bytes(data)
    for options in (["--event", file], ["--witnesses", "1", "--witness", "x"], ["--old", file]):
        assert verified(told, file, *options).returncode == 2
    assert told.run("balance", ANA, "--proof", file, "--period", "2026").returncode == 2
    assert told.run("balance", ANA, "--proof", tmp_path / "no" / "folder").returncode == 2
    checkpoint = tmp_path / "checkpoint"
    checkpoint.write_bytes(b"no note\n")
    assert "step 19 " in verified(told, file, "--checkpoint", checkpoint).stderr
    assert verified(told, checkpoint, "--entries", file).returncode == 2


def test_every_entry_is_tied_to_its_event(told: Told):
    listed = answered(told.run("entries", ANA, "--positions", told.positions, "--json"))["entries"]
    assert listed
    for one in listed:
        position = Position(partition=one["partition"], position=one["position"])
        at = str(position.position)
        stored = told.run("replay", "--partition", str(position.partition), "--from", at, "--to", at).stdout
        assert leaf_of(stored.removesuffix("\n").encode()) == one["event_leaf_hash"]


def leaf_of(stored: bytes) -> str:
    return base64.b64encode(sha256(b"\x00" + stored).digest()).decode()


def test_the_page_s_commands_work_as_printed(tmp_path: Path):
    """The section of docs/verify.md, typed in a shell, over HTTP too."""
    [section] = re.findall(r"^## All the hours of somebody, or none\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    commands = "\n".join(re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    assert commands.count("\n") == 8
    with open_folder() as folder, served_in(folder) as address:
        with channel_to(address) as channel:
            client = Client(channel)
            happen(client)
        http = re.findall(r"serving HTTP on (\S+)", folder.joinpath("serve.log").read_text("utf-8"))[-1]
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LEDGER_GRPC_ADDRESS": address,
            "LEDGER_LOCAL_ISSUER": str(folder),
        }
        shown = commands.replace("http://127.0.0.1:8080", f"http://{http}").replace("volunteers/v1", ANA)
        # The first command takes the newest proof there is: wait until there is one, as somebody who reads would have.
        waiting = tmp_path / "waiting"
        answered(hours_ledger("balance", ANA, "--proof", waiting, "--positions", "0:15", "--json", address=address))
        keys = hours_ledger("keys", "--verifier", "--partition", "0", "--data-dir", folder)
        tmp_path.joinpath("log.vkeys").write_text(keys.stdout, "utf-8")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", shown],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"verified: these are all the hours of {ANA} in the first 15 events\n") == 3
    assert done.stdout.count("the list of entries is whole") == 1
