"""An export written from signed logs: whole, taken up where it was broken off, grown; never two histories in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.auditing.progress import Progress
from ledger.export_audit.export_audit import audit_export
from ledger.exporting import log_export
from ledger.exporting.export import export
from ledger.exporting.export_folder import BALANCES, CHECKPOINT, belongs
from ledger.exporting.log_export import ExportRefused
from ledger.exporting.log_source import LogAway, LogRefused
from ledger.exporting.manifest import MANIFEST, Manifest
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.folder_lock import FolderInUse
from ledger.transparency.tiles import EntryBundle
from tests.exporting.sample_ledger import SampleLedger
from tests.exporting.synthetic_log import history

NOBODY = TrustedKeys({})


class Counting(SampleLedger):
    """Counts the bundles it gives, and goes away after some."""

    def __init__(self, partitions: Sequence[Sequence[bytes]], seed: int = 1) -> None:
        super().__init__(partitions, seed)
        self.given: list[tuple[int, int]] = []
        self.gives_at_most = 1 << 30

    def entry_bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        if bundle != EntryBundle(0, 1):  # the look at ledger-opened
            if len(self.given) >= self.gives_at_most:
                raise LogAway("the service was stopped")
            self.given.append((partition, bundle.index))
        return super().entry_bundle(partition, bundle)


def logs(*sizes: int) -> Counting:
    return Counting([telling.events for telling in history(sizes)])


def written(folder: Path, source: SampleLedger, trusted: TrustedKeys | None = None) -> Manifest:
    return export(folder, source, trusted or TrustedKeys.read(source.vkeys), Progress())


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def without_notes(folder: Path) -> dict[str, bytes]:
    """A note is signed anew each time it is asked for."""
    return {
        path: data for path, data in files_of(folder).items() if path.rpartition("/")[2] not in (CHECKPOINT, BALANCES)
    }


def assert_clean(folder: Path, source: SampleLedger) -> None:
    report = audit_export(folder, TrustedKeys.read(source.vkeys))
    assert report.count == 0, [finding.line() for finding in report.findings]


@pytest.mark.parametrize("sizes", [[1], [255], [256], [257], [600], [300, 1, 513]], ids=str)
def test_it_holds_the_files_of_its_logs_and_no_other(tmp_path, sizes):
    source = logs(*sizes)
    manifest = written(tmp_path / "out", source)
    assert [log.size for log in manifest.logs] == sizes
    for path in files_of(tmp_path / "out").keys() - {MANIFEST}:
        partition, _, rest = path.partition("/")
        assert belongs(rest, sizes[int(partition)]), path
    assert_clean(tmp_path / "out", source)


@pytest.mark.parametrize("size", [3_000, pytest.param(70_000, marks=pytest.mark.proof)])
def test_every_tile_is_the_log_s_own(tmp_path, size):
    source = logs(size)
    written(tmp_path, source)
    for path, data in source.logs[0].tiles.stored.items():
        assert (tmp_path / "0" / path).read_bytes() == data


def test_a_partition_without_events_has_a_checkpoint_and_nothing_else(tmp_path):
    source = logs(300, 1)
    source.sizes[1] = 0
    written(tmp_path, source)
    assert sorted(path for path in files_of(tmp_path) if path.startswith("1/")) == ["1/checkpoint"]
    assert_clean(tmp_path, source)


@pytest.mark.parametrize("bundles", [0, 3, 7])
def test_broken_off_it_is_no_export_and_goes_on_where_it_was(tmp_path, monkeypatch, bundles):
    monkeypatch.setattr(log_export, "SETTLED_TOGETHER", 2)
    source = logs(1_000, 900)
    source.gives_at_most = bundles
    with pytest.raises(LogAway):
        written(tmp_path, source)
    assert not (tmp_path / MANIFEST).exists()
    assert audit_export(tmp_path, NOBODY).count == 1
    source.gives_at_most = 1 << 30
    kept = [path for path in files_of(tmp_path) if "entries" in path and not path.endswith(".new")]
    source.given.clear()
    written(tmp_path, source)
    assert len(source.given) == 8 - len(kept)
    assert len(kept) >= bundles - 9
    assert_clean(tmp_path, source)


def test_it_grows_with_the_log_and_fetches_what_is_new_alone(tmp_path):
    source = logs(2_000)
    for size, fetched in ((100, [0]), (256, [0]), (257, [1]), (700, [1, 2]), (1_999, [2, 3, 4, 5, 6, 7]), (2_000, [7])):
        source.sizes[0] = size
        source.given.clear()
        assert written(tmp_path, source).logs[0].size == size
        assert sorted(index for _, index in source.given) == fetched
        assert_clean(tmp_path, source)
    grown = without_notes(tmp_path)
    written(tmp_path / "whole", source)
    assert grown == without_notes(tmp_path / "whole")


def test_run_again_without_growth_nothing_changes(tmp_path):
    source = logs(600, 300)
    written(tmp_path, source)
    before = without_notes(tmp_path)
    source.given.clear()
    written(tmp_path, source)
    assert without_notes(tmp_path) == before
    assert source.given == []


@contextmanager
def left_as_it_was(folder: Path) -> Iterator[None]:
    before = files_of(folder)
    yield
    assert files_of(folder) == before


def test_another_history_is_refused_by_both_names_and_the_old_export_stays(tmp_path):
    old = logs(600)
    written(tmp_path, old)
    forked = history([700])[0].events
    forked[5] = forked[5].replace(b"staff/synthetic", b"staff/somebody!")
    other = Counting([forked])
    with left_as_it_was(tmp_path), pytest.raises(ExportRefused, match="does not continue") as refused:
        written(tmp_path, other)
    assert "size 600" in str(refused.value)
    assert "size 700" in str(refused.value)
    assert_clean(tmp_path, old)


def test_a_log_that_shrank_or_another_log_is_refused(tmp_path):
    source = logs(600)
    written(tmp_path, source)
    source.sizes[0] = 599
    with left_as_it_was(tmp_path), pytest.raises(ExportRefused, match="does not shrink"):
        written(tmp_path, source)
    source.sizes[0] = 600
    source.logs[0].origin = "other.example/log/0"
    with left_as_it_was(tmp_path), pytest.raises(ExportRefused, match="different logs"):
        written(tmp_path, source, NOBODY)


def test_events_that_were_not_signed_are_named_by_position_and_not_kept(tmp_path):
    source = logs(1_000)
    true_event = source.logs[0].entries[700]
    source.logs[0].entries[700] = true_event.replace(b"7200", b"7300")
    with pytest.raises(ExportRefused, match="The first that differs is position 701"):
        written(tmp_path, source)
    assert not (tmp_path / MANIFEST).exists()
    assert not (tmp_path / "0/checkpoint").exists()
    source.logs[0].entries[700] = true_event
    source.given.clear()
    written(tmp_path, source)
    assert source.given == [(0, 2)]
    assert_clean(tmp_path, source)


def test_a_file_that_the_disk_changed_meanwhile_is_found_and_fetched_anew(tmp_path):
    source = logs(1_000)
    source.gives_at_most = 3
    with pytest.raises(LogAway):
        written(tmp_path, source)
    source.gives_at_most = 1 << 30
    bundle = tmp_path / "0/tile/entries/001"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(source.entry_bundle(0, EntryBundle(1)).replace(b"Riyadh", b"Riyard"))
    with pytest.raises(ExportRefused, match=r"position 2\d\d: its leaf hash"):
        written(tmp_path, source)
    written(tmp_path, source)
    assert_clean(tmp_path, source)


def test_what_is_not_signed_by_the_given_keys_is_refused(tmp_path):
    source, stranger = logs(300), Counting([history([300])[0].events], seed=2)
    with pytest.raises(ExportRefused, match="signatures"):
        written(tmp_path, source, TrustedKeys.read(stranger.vkeys))
    with pytest.raises(ExportRefused, match="origin"):
        written(tmp_path, source, TrustedKeys.read([logs(1, 1).vkeys[2]]))
    assert files_of(tmp_path) == {}


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    source = logs(300)
    (tmp_path / "letter.txt").write_text("mine")
    with left_as_it_was(tmp_path), pytest.raises(ExportRefused, match=r"letter\.txt"):
        written(tmp_path, source)


def test_a_link_in_the_folder_is_not_written_through(tmp_path):
    source, elsewhere = logs(300), tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "0").symlink_to(elsewhere)
    with pytest.raises(ExportRefused, match="'0'"):
        written(out, source)
    (out / "0").unlink()
    (out / "0").mkdir()
    target = tmp_path / "target"
    (out / "0/checkpoint.new").symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        written(out, source)
    assert not target.exists()
    assert not list(elsewhere.iterdir())


def test_what_a_crash_left_is_cleared_away(tmp_path):
    source = logs(700)
    source.sizes[0] = 300
    written(tmp_path, source)
    source.sizes[0] = 700
    (tmp_path / "0/tile/entries/002.p").mkdir()
    (tmp_path / "0/tile/entries/002.p/99").write_bytes(b"of a size between")
    (tmp_path / "0/tile/entries/002.new").write_bytes(b"half")
    (tmp_path / MANIFEST).unlink()
    written(tmp_path, source)
    assert_clean(tmp_path, source)


def test_a_damaged_export_is_not_continued(tmp_path):
    source = logs(700)
    written(tmp_path, source)
    tile = tmp_path / "0/tile/1/000.p/2"
    tile.write_bytes(bytes(64))
    with pytest.raises(ExportRefused, match="damaged"):
        written(tmp_path, source)


def test_two_at_once_are_refused(tmp_path):
    source = logs(300)

    class Nested(SampleLedger):
        def balances(self, partition: int) -> bytes:
            with pytest.raises(FolderInUse):
                written(tmp_path, source)
            return super().balances(partition)

    written(tmp_path, Nested([history([300])[0].events]))


@pytest.mark.parametrize(
    "first",
    [
        b"{}",
        b"\x00\x01",
        b'{"data":{"ledger_id":"x","partitions":0}}',
        b'{"data":{"ledger_id":"x y","partitions":1}}',
        b"\xff" * 40,
    ],
)
def test_what_is_no_ledger_is_refused(tmp_path, first):
    source = logs(300)
    source.logs[0].entries[0] = first
    with pytest.raises(LogRefused, match="ledger-opened"):
        written(tmp_path, source)
