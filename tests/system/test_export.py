"""An export of a ledger that runs: fetched, broken off by kill -9, grown, checked by us and by others, rebuilt from."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from ledger import rebuild, restore
from ledger.export_audit.export_audit import audit_export
from ledger.exporting.export_history import ExportHistory
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.settings import Settings
from tests.system import whole_programme
from tests.system.kept_log import keep_once
from tests.system.served_ledger import Done, hours_ledger
from tests.system.served_log import PROJECT, TOKEN, serving
from tests.system.stored_history import heads_of, opened_store, settings_environment, store_attendances, wait_until
from tests.system.test_restore import dump, without_its_store
from tests.system.whole_ledger_audit import assert_audit_clean
from tests.transparency.go_checks import FSCK_SECONDS_MAX, build_fsck, fsck_accepts

MORE = 700


@dataclass
class Exported:
    """A served ledger whose log is kept, and the export of it."""

    settings: Settings
    url: str
    folder: Path

    @property
    def vkeys(self) -> list[str]:
        """Of all its logs."""
        files = (Path(self.settings.signer_folder) / f"{n}.vkeys" for n in range(self.settings.partitions))
        return [line for file in files for line in file.read_text().splitlines()]

    @property
    def keys(self) -> list[str]:
        """As options."""
        return [word for line in self.vkeys for word in ("--key", line)]

    @property
    def trusted(self) -> TrustedKeys:
        """The same keys."""
        return TrustedKeys.read(self.vkeys)

    def export(self, folder: Path | None = None) -> Done:
        done = hours_ledger("export", folder or self.folder, *self.options(), LEDGER_AUDITOR_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        return done

    def options(self) -> list[str]:
        return ["--url", self.url, *self.keys]

    def assert_clean(self, folder: Path | None = None) -> None:
        report = audit_export(folder or self.folder, self.trusted)
        assert report.count == 0, [finding.line() for finding in report.findings]


def followed(settings: Settings) -> dict[int, int]:
    """Up to where the service has recorded what events make necessary elsewhere."""
    with psycopg.connect(settings.database) as connection:
        return dict(connection.execute("select partition, position from followed").fetchall())


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def ledger(request, postgres, tmp_path_factory) -> Iterator[Exported]:
    """Every kind of event, projected from the store, signed and exported."""
    folder = tmp_path_factory.mktemp("ledger")
    made = {"auditor_token": SecretStr(TOKEN), "grpc_address": "127.0.0.1:0", "signer_folder": str(folder / "signer")}
    settings = opened_store(postgres, request.param).model_copy(update=made)
    whole_programme.record(settings)
    with serving(settings, folder) as (_, _, http):
        wait_until(lambda: followed(settings) == heads_of(settings))
        rebuild.run(settings, source="store")
        keep_once(settings)
        exported = Exported(settings, f"http://{http}", folder / "export")
        exported.export()
        yield exported


@pytest.fixture(scope="module")
def fsck(tmp_path_factory) -> Path:
    return build_fsck(tmp_path_factory.mktemp("fsck"))


def test_it_holds_everything_and_the_audit_finds_nothing(ledger):
    sizes = {log.partition: log.size for log in ExportHistory(ledger.folder).manifest.logs}
    assert sizes == heads_of(ledger.settings)
    done = hours_ledger("audit", "--export", ledger.folder, *ledger.keys)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "findings: 0"), done


def test_the_checker_of_other_people_takes_each_partition_as_a_log(ledger, fsck):
    for log in ExportHistory(ledger.folder).manifest.logs:
        vkey = ledger.vkeys[2 * log.partition]
        folder = ledger.folder / str(log.partition)
        accepted, wrote = fsck_accepts(fsck, folder, vkey, log.size, FSCK_SECONDS_MAX)
        folder.with_suffix(".vkey").unlink()
        assert accepted, wrote


def test_projections_made_from_it_have_the_hashes_they_had(ledger, capsys):
    before = rebuild.rows(ledger.settings)
    assert rebuild.run(ledger.settings, source=ExportHistory(ledger.folder))
    assert capsys.readouterr().out.splitlines()[-1] == "equal hashes"
    assert rebuild.rows(ledger.settings) == before


def test_a_store_made_from_it_is_the_store_as_it_was(ledger):
    lost = without_its_store(ledger.settings)
    restore.run(lost, history=ExportHistory(ledger.folder))
    assert dump(lost) == dump(ledger.settings)
    without_a_log = lost.model_copy(update={"signer_folder": ""})
    assert_audit_clean(without_a_log)
    restore.run(lost, history=ExportHistory(ledger.folder))
    assert dump(lost) == dump(ledger.settings)


def test_the_command_audits_an_export_before_it_rebuilds_from_it(ledger, tmp_path):
    copied = tmp_path / "copy"
    ledger.export(copied)
    before = rebuild.rows(ledger.settings)
    environment = {name: value for name, value in settings_environment(ledger.settings).items() if "LEDGER_" in name}
    rebuilding = ("rebuild", "--from", "export", "--export", copied, *ledger.keys)
    done = hours_ledger(*rebuilding, **environment)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "equal hashes"), done
    bundle = next((copied / "0/tile/entries").rglob("[0-9]*"))
    bundle = bundle if bundle.is_file() else next(bundle.iterdir())
    bundle.write_bytes(bundle.read_bytes().replace(b"staff/coordinator", b"staff/co0rdinator", 1))
    refused = hours_ledger(*rebuilding, **environment)
    assert refused.returncode == 1
    assert "export hash tiles, partition 0, position" in refused.stdout
    assert rebuild.rows(ledger.settings) == before


def test_it_grows_with_the_ledger(ledger, fsck, tmp_path):
    folder = tmp_path / "grown"
    ledger.export(folder)
    store_attendances(ledger.settings, MORE, persons=5)
    keep_once(ledger.settings)
    ledger.export(folder)
    ledger.assert_clean(folder)
    size = ExportHistory(folder).manifest.logs[0].size
    assert size == heads_of(ledger.settings)[0]
    accepted, wrote = fsck_accepts(fsck, folder / "0", ledger.vkeys[0], size, FSCK_SECONDS_MAX)
    assert accepted, wrote


def test_killed_while_it_fetches_it_goes_on_and_ends_whole(ledger, tmp_path):
    folder = tmp_path / "killed"
    if heads_of(ledger.settings)[0] < 4 * MORE:
        store_attendances(ledger.settings, 4 * MORE, persons=5)
        keep_once(ledger.settings)
    command = [sys.executable, "-m", "ledger", "export", str(folder), *ledger.options()]
    environment = {**settings_environment(ledger.settings), "LEDGER_AUDITOR_TOKEN": TOKEN}
    unfinished = 0
    for bundles in (1, 2, 3):
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(list(folder.glob("0/tile/entries/*"))) < bundles:
            assert time.monotonic() < deadline
        process.kill()
        process.wait()
        if not (folder / "manifest.json").exists():  # else it was quicker than we
            unfinished += 1
            assert audit_export(folder, ledger.trusted).count == 1
    assert unfinished
    ledger.export(folder)
    ledger.assert_clean(folder)


def test_without_a_token_or_before_anything_is_signed_it_says_what_to_do(ledger, postgres, tmp_path):
    done = hours_ledger("export", tmp_path / "none", *ledger.options(), LEDGER_AUDITOR_TOKEN="a guess")
    assert done.returncode == 1
    assert "auditors" in done.stderr
    settings = opened_store(postgres, 1).model_copy(
        update={"auditor_token": SecretStr(TOKEN), "grpc_address": "127.0.0.1:0"}
    )
    with serving(settings, tmp_path) as (_, _, http):
        done = hours_ledger("export", tmp_path / "none", "--url", f"http://{http}", LEDGER_AUDITOR_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "LOG_NOT_KEPT" in done.stderr
    assert "run it again" in done.stderr
