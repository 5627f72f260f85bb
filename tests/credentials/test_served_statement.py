"""A statement of a served ledger, checked as an employer checks it: with files alone, all that the ledger publishes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.system.acting import channel_to
from tests.system.served_ledger import Done, Served, answered, hours_ledger, served_in_a_folder
from tests.system.statement_programme import FULL_NAME, HOUR, Statements
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import Period

SIGNED_SECONDS_MAX = 20.0
DETAILS = pb.StatementDetail.values()[1:]


@pytest.fixture(scope="module")
def served():
    with served_in_a_folder(3) as found:
        yield found


@pytest.fixture(scope="module")
def ana(served):
    with channel_to(served.grpc) as channel:
        client = Statements(channel)
        client.begin()
        yield client


@pytest.fixture
def verify(served: Served, tmp_path: Path):
    """`verify statement`, with the keys that this ledger prints by then."""

    def run(*words: str | Path) -> Done:
        for option, name in (("--verifier", "log.vkeys"), ("--issuer", "issuer.json")):
            printed = hours_ledger("keys", option, "--data-dir", served.folder)
            tmp_path.joinpath(name).write_text(printed.stdout, "utf-8")
        trusted = ("--issuer-keys", tmp_path / "issuer.json", "--key", f"@{tmp_path / 'log.vkeys'}")
        return hours_ledger("verify", "statement", *words, *trusted, "--json")

    return run


def files_of(served: Served, statement: pb.Statement, folder: Path) -> list[str | Path]:
    """The credential, its event and proofs, as words of the command; the proof is waited for."""
    at = statement.issued_at
    place = ("--partition", str(at.partition), "--from", str(at.position), "--to", str(at.position))
    event = hours_ledger("replay", *place, address=served.grpc).stdout.removesuffix("\n")
    files = {"statement.sd-jwt": statement.credential.encode(), "event": event.encode()}
    files["proof"] = proof_of(f"http://{served.http}/log/{at.partition}/proof/{at.position}")
    if statement.balance_proof:
        files["balance-proof"] = statement.balance_proof
    for name, data in files.items():
        folder.joinpath(name).write_bytes(data)
    options = [word for name in list(files)[1:] for word in (f"--{name}", folder / name)]
    return [folder / "statement.sd-jwt", *options]


def proof_of(uri: str) -> bytes:
    until = time.monotonic() + SIGNED_SECONDS_MAX
    while True:
        try:
            with urlopen(uri, timeout=10) as answer:
                data: bytes = answer.read()
                return data
        except HTTPError:
            assert time.monotonic() < until, f"{uri}: not signed in time"
            time.sleep(0.1)


def steps_of(done: Done) -> dict[str, str]:
    return {step["name"]: step["outcome"] for step in json.loads(done.stdout)["steps"]}


def test_a_statement_of_everything(ana, served, verify, tmp_path):
    statement = ana.issue(
        "whole", details=DETAILS, expire_time={"seconds": int(time.time()) + 9_000, "nanos": 5_000_000}
    )
    done = verify(*files_of(served, statement, tmp_path))
    told = answered(done)
    assert told["state"] == "valid", told
    assert steps_of(done) == dict.fromkeys(("form", "signature", "disclosures", "log", "complete"), "holds") | {
        "status": "not_shown"
    }
    assert told["claims"]["verified_seconds"] == 3 * HOUR
    assert told["disclosed"]["full_name"] == FULL_NAME
    assert told["digest"] == statement.credential_digest.hex()


@pytest.mark.parametrize(
    "asked", [{"kind": pb.STATEMENT_KIND_TRANSCRIPT}, {"period": Period(start_date="2026-11-20")}, {}]
)
def test_a_transcript_a_selection_and_a_bare_one(ana, served, verify, tmp_path, asked):
    done = verify(*files_of(served, ana.issue(**asked), tmp_path))
    assert answered(done)["state"] == "valid"
    assert steps_of(done)["log"] == "holds"
    assert steps_of(done)["complete"] == ("not_shown" if "period" in asked else "holds")


def test_what_an_end_of_a_key_and_its_revocation_change(ana, served, verify, tmp_path):
    """The last test: afterwards another key signs."""
    old = answered(verify(*files_of(served, ana.issue("old"), tmp_path)))
    assert old["state"] == "valid"
    words = [tmp_path / "statement.sd-jwt", "--event", tmp_path / "event", "--proof", tmp_path / "proof"]
    data = ("--data-dir", served.folder)
    published = json.loads(hours_ledger("keys", "--issuer", *data).stdout)
    kid = published["jwks"]["keys"][0]["kid"]
    assert hours_ledger("keys", "--new-statement-key", *data).returncode == 0
    time.sleep(1)  # a key is revoked at a whole second: the statement must lie before it
    later = hours_ledger("keys", "--revoke-statement-key", kid, *data)
    assert later.returncode == 0, later
    assert json.loads(verify(*words).stdout)["state"] == "valid"
    bare = verify(words[0])
    assert (bare.returncode, json.loads(bare.stdout)["state"]) == (1, "tampered")
    assert steps_of(bare)["signature"] == "fails"
    # The service reads the file again by itself.
    again = answered(verify(*files_of(served, ana.issue("new"), tmp_path)))
    assert again["state"] == "valid"
