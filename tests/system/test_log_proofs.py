"""Proofs over gRPC at any two sizes, and `hours-ledger keys` and `verify` on files as a stranger keeps them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from ledger.transparency.consistency import verify_consistency
from ledger.transparency.inclusion import verify_inclusion
from ledger.transparency.tree_hash import leaf_hashes, root_of
from ledger.transparency.verify import verify_checkpoint, verify_page
from tests.faults.tcp_proxy import Conversation, TcpProxy
from tests.system.acting import channel_to
from tests.system.grpc_caller import refusal_of
from tests.system.log_writer import LogWriter
from tests.system.served_ledger import PROJECT, answered, hours_ledger
from tests.system.served_log import ServedLog, served_log
from tests.system.stored_history import synthetic_person
from volunteer_hours.v1 import audit_service_pb2 as pb
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.hours_service_pb2 import GetBalanceRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub

SIZES = [3, 256, 700, 1_500]
PAIRS = 150


@pytest.fixture(scope="module")
def log(postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLog]:
    with served_log(postgres, tmp_path_factory.mktemp("log"), SIZES[-1]) as served:
        for size in SIZES:
            served.writer.grow_to(size)
        served.writer.forget_partial_tiles()
        served.writer.write_vkeys(Path(served.settings.signer_folder))
        yield served


@pytest.fixture(scope="module")
def audit(log: ServedLog) -> Iterator[AuditServiceStub]:
    with channel_to(log.grpc) as channel:
        yield AuditServiceStub(channel)


@pytest.fixture(scope="module")
def leaves(audit: AuditServiceStub) -> list[bytes]:
    pages = audit.ReplayEvents(pb.ReplayEventsRequest(to_position=SIZES[-1]))
    return leaf_hashes(event for page in pages for event in page.events)


def test_any_two_sizes_are_proven_to_be_one_history(audit, leaves, seed):
    chance = random.Random(seed)
    pairs = [(0, 0), (0, 1), (1, 1), (256, 257), (255, 1_500), (1_500, 1_500)]
    pairs += [(chance.randint(0, SIZES[-1]), chance.randint(0, SIZES[-1])) for _ in range(PAIRS)]
    for old, new in map(sorted, pairs):
        proof = audit.GetConsistencyProof(pb.GetConsistencyProofRequest(from_size=old, to_size=new))
        assert (proof.partition, proof.from_size, proof.to_size) == (0, old, new)
        verify_consistency(old, root_of(leaves[:old]), new, root_of(leaves[:new]), list(proof.hashes))


def test_any_event_is_proven_to_be_in_a_tree_of_any_size(audit, leaves, seed):
    chance = random.Random(seed)
    for _ in range(PAIRS):
        size = chance.randint(1, SIZES[-1])
        position = chance.randint(1, size)
        proof = audit.GetInclusionProof(pb.GetInclusionProofRequest(position=position, size=size))
        assert (proof.leaf_index, proof.size, proof.checkpoint) == (position - 1, size, b"")
        root = root_of(leaves[:size])
        verify_inclusion(leaves[position - 1], position - 1, size, list(proof.hashes), root)


def test_without_a_size_the_newest_checkpoint_comes_along(log, audit, leaves):
    proof = audit.GetInclusionProof(pb.GetInclusionProofRequest(position=9))
    head = verify_checkpoint(proof.checkpoint, log.writer.policy).checkpoint
    assert head.size == proof.size == SIZES[-1]
    verify_inclusion(leaves[8], 8, head.size, list(proof.hashes), head.root)


@pytest.mark.parametrize(("size_min", "size"), [(0, 1_500), (1, 3), (3, 3), (4, 256), (701, 1_500), (1_500, 1_500)])
def test_a_checkpoint_that_holds_a_position(log, audit, size_min: int, size: int):
    found = audit.GetCheckpoint(pb.GetCheckpointRequest(size_min=size_min))
    head = verify_checkpoint(found.checkpoint, log.writer.policy).checkpoint
    assert (head.size, head.root) == (found.size, found.root)
    assert found.size == size
    assert found.checkpoint == log.writer.checkpoints[size]


REFUSED = [
    ("GetCheckpoint", pb.GetCheckpointRequest(partition=2), "POSITION_UNKNOWN"),
    ("GetCheckpoint", pb.GetCheckpointRequest(partition=-1), "INVALID_ARGUMENT"),
    ("GetCheckpoint", pb.GetCheckpointRequest(partition=1), "LOG_NOT_KEPT"),
    ("GetCheckpoint", pb.GetCheckpointRequest(partition=1, size_min=1), "LOG_NOT_KEPT"),
    ("GetCheckpoint", pb.GetCheckpointRequest(size_min=1_501), "NOT_IN_LOG_YET"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(), "INVALID_ARGUMENT"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(position=5, size=4), "INVALID_ARGUMENT"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(position=1_501), "NOT_IN_LOG_YET"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(position=1, size=1_501), "NOT_IN_LOG_YET"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(position=2**63 - 1, size=2**63 - 1), "NOT_IN_LOG_YET"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(partition=1, position=1, size=1), "LOG_NOT_KEPT"),
    ("GetInclusionProof", pb.GetInclusionProofRequest(partition=7, position=1), "POSITION_UNKNOWN"),
    ("GetConsistencyProof", pb.GetConsistencyProofRequest(from_size=2, to_size=1), "INVALID_ARGUMENT"),
    ("GetConsistencyProof", pb.GetConsistencyProofRequest(from_size=-1, to_size=1), "INVALID_ARGUMENT"),
    ("GetConsistencyProof", pb.GetConsistencyProofRequest(from_size=1, to_size=1_501), "NOT_IN_LOG_YET"),
    ("GetConsistencyProof", pb.GetConsistencyProofRequest(partition=1), "LOG_NOT_KEPT"),
    ("GetConsistencyProof", pb.GetConsistencyProofRequest(partition=3), "POSITION_UNKNOWN"),
]


@pytest.mark.parametrize(("method", "request_", "reason"), REFUSED)
def test_what_is_not_signed_is_refused(audit, method: str, request_, reason: str):
    with pytest.raises(grpc.RpcError) as raised:
        getattr(audit, method)(request_)
    assert refusal_of(raised.value).reason == reason


PERSON = synthetic_person(2, 0, 7)
ASKED = [
    pb.ReplayEventsRequest(),
    pb.ReplayEventsRequest(from_position=200, to_position=1_400, page_size=77),
    pb.ReplayEventsRequest(holder=PERSON, page_size=9),
    pb.ReplayEventsRequest(organization="organizations/synthetic", from_position=500),
    pb.ReplayEventsRequest(types=["ledger-opened", "policy-enacted"]),
]


@pytest.mark.parametrize("request_", ASKED, ids=str)
def test_every_page_of_a_replay_is_proven_up_to_the_newest_checkpoint(log, audit, leaves, request_):
    plain = {position: event for page in audit.ReplayEvents(request_) for position, event in placed(page)}
    request_ = pb.ReplayEventsRequest.FromString(request_.SerializeToString() + b"\x50\x01")
    assert request_.proofs
    pages = list(audit.ReplayEvents(request_))
    assert [bool(page.checkpoint) for page in pages] == [True] + [False] * (len(pages) - 1)
    proven: dict[int, bytes] = {}
    for page in pages:
        if page.events:
            verify_page(pages[0].checkpoint, list(page.proof_hashes), placed(page), log.writer.policy)
        proven |= placed(page)
    assert proven == {position: event for position, event in plain.items() if position <= SIZES[-1]}
    assert pages[-1].next_position == min(request_.to_position or SIZES[-1], SIZES[-1]) + 1


def placed(page: pb.ReplayEventsResponse) -> list[tuple[int, bytes]]:
    positions = page.positions or range(page.first_position, page.next_position)
    return list(zip(positions, page.events, strict=True))


def test_without_a_signed_log_no_page_is_proven(audit):
    for request in (
        pb.ReplayEventsRequest(partition=1, proofs=True),
        pb.ReplayEventsRequest(partition=1, proofs=True, types=["hours-verified"]),
    ):
        with pytest.raises(grpc.RpcError) as raised:
            list(audit.ReplayEvents(request))
        assert refusal_of(raised.value).reason == "LOG_NOT_KEPT"
    assert list(audit.ReplayEvents(pb.ReplayEventsRequest(proofs=True, from_position=SIZES[-1] + 1))) == []


class OtherHours(Conversation):
    """Somebody on the way makes the hours of one event another number of the same length."""

    def from_client(self, data: bytes) -> bytes:
        return data

    def from_server(self, data: bytes) -> bytes:
        return data.replace(b'"seconds":3600', b'"seconds":7200', 1)


def test_the_command_line_writes_only_what_is_proven(log: ServedLog, audit, kept: Path):
    key = f"@{kept / 'log.vkeys'}"
    ask = ("replay", "--proofs", "--key", key, "--holder", PERSON)
    good = hours_ledger(*ask, address=log.grpc)
    assert good.returncode == 0, good.stderr
    assert f"all of them in {log.writer.origin}, size {SIZES[-1]}" in good.stderr
    events = [event for page in audit.ReplayEvents(ASKED[2]) for event in page.events]
    assert good.stdout.encode() == b"".join(event + b"\n" for event in events)
    with TcpProxy(int(log.grpc.rpartition(":")[2]), OtherHours) as proxy:
        bad = hours_ledger(*ask, address=f"127.0.0.1:{proxy.port}")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "are not proven: step 10 (" in bad.stderr
    other = hours_ledger(*ask[:3], LogWriter(log.settings, 1).vkeys[0], address=log.grpc)
    assert "step 3 (" in other.stderr
    assert hours_ledger("replay", "--proofs", address=log.grpc).returncode == 2
    assert hours_ledger("replay", "--key", key, address=log.grpc).returncode == 2


def test_a_service_without_keys_signs_no_answer(log: ServedLog):
    with channel_to(log.grpc) as channel, pytest.raises(grpc.RpcError) as raised:
        HoursServiceStub(channel).GetBalance(GetBalanceRequest(name=PERSON, proof=True))
    assert refusal_of(raised.value).reason == "ANSWERS_NOT_SIGNED"


def test_calls_are_counted_by_how_they_ended(log, audit):
    audit.GetCheckpoint(pb.GetCheckpointRequest())
    with pytest.raises(grpc.RpcError):
        audit.GetCheckpoint(pb.GetCheckpointRequest(partition=1))
    figures = log.good("/metrics").decode()
    for ended in ("answered", "refused"):
        assert f'ledger_grpc_calls_total{{ended="{ended}",method="AuditService/GetCheckpoint"}}' in figures
    assert 'ledger_grpc_calls_total{ended="broken",method="AuditService/GetCheckpoint"} 0.0' in figures


@pytest.fixture(scope="module")
def kept(log: ServedLog, audit: AuditServiceStub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a stranger keeps: keys, a proof, its event, two checkpoints and the proof between them."""
    folder = tmp_path_factory.mktemp("kept")
    printed = hours_ledger(
        "keys", "--verifier", LEDGER_DATABASE="unused", LEDGER_SIGNER_FOLDER=log.settings.signer_folder
    )
    assert printed.stdout.splitlines() == log.writer.vkeys, printed.stderr
    folder.joinpath("log.vkeys").write_text(printed.stdout, "utf-8")
    folder.joinpath("hour.tlog-proof").write_bytes(log.good("/log/0/proof/17"))
    folder.joinpath("event.json").write_bytes(audit.GetEvent(pb.GetEventRequest(position=17)).event)
    folder.joinpath("old").write_bytes(log.writer.checkpoints[256])
    folder.joinpath("new").write_bytes(log.good("/log/0/checkpoint"))
    folder.joinpath("growth").write_bytes(log.good("/log/0/consistency/256/1500"))
    return folder


def verify(kept: Path, file: str, *more: str, **changed: bytes):
    """`verify` on the kept files, some of them changed."""
    for name, data in changed.items():
        kept.joinpath(f"{name}.changed").write_bytes(data)
    words = [str(kept / word) if kept.joinpath(word).is_file() else word for word in more]
    return hours_ledger("verify", kept / file, "--key", f"@{kept / 'log.vkeys'}", *words)


def test_good_files_verify(kept: Path, log: ServedLog):
    event = verify(kept, "hour.tlog-proof", "--event", "event.json")
    assert event.returncode == 0, event.stderr
    first, second, *signed = event.stdout.splitlines()
    assert first == "verified: the log holds these bytes at position 17"
    assert f"log {log.writer.origin}, size 1500" in second
    assert len(signed) == 2
    told = answered(verify(kept, "hour.tlog-proof", "--event", "event.json", "--json"))
    assert (told["verified"], told["position"], told["size"]) == ("event", 17, 1_500)
    assert [one["type"] for one in told["signed_by"]] == ["ED25519", "ML_DSA_44"]
    assert answered(verify(kept, "new", "--json"))["verified"] == "checkpoint"
    grown = answered(verify(kept, "new", "--old", "old", "--consistency", "growth", "--json"))
    assert (grown["verified"], grown["old_size"], grown["size"]) == ("growth", 256, 1_500)


def test_changed_files_fail_at_their_step(kept: Path):
    event, new = kept.joinpath("event.json").read_bytes(), kept.joinpath("new").read_bytes()
    growth = kept.joinpath("growth").read_bytes().splitlines(keepends=True)
    for done, step in (
        (verify(kept, "hour.tlog-proof", "--event", "e.changed", e=event.replace(b"3600", b"7200")), 10),
        (verify(kept, "hour.tlog-proof", "--event", "e.changed", e=event + b"\n"), 10),
        (verify(kept, "hour.tlog-proof", "--event", "e.changed", e=b""), 9),
        (verify(kept, "n.changed", n=new.replace(b"1500", b"1501")), 4),
        (verify(kept, "n.changed", n=new.replace(b"log/0\n", b"log/1\n")), 3),
        (verify(kept, "n.changed", n=b"nothing"), 1),
        (verify(kept, "new", "--event", "event.json"), 1),
        (verify(kept, "new", "--old", "old", "--consistency", "g.changed", g=b"".join(growth[::-1])), 15),
        (verify(kept, "new", "--old", "old", "--consistency", "g.changed", g=b""), 15),
        (verify(kept, "new", "--old", "old", "--consistency", "event.json"), 15),
        (verify(kept, "new", "--old", "old", "--consistency", "g.changed", g=b"A" * 100_000), 15),
        (verify(kept, "old", "--old", "new", "--consistency", "growth"), 15),
    ):
        assert done.returncode == 1, done
        assert done.stderr.startswith(f"step {step} ("), done.stderr
        assert done.stdout == ""


def test_a_log_that_went_back_is_told_although_no_proof_could_be_fetched(kept: Path):
    done = verify(kept, "old", "--old", "new", "--consistency", "no-such-file")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("step 15 (")
    assert "keep both checkpoints, they are the evidence" in done.stderr


def test_a_failure_for_programs(kept: Path):
    done = verify(kept, "hour.tlog-proof", "--event", "old", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["verified"], told["step"]) == (1, None, 10)
    assert told["must_hold"] in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["hour.tlog-proof"],
        ["new", "--old", "old"],
        ["new", "--consistency", "growth"],
        ["new", "--old", "old", "--consistency", "no-such-file"],
        ["hour.tlog-proof", "--event", "event.json", "--old", "old", "--consistency", "growth"],
        ["new", "--key", "rubbish"],
        ["new", "--witness", "@log.vkeys"],
        ["new", "--witnesses", "1"],
        ["hour.tlog-proof", "--event", "no-such-file"],
        ["no-such-file"],
    ],
)
def test_what_does_not_go_together_is_wrong_use(kept: Path, arguments: list[str], monkeypatch):
    monkeypatch.chdir(kept)
    done = verify(kept, *arguments)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr


def test_keys_say_whose_they_are(log: ServedLog, tmp_path: Path):
    folder = {"LEDGER_DATABASE": "unused", "LEDGER_SIGNER_FOLDER": log.settings.signer_folder}
    assert answered(hours_ledger("keys", "--verifier", "--json", **folder)) == {"verifier_keys": log.writer.vkeys}
    assert hours_ledger("keys", "--verifier", "--partition", "1", **folder).returncode == 1
    assert hours_ledger("keys", **folder).returncode == 2
    assert "LEDGER_AUDITOR_TOKEN" in hours_ledger("keys", "--auditor-token", **folder).stderr
    assert hours_ledger("keys", "--verifier", LEDGER_DATABASE="unused").returncode == 2
    assert hours_ledger("keys", "--auditor-token", "--data-dir", tmp_path).returncode == 1
    tmp_path.joinpath("secrets.json").write_text('{"auditor_token": "a secret of this ledger"}')
    assert hours_ledger("keys", "--auditor-token", "--data-dir", tmp_path).stdout == "a secret of this ledger\n"
    assert "keeper" in hours_ledger("keys", "--verifier", "--data-dir", tmp_path).stderr


def test_verify_loads_nothing_that_could_reach_a_service_or_a_database():
    program = "import sys, ledger.commands.verify; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ledger.transparency.verify" in loaded
    for name in (
        "psycopg",
        "psycopg_pool",
        "grpc",
        "kafka",
        "socket",
        "ssl",
        "asyncio",
        "http.client",
        "urllib.request",
    ):
        assert name not in loaded, name
    ours = {name for name in loaded if name.startswith(("ledger.", "consumers.", "volunteer_hours."))}
    assert {name for name in ours if not name.startswith(("ledger.transparency", "ledger.commands"))} == set()
