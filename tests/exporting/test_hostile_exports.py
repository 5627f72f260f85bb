"""An export changed in one place: the audit names place, position and field, and never follows a link out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.auditing.finding import Finding
from ledger.auditing.progress import Progress
from ledger.export_audit import bundles_in_order
from ledger.export_audit.export_audit import UNSIGNED, audit_export
from ledger.export_audit.passes import first_failed
from ledger.exporting.export import export
from ledger.exporting.manifest import MANIFEST
from ledger.exporting.trusted_keys import TrustedKeys
from tests.exporting.sample_ledger import SampleLedger, SignedAnyway
from tests.exporting.synthetic_log import history

SIZES = (600, 280)


@pytest.fixture(scope="module")
def source() -> SampleLedger:
    return SampleLedger([telling.events for telling in history(SIZES)])


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("export")
    export(folder, source, TrustedKeys.read(source.vkeys), Progress())
    return folder


@pytest.fixture
def copy(whole, tmp_path) -> Path:
    folder: Path = shutil.copytree(whole, tmp_path / "copy")
    return folder


@pytest.fixture
def trusted(source) -> TrustedKeys:
    return TrustedKeys.read(source.vkeys)


def findings(folder: Path, trusted: TrustedKeys) -> list[Finding]:
    return audit_export(folder, trusted).findings


def places(found: list[Finding]) -> list[tuple[str, int | None, int | None, str]]:
    return [(one.where.place, one.where.partition, one.where.position, one.field) for one in found]


def changed(file: Path, change: Callable[[bytes], bytes]) -> None:
    before = file.read_bytes()
    after = change(before)
    assert after != before
    file.write_bytes(after)


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_untouched_it_has_no_findings(copy, trusted):
    report = audit_export(copy, trusted)
    assert report.count == 0
    assert first_failed(report) is None
    assert any("600" in note and "map root" in note for note in report.notes)


def test_several_processes_find_the_same(copy, trusted, monkeypatch):
    changed(copy / "0/tile/entries/001", lambda data: data.replace(b"staff/synthetic", b"staff/synthetis", 1))
    alone = audit_export(copy, trusted)
    assert alone.count
    monkeypatch.setattr(bundles_in_order, "ALONE_EVENTS_MAX", 0)
    together = audit_export(copy, trusted)
    assert (together.findings, together.notes) == (alone.findings, alone.notes)


def test_without_keys_it_says_so(copy):
    report = audit_export(copy, TrustedKeys({}))
    assert report.count == 0
    assert report.notes[0] == UNSIGNED


def test_a_byte_of_an_event_is_named_by_its_leaf(copy, trusted):
    changed(copy / "0/tile/entries/001", lambda data: data.replace(b"staff/synthetic", b"staff/synthetis", 1))
    found = findings(copy, trusted)
    assert [one.where.place for one in found] == [
        "export hash tiles",
        "export hash tiles",
        "export log root",
        "export balances",
    ]
    assert places(found)[0] == ("export hash tiles", 0, 257, "leaf hash")


def test_a_byte_of_a_second_is_named_by_its_leaf_and_by_the_map_root(copy, trusted):
    changed(copy / "1/tile/entries/000", lambda data: data.replace(b'"seconds":7200', b'"seconds":7201', 1))
    assert {place for place, *_ in places(findings(copy, trusted))} >= {"export hash tiles", "export balances"}


@pytest.mark.parametrize(
    ("path", "at", "place", "field"),
    [
        ("0/tile/0/001", 32 * 7, ("export hash tiles", 0, 264), "leaf hash"),
        ("0/tile/0/002.p/88", 0, ("export hash tiles", 0, 513), "leaf hash"),
        ("0/tile/1/000.p/2", 33, ("export hash tiles", 0, 257), "hash"),
        ("1/checkpoint", 40, ("export checkpoint", 1, None), "signatures"),
        ("1/checkpoint", 0, ("export checkpoint", 1, None), "origin"),
        ("0/balances", 42, ("export balances note", 0, None), "signatures"),
        ("0/balances", 0, ("export balances note", 0, None), "origin"),
    ],
)
def test_a_flipped_bit_of_any_file_is_named(copy, trusted, path, at, place, field):
    changed(copy / path, flipped(at))
    assert (*place, field) in places(findings(copy, trusted))


def test_why_a_note_is_refused_is_told_in_words_to_the_end(copy, trusted):
    changed(copy / "1/checkpoint", flipped(40))
    (finding,) = [one for one in findings(copy, trusted) if one.where.place == "export checkpoint"]
    assert finding.found.startswith("step 4 (")
    assert "… (" not in finding.found
    assert "signature" in finding.found.partition(" failed: ")[2]
    (copy / "1/checkpoint").write_bytes(b"nothing")
    (finding,) = [one for one in findings(copy, trusted) if one.where.place == "export checkpoint"]
    assert (finding.field, finding.found.partition(": ")[0]) == ("form", "signed note")


def test_every_kind_of_file_is_needed(whole, tmp_path, trusted):
    kinds = ("checkpoint", "balances", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001")
    for path in (MANIFEST, *(f"0/{kind}" for kind in kinds), "1/tile/entries/001.p/24"):
        copy = shutil.copytree(whole, tmp_path / "copy")
        (copy / path).unlink()
        found = findings(copy, trusted)
        assert found, path
        assert found[0].field == "file", path
        assert found[0].found.startswith("missing"), path
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:2] + data[3:],
        lambda data: b"",
        lambda data: b"\xff\xff" + data[2:],
        lambda data: data + data[: 2 + int.from_bytes(data[:2], "big")],
    ],
    ids=["cut", "longer", "a byte less", "empty", "huge length", "an event more"],
)
@pytest.mark.parametrize("path", ["0/tile/entries/001", "1/tile/entries/001.p/24"])
def test_a_bundle_of_another_form_is_named(copy, trusted, path, change):
    changed(copy / path, change)
    found = findings(copy, trusted)
    assert places(found)[0] == ("export entry bundles", int(path[0]), 257, "file")
    assert found[0].where.row == path.partition("/")[2]


def test_swapped_bundles_are_named_at_the_first_position(copy, trusted):
    one, other = copy / "0/tile/entries/000", copy / "0/tile/entries/001"
    one.rename(copy / "kept")
    other.rename(one)
    (copy / "kept").rename(other)
    found = [place for place in places(findings(copy, trusted)) if place[0] == "export events"]
    assert found[0] == ("export events", 0, 1, "position")


def test_a_whole_partition_shown_as_another_is_named(copy, trusted):
    shutil.rmtree(copy / "1")
    shutil.copytree(copy / "0", copy / "1")
    manifest = json.loads((copy / "manifest.json").read_bytes())
    own = {name: manifest["partitions"][1][name] for name in ("partition", "origin")}
    manifest["partitions"][1] = manifest["partitions"][0]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert places(findings(copy, trusted)) == [("export manifest", None, None, "member")]
    manifest["partitions"][1] = {**manifest["partitions"][0], **own}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    found = places(findings(copy, trusted))
    assert ("export balances note", 1, None, "partition") in found
    assert ("export events", 1, 1, "partition") in found


def test_a_partition_left_out_is_named(copy, trusted):
    shutil.rmtree(copy / "1")
    manifest = json.loads((copy / "manifest.json").read_bytes())
    del manifest["partitions"][1]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    found = places(findings(copy, trusted))
    assert ("export events", 0, 1, "data.partitions") in found
    assert ("export balances note", 0, None, "partition") in found


def test_an_older_end_with_the_newest_notes_is_named(copy, source, trusted):
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["partitions"][0]["size"] = 599
    (copy / "manifest.json").write_text(json.dumps(manifest))
    found = findings(copy, trusted)
    assert ("export manifest", 0, None, "size") in places(found)
    failed = first_failed(audit_export(copy, trusted))
    assert failed is not None
    assert failed[0].number == 1


def test_a_link_out_of_the_folder_is_not_followed(copy, trusted, tmp_path):
    secret = tmp_path / "secret"
    shutil.copy(copy / "0/tile/entries/000", secret)
    (copy / "0/tile/entries/000").unlink()
    (copy / "0/tile/entries/000").symlink_to(secret)
    found = findings(copy, trusted)
    assert found[0].where.row == "tile/entries/000"
    assert "not to be opened" in found[0].found
    shutil.move(copy / "1", tmp_path / "one")
    (copy / "1").symlink_to(tmp_path / "one")
    assert ("export checkpoint", 1, None, "file") in places(findings(copy, trusted))


@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse", "zero"])
def test_what_is_no_file_or_endless_is_not_read(copy, trusted, kind):
    file = copy / "0/tile/entries/001"
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "sparse":
        with file.open("wb") as sparse:
            sparse.truncate(1 << 40)
    else:
        file.symlink_to("/dev/zero")
    assert ("export entry bundles", 0, 257, "file") in places(findings(copy, trusted))


@pytest.mark.parametrize("name", ["letter.txt", "0/tile/0/000.p/7", "0/tile/0/003", "2/checkpoint", "0/\x1b[31mred\n"])
def test_a_file_that_belongs_to_no_export_is_named(copy, trusted, name):
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_bytes(b"x")
    [found] = findings(copy, trusted)
    assert (found.where.place, found.field) == ("export files", "file")
    assert found.line().isprintable()


def test_events_and_hashes_forged_together_do_not_give_the_signed_root(copy, source, trusted):
    forged = history(SIZES)
    forged[0].events[300] = forged[0].events[300].replace(b"7200", b"9200")
    other = SampleLedger([telling.events for telling in forged])
    folder = copy.with_name("forged")
    export(folder, other, TrustedKeys({}), Progress())
    for note in ("checkpoint", "balances"):
        shutil.copy(copy / "0" / note, folder / "0" / note)
    shutil.copy(copy / "manifest.json", folder / "manifest.json")
    found = places(findings(folder, trusted))
    assert ("export log root", 0, 600, "root") in found
    assert ("export balances", 0, 600, "map root") in found


def test_a_map_root_that_does_not_follow_from_the_events_is_named(source, tmp_path, trusted):
    lying = SignedAnyway([telling.events for telling in history(SIZES)])
    export(tmp_path, lying, TrustedKeys.read(lying.vkeys), Progress())
    assert places(findings(tmp_path, trusted)) == [
        ("export balances", 0, 600, "map root"),
        ("export balances", 1, 280, "map root"),
    ]
