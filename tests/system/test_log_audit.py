"""The audit's pass over the transparency log: every tile and every checkpoint beside the events as they are stored."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from ledger import audit
from ledger.auditing.finding import Finding
from ledger.auditing.signed_heads import LogTrust
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.settings import Settings
from tests.system.kept_log import keep_once
from tests.system.stored_history import opened_store, store_attendances
from tests.system.superuser import changed, removed


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Partition 0 with two checkpoints over 302 and 602 events, partition 1 with nothing but its opening."""
    folder = tmp_path_factory.mktemp("log") / "signer"
    made = opened_store(postgres, 2).model_copy(update={"signer_folder": str(folder)})
    for _ in range(2):
        store_attendances(made, 300)
        keep_once(made)
    return made


def log_findings(settings: Settings, trust: LogTrust | None = None) -> list[Finding]:
    """What is found of the log; these events were stored without request keys and presences, which is found too."""
    findings = audit.audit(settings, trust=trust).findings
    return [one for one in findings if one.where.place.startswith(("log", "map", "kept"))]


def only(settings: Settings) -> Finding:
    (finding,) = log_findings(settings)
    return finding


def test_a_log_that_was_kept_is_clean_and_says_how_far_it_is(settings):
    assert log_findings(settings) == []
    notes = audit.audit(settings).notes
    assert "log, partition 0: positions 1..602 are signed" in notes
    assert "log, partition 1: positions 1..1 are signed" in notes
    assert not any("not checked" in note for note in notes)


def test_events_that_are_not_signed_yet_are_no_finding(settings):
    store_attendances(settings, 300, partition=1)
    assert log_findings(settings) == []
    keep_once(settings)
    assert log_findings(settings) == []


def test_without_keys_it_says_that_no_signature_was_checked(settings):
    without = settings.model_copy(update={"signer_folder": ""})
    assert any("signatures were not checked" in note for note in audit.audit(without).notes)
    assert log_findings(without) == []


def test_an_event_changed_after_it_was_signed_is_named_by_its_position(settings):
    where = "partition = 0 and position = 17"
    with changed(settings.owner_database, "events", "body", "overlay(body placing 'X' from 400 for 1)", where):
        found = {(one.where.place, one.where.position, one.field) for one in log_findings(settings)}
        assert {("log tiles", 17, "hash"), ("log checkpoints", 302, "root")} <= found


def test_an_event_that_takes_what_nobody_had_is_named_by_its_own_position(settings):
    """Not by the end of the page it was read with, behind which there may be no event at all."""
    value = "convert_to(replace(convert_from(body, 'UTF8'), '\"outside\"', '\"claimed\"'), 'UTF8')"
    with changed(settings.owner_database, "events", "body", value, "partition = 0 and position = 17"):
        found = [one for one in audit.audit(settings).findings if one.field == "entries"]
    (finding,) = [one for one in found if one.where.place == "store events"]
    assert finding.where.position == 17
    assert finding.found.endswith("s too many from claimed")


@pytest.mark.parametrize(
    ("where", "row"),
    [
        ("partition = 0 and level = 0 and width = 256 and tile_index = 1", "tile/0/001 hash 3"),
        ("partition = 0 and level = 0 and width < 256 and tile_index = 2", "tile/0/002.p/90 hash 3"),
        ("partition = 0 and level = 1 and width = 2", "tile/1/000.p/2 hash 0"),
    ],
)
def test_a_byte_of_a_tile_is_named(settings, where, row):
    at = "98" if "hash 3" in row else "5"
    value = f"set_byte(hashes, {at}, 255 - get_byte(hashes, {at}))"
    with changed(settings.owner_database, "log_tiles", "hashes", value, where):
        finding = only(settings)
        assert (finding.where.place, finding.where.row, finding.field) == ("log tiles", row, "hash")


def test_a_tile_that_is_missing_is_named(settings):
    with removed(settings.owner_database, "log_tiles", "partition = 0 and level = 0 and tile_index = 0"):
        finding = only(settings)
        assert (finding.where.row, finding.found) == ("tile/0/000", "missing")


def test_a_tile_behind_the_end_is_named(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as superuser:
        superuser.execute(r"insert into log_tiles values (0, 0, 9, 1, decode(repeat('00', 32), 'hex'))")
        try:
            assert only(settings).where.row == "tile/0/009.p/1"
        finally:
            superuser.execute("delete from log_tiles where tile_index = 9")


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("root", "set_byte(root, 7, 255 - get_byte(root, 7))", "root"),
        ("checkpoint", "set_byte(checkpoint, 60, 255 - get_byte(checkpoint, 60))", "checkpoint"),
        # One letter of a signature, near the end of its line: another one, whatever it was.
        (
            "checkpoint",
            "set_byte(checkpoint, octet_length(checkpoint) - 41,"
            " case get_byte(checkpoint, octet_length(checkpoint) - 41) when 65 then 66 else 65 end)",
            "checkpoint",
        ),
    ],
)
def test_a_byte_of_a_checkpoint_is_named(settings, column, value, field):
    with changed(settings.owner_database, "log_checkpoints", column, value, "partition = 0 and size = 302"):
        found = {(one.where.place, one.where.position, one.field) for one in log_findings(settings)}
        assert ("log checkpoints", 302, field) in found


def test_a_checkpoint_beyond_the_store_is_named(settings):
    with changed(settings.owner_database, "log_checkpoints", "size", "size + 7", "partition = 0 and size = 602"):
        assert {one.field for one in log_findings(settings)} == {"size"}


def test_the_wrong_keys_are_named(settings, tmp_path: Path):
    vkeys = (Path(settings.signer_folder) / "1.vkeys").read_text().splitlines()
    wrong = [line.replace("/log/1+", "/log/0+") for line in vkeys]
    with pytest.raises(Exception, match="key id"):
        LogTrust.read(settings.log_origin, wrong)
