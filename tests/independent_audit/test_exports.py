"""Exports of several partitions and tiles, and events that lie in the wrong one."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from examples import independent_audit as auditor
from tests.independent_audit.export_builder import (
    attendance,
    event,
    large_export,
    moved,
    opened,
    routed,
    vkey,
    write_export,
)
from tests.independent_audit.running import first_finding, run


@pytest.mark.parametrize("counts", [[1], [256], [257], [512, 0, 3], [255, 700]])
def test_larger_exports(tmp_path: Path, counts: list[int]) -> None:
    folder = large_export(tmp_path / "export", counts)
    keys = [word for p in range(len(counts)) for word in ("--key", vkey(f"tiny.example/log/{p}"))]
    code, lines = run(folder, "--json", "--balances", *keys)
    summary = json.loads(lines[-1])
    assert (code, summary["findings"], summary["first"], summary["signatures"]) == (0, 0, None, "checked")
    assert [row["size"] for row in summary["partitions"]] == counts
    assert [row["map_root"] is None for row in summary["partitions"]] == [count == 0 for count in counts]
    names = [json.loads(line)["holder"] for line in lines[:-1]]
    assert names == sorted(names)
    assert summary["holders"] == len(names)
    assert run(folder)[1][-1] == "findings: 0"


def test_tile_names() -> None:
    assert auditor.tile_name("entries", 1234067, 256) == "tile/entries/x001/x234/067"
    assert auditor.tile_name("0", 273, 112) == "tile/0/273.p/112"
    there = "tile/0/273.p/112 tile/0/272 tile/1/000 tile/1/001.p/17 tile/2/000.p/1 tile/entries/000"
    assert all(auditor.belongs(name, 70_000) for name in there.split())
    elsewhere = (
        "tile/0/273 tile/0/274 tile/0/272.p/3 tile/2/000.p/2 tile/3/000.p/1 tile/0/x000/001 tile/0/00 tile/00/000"
    )
    misspelt = "tile/0/273.p/0112 tile/0/000.p/256 tile/entries Checkpoint"
    assert not any(auditor.belongs(name, 70_000) for name in f"{elsewhere} {misspelt}".split())


@pytest.mark.proof
def test_memory_does_not_grow_with_the_number_of_events(tmp_path: Path) -> None:
    peaks = []
    for number, count in enumerate((2_000, 8_000)):
        folder = large_export(tmp_path / str(number), [count])
        tracemalloc.start()
        assert run(folder)[0] == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def test_one_partition_stops_and_the_next_is_read(tmp_path: Path) -> None:
    folder = large_export(tmp_path / "export", [300, 300])
    path = folder / "0" / "tile" / "entries" / "000"
    path.write_bytes(path.read_bytes().replace(b"staff/amal", b"staff/amel", 1))
    (folder / "1" / "extra").write_bytes(b"")
    code, lines = run(folder, "--json")
    summary = json.loads(lines[-1])
    assert (code, summary["findings"]) == (1, 2)
    assert (summary["first"]["partition"], summary["first"]["position"]) == (0, 1)
    assert [row["partition"] for row in summary["partitions"]] == [1]


def test_events_in_the_wrong_partition_or_order(tmp_path: Path) -> None:
    home = next(name for name in (f"volunteers/v{n}" for n in range(9)) if routed(name, 2) == 0)
    right = attendance(f"{home}/attendances/a1", 0, 2, 1, [moved(60)])
    wrong = attendance(f"{home}/attendances/a1", 1, 2, 1, [moved(60)])
    assert run(write_export(tmp_path / "right", [[opened(0, 2), right], [opened(1, 2)]]))[0] == 0
    finding = first_finding(write_export(tmp_path / "wrong", [[opened(0, 2)], [opened(1, 2), wrong]]))
    assert (finding["partition"], finding["position"], finding["field"]) == (1, 2, "subject")
    finding = first_finding(write_export(tmp_path / "first", [[right], [opened(1, 2)]]))
    assert (finding["position"], finding["field"]) == (1, "position")
    late = event("ledger-opened", "partitions/0", 0, 2, 2, json.loads(opened(0, 1))["data"])
    finding = first_finding(write_export(tmp_path / "late", [[opened(0, 1), late]]))
    assert (finding["position"], finding["field"]) == (2, "type")
    whole = [opened(0, 1), attendance("volunteers/a/attendances/a1", 0, 2, 1, [moved(2**63 - 1)]),
             attendance("volunteers/a/attendances/a1", 0, 3, 2, [moved(1)])]  # fmt: skip
    finding = first_finding(write_export(tmp_path / "sum", [whole]))
    assert (finding["position"], finding["field"]) == (3, "data.entries[0].seconds")
