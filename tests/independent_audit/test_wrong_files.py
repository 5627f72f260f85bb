"""Files made wrong, left out, added, or no files at all."""

from __future__ import annotations

import json
import os

import pytest

from tests.independent_audit.export_builder import ORIGIN, b64, large_export, vkey, write
from tests.independent_audit.running import first_finding, run


def edit_manifest(change):
    def edit(folder):
        manifest = json.loads((folder / "manifest.json").read_bytes())
        change(manifest)
        (folder / "manifest.json").write_bytes(json.dumps(manifest).encode())

    return edit


def edit_file(name, change):
    def edit(folder):
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return edit


def pipe_instead_of_note(folder):
    (folder / "0/balances").unlink()
    os.mkfifo(folder / "0/balances")


def link_instead_of_note(folder):
    (folder / "0/balances").unlink()
    (folder / "0/balances").symlink_to("checkpoint")


ENTRIES = "0/tile/entries/000.p/5"
WRONG_FILES = [
    (edit_manifest(lambda m: m.pop("format")), "manifest.json.format"),
    (edit_manifest(lambda m: m.update(format="x")), "manifest.json.format"),
    (edit_manifest(lambda m: m.update(version=True)), "manifest.json.version"),
    (edit_manifest(lambda m: m.update(more=1)), "manifest.json.more"),
    (edit_manifest(lambda m: m.update(ledger_id="x")), "source"),
    (edit_manifest(lambda m: m.update(ledger_id="")), "manifest.json.ledger_id"),
    (edit_manifest(lambda m: m["partitions"][0].update(origin="a" * 247)), "manifest.json.partitions[0].origin"),
    (edit_manifest(lambda m: m.update(partitions=[])), "manifest.json.partitions"),
    (edit_manifest(lambda m: m.update(partitions=m["partitions"] * 2)), "manifest.json.partitions[1].partition"),
    (edit_manifest(lambda m: m["partitions"][0].update(partition=1)), "manifest.json.partitions[0].partition"),
    (edit_manifest(lambda m: m["partitions"][0].update(origin="a b")), "manifest.json.partitions[0].origin"),
    (edit_manifest(lambda m: m["partitions"][0].update(origin="a")), "checkpoint line 1"),
    (edit_manifest(lambda m: m["partitions"][0].update(size=4)), "tile/entries/000.p/4"),
    (edit_manifest(lambda m: m["partitions"][0].update(size="5")), "manifest.json.partitions[0].size"),
    (edit_manifest(lambda m: m["partitions"][0].update(size=2**62)), "tile/entries/000"),
    (edit_manifest(lambda m: m["partitions"][0].update(root=b64(bytes(32)))), "manifest.json root"),
    (edit_manifest(lambda m: m["partitions"][0].update(root=b64(bytes(31)))), "manifest.json.partitions[0].root"),
    (edit_manifest(lambda m: m["partitions"][0].update(map_root=b64(bytes(32)))), "manifest.json map_root"),
    (edit_manifest(lambda m: m["partitions"][0].pop("map_root")), "manifest.json.partitions[0].map_root"),
    (edit_manifest(lambda m: m["partitions"][0].update(more="")), "manifest.json.partitions[0].more"),
    (edit_file("manifest.json", lambda c: c.replace(b'"version"', b'"version": 1, "version"')), "version"),
    (edit_file("manifest.json", lambda c: c.replace(b'"size"', b'"size": 5, "size"')), "size"),
    (edit_file("manifest.json", lambda c: b"\xef\xbb\xbf" + c), "manifest.json"),
    (edit_file("manifest.json", lambda c: b"[" + c + b"]"), "manifest.json"),
    (edit_file("manifest.json", lambda c: c + b" " * 4_194_304), "manifest.json"),
    (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
    (lambda folder: (folder / "0/checkpoint").unlink(), "checkpoint"),
    (lambda folder: (folder / "0/balances").unlink(), "balances"),
    (lambda folder: (folder / ENTRIES).unlink(), "tile/entries/000.p/5"),
    (lambda folder: (folder / "0/tile/0/000.p/5").unlink(), "tile/0/000.p/5"),
    (edit_file(ENTRIES, lambda c: c[:-1]), "tile/entries/000.p/5"),
    (edit_file(ENTRIES, lambda c: c + b"\x00"), "tile/entries/000.p/5"),
    (edit_file(ENTRIES, lambda c: b"\x00\x00" + c), "tile/entries/000.p/5"),
    (edit_file(ENTRIES, lambda c: c[:1]), "tile/entries/000.p/5"),
    (edit_file(ENTRIES, lambda c: b""), "tile/entries/000.p/5"),
    (edit_file("0/tile/0/000.p/5", lambda c: c[:-1]), "tile/0/000.p/5"),
    (edit_file("0/tile/0/000.p/5", lambda c: c + bytes(32)), "tile/0/000.p/5"),
    (edit_file("0/tile/0/000.p/5", lambda c: c + bytes(9000)), "tile/0/000.p/5"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"\n5\n", b"\n05\n")), "checkpoint line 2"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"\n5\n", b"\n4\n")), "checkpoint line 2"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"\n\n", b"\nextra\n\n")), "checkpoint number of lines"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"\n\n", b"\n\n\n")), "checkpoint number of lines"),
    (edit_file("0/checkpoint", lambda c: c[:-1]), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c + b"x"), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c + b"\n"), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c.split(b"\n\n")[0] + b"\n\n"), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c + c.split(b"\n\n")[1] * 100), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c.replace("— ".encode(), b"- ")), "checkpoint signature line"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"\n5\n", b"\r\n5\n")), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c.replace(b"tiny", b"t\xc3\x28")), "checkpoint"),
    (edit_file("0/checkpoint", lambda c: c + b"x" * 1_000_000), "checkpoint"),
    (edit_file("0/balances", lambda c: c.replace(b"of 1", b"of 2")), "balances line 5"),
    (edit_file("0/balances", lambda c: c.replace(b"partition 0", b"partition 1")), "balances line 5"),
    (edit_file("0/balances", lambda c: c.replace(b"log ", b"Log ")), "balances line 4"),
    (lambda folder: (folder / "0/tile/0/000.p/4").write_bytes(bytes(128)), "0/tile/0/000.p/4"),
    (lambda folder: (folder / "README").write_bytes(b""), "README"),
    (lambda folder: write(folder / "1/checkpoint", b""), "1/checkpoint"),
    (lambda folder: write(folder / "00/checkpoint", b""), "00/checkpoint"),
    (lambda folder: (folder / "0/link").symlink_to("/"), "0/link"),
    (lambda folder: os.mkfifo(folder / "0/pipe"), "0/pipe"),
    (pipe_instead_of_note, "balances"),
    (link_instead_of_note, "balances"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "field"), WRONG_FILES)
def test_a_file_made_wrong_is_found(small, edit, field):
    edit(small)
    assert first_finding(small)["field"] == field


def test_an_empty_partition_has_no_balances(tmp_path):
    folder = large_export(tmp_path / "export", [0])
    assert run(folder, "--key", vkey(ORIGIN))[0] == 0
    write(folder / "0/balances", b"")
    assert first_finding(folder)["field"] == "0/balances"


def test_readable_lines_end_with_the_first_finding(small):
    (small / "0/tile/0/000.p/5").write_bytes(bytes(160))
    code, lines = run(small)
    assert code == 1
    assert lines[-1].startswith("finding: partition 0, position 1, field tile/0/000.p/5: ")
