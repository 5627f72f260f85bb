"""Tessera's fsck takes a log that we wrote at every kind of size, and not one in which a bit was changed."""

from __future__ import annotations

import random

import pytest

from tests.transparency.go_checks import FSCK_SECONDS_MAX, fsck_accepts, write_log
from tests.transparency.sample_log import SampleLog, sample_entries

ORIGIN = "log.example/hours/0"
SIZES = [0, 1, 255, 256, 257, 600, pytest.param(66_000, marks=pytest.mark.proof)]
HANGING_SECONDS_MAX = 3.0
"""A whole log of these sizes takes a tenth of a second; where fsck finds a fault early it never ends."""


def written_log(folder, size: int) -> SampleLog:
    log = SampleLog(ORIGIN, sample_entries(size))
    write_log(folder, {**log.tiles.stored, **log.bundles(), "checkpoint": log.checkpoint(size)})
    return log


def flip_a_bit(folder, path: str, chance: random.Random) -> None:
    """Within the first entry's bytes, so that the bundle keeps its form."""
    file = folder / path
    data = bytearray(file.read_bytes())
    data[2 + chance.randrange(8)] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_log_is_accepted(fsck, tmp_path, size):
    log = written_log(tmp_path / "log", size)
    accepted, wrote = fsck_accepts(fsck, tmp_path / "log", log.ed25519.key.line(), size, FSCK_SECONDS_MAX)
    assert accepted, wrote


@pytest.mark.parametrize("size", [600, pytest.param(66_000, marks=pytest.mark.proof)])
@pytest.mark.parametrize("place", ["early full bundle", "last partial bundle", "hash tile", "key"])
def test_a_changed_log_is_not(fsck, tmp_path, seed, size, place):
    log = written_log(tmp_path / "log", size)
    chance = random.Random(seed)
    key = log.ed25519.key
    match place:
        case "early full bundle":
            flip_a_bit(tmp_path / "log", "tile/entries/000", chance)
        case "last partial bundle":
            flip_a_bit(tmp_path / "log", list(log.bundles())[-1], chance)
        case "hash tile":
            flip_a_bit(tmp_path / "log", "tile/0/001", chance)
        case _:
            key = SampleLog(ORIGIN, [], seed=2).ed25519.key
    accepted, _ = fsck_accepts(fsck, tmp_path / "log", key.line(), size, HANGING_SECONDS_MAX)
    assert not accepted
