"""A witness that others wrote cosigns our log: transparency-dev's omniwitness, asked by the keeper as any other."""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from ledger.child_process import ChildProcess
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping.signer_folder import origins_of
from ledger.loopback import free_port
from ledger.settings import Settings
from ledger.transparency.signing import SeedSigner
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verifier_key import SignatureType
from ledger.transparency.verify import verify_checkpoint
from tests.system.kept_log import assert_sound, copied_database, emptied, keep_once, published
from tests.system.stored_history import opened_store, store_attendances, wait_until
from tests.system.witnessed_log import kept, signer_made, vkeys_of
from tests.transparency.go_checks import run_go

OMNIWITNESS: Final = "github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e"
BUILD_SECONDS_MAX: Final = 900.0
NAME: Final = "omniwitness.example/w"

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_200)]


@pytest.fixture(scope="module")
def omniwitness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("omniwitness")
    run_go("install", "-p", "1", OMNIWITNESS, folder=folder, seconds_max=BUILD_SECONDS_MAX, GOBIN=str(folder))
    return folder / "omniwitness"


class Omniwitness:
    """It with both kinds of keys, on an address of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        seeds = [secrets.token_bytes(32) for _ in range(2)]
        # Its Ed25519 key is given as a plain one, and cosigns.
        private = [SignatureType.ED25519, SignatureType.ML_DSA_44]
        for number, kind in enumerate(private):
            folder.joinpath(f"key-{number}").write_text(SeedSigner(NAME, kind, seeds[number]).skey(), "utf-8")
        cosigning = [SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44]
        self.vkeys = [SeedSigner(NAME, kind, seed).key.line() for kind, seed in zip(cosigning, seeds, strict=True)]
        command = [
            str(program),
            f"--listen=127.0.0.1:{self.port}",
            "--metrics_listen=",
            f"--db_file={folder / 'witness.db'}",
            *(f"--private_key_path={folder / f'key-{number}'}" for number in range(2)),
            f"--additional_logs={folder / 'logs.yaml'}",
        ]
        self.child = ChildProcess("omniwitness", command, folder / "omniwitness.log", working_directory=folder)

    @contextmanager
    def running(self, origin: str, vkey: str) -> Iterator[None]:
        self.folder.joinpath("logs.yaml").write_text(
            f"Logs:\n  - Origin: {origin}\n    PublicKey: {vkey}\n    URL: http://127.0.0.1:1/\n", "utf-8"
        )
        self.child.start()
        try:
            wait_until(self.answers, 30)
            yield
        finally:
            self.child.stop()

    def answers(self) -> bool:
        assert self.child.running, self.child.log_tail()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


def test_omniwitness_cosigns_growth_and_refuses_a_second_history(
    omniwitness: Path, postgres: EmbeddedPostgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    foreign = Omniwitness(omniwitness, tmp_path)
    settings: Settings = emptied(opened_store(postgres, 1), tmp_path).model_copy(
        update={
            "witnesses": f"http://127.0.0.1:{foreign.port}/ {' '.join(foreign.vkeys)}",
            "witnesses_required": 1,
        }
    )
    signer_made(settings)
    vkeys = vkeys_of(settings)
    (origin,) = origins_of(settings)
    with foreign.running(origin, vkeys[0]):
        for count in (0, 1, 255, 44):
            if count:
                store_attendances(settings, count)
            keep_once(settings)
    shutil.copytree(settings.signer_folder, tmp_path / "copy")
    second = settings.model_copy(
        update={"signer_folder": str(tmp_path / "copy"), **copied_database(postgres, settings)}
    )
    with foreign.running(origin, vkeys[0]):
        store_attendances(settings, 50)
        keep_once(settings)
        store_attendances(second, 60)
        with kept(second):
            said = f"ALARM: partition 0: witness {NAME}: what it cosigned at size 350 is not continued by this log"
            wait_until(lambda: said in caplog.text, seconds=20)
        assert published(second)[-1].size == 300
    assert [one.size for one in published(settings)] == [0, 1, 256, 300, 350]
    assert_sound(settings)
    for one in published(settings):
        verdict = verify_checkpoint(one.note, read_policy(vkeys, foreign.vkeys, witnesses_required=1))
        kinds = {each.key.type for each in verdict.cosigned}
        assert kinds == {SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44}
