"""Marks put aside: however many lie on disk, those of one name come back together and in order."""

from __future__ import annotations

import random
import struct
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from ledger.export_audit import marks_on_disk
from ledger.export_audit.marks_on_disk import MarksOnDisk


@pytest.mark.parametrize(("expected", "buffer"), [(1, 1 << 20), (1_000_000, 1 << 20), (1_000_000, 64), (0, 1)])
def test_they_come_back_by_name_in_the_order_they_were_given(monkeypatch, tmp_path, seed, expected, buffer):
    monkeypatch.setattr(marks_on_disk, "BUFFER_BYTES_MAX", buffer)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chance = random.Random(seed)
    names = [chance.randbytes(16) for _ in range(300)]
    given = [(chance.choice(names), chance.randrange(2**32), position) for position in range(2_000)]
    with MarksOnDisk(expected) as marks:
        for first in range(0, len(given), 100):
            marks.add(b"".join(struct.pack("!16sIQ", *mark) for mark in given[first : first + 100]))
        assert bool(list(tmp_path.iterdir())) == (buffer < 1 << 20)
        back: dict[bytes, list[tuple[bytes, int, int]]] = defaultdict(list)
        for part in marks.by_part():
            here = list(part)
            assert not {name for name, _, _ in here} & back.keys()
            for mark in here:
                back[mark[0]].append(mark)
    wanted: dict[bytes, list[tuple[bytes, int, int]]] = defaultdict(list)
    for mark in given:
        wanted[mark[0]].append(mark)
    assert back == wanted
    assert not list(Path(tmp_path).iterdir())
