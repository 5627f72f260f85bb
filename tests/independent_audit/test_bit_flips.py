"""A flipped bit of a signed export is found: here a bit of every 40th byte, in the full dose every bit there is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from examples import independent_audit as auditor
from tests.independent_audit.export_builder import ORIGIN, vkey

Flips: TypeAlias = Callable[[bytes], Iterator[tuple[int, bytes]]]
"""From a file's bytes to places in it and the bytes with a bit flipped there."""


def flipped(content: bytes, place: int, bit: int) -> tuple[int, bytes]:
    return place, content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


@pytest.fixture
def some_flips(seed: int) -> Flips:
    chance = random.Random(seed)

    def flips(content: bytes) -> Iterator[tuple[int, bytes]]:
        for place in range(chance.randrange(min(40, len(content))), len(content), 40):
            yield flipped(content, place, chance.randrange(8))

    return flips


def all_flips(content: bytes) -> Iterator[tuple[int, bytes]]:
    for place in range(len(content)):
        for bit in range(8):
            yield flipped(content, place, bit)


def unfound(folder: Path, keys: list[auditor.Key], flips: Flips) -> list[tuple[str, int]]:
    """File and place of every flip that the auditor does not find; there is at least one flip in every file."""
    passed = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content, tried = path.read_bytes(), 0
        for place, wrong in flips(content):
            tried += 1
            path.write_bytes(wrong)
            if auditor.audit(folder, keys).findings.count == 0:
                passed.append((str(path.relative_to(folder)), place))
        path.write_bytes(content)
        assert tried
    return passed


def only_signatures_are_unfound_without_keys(folder: Path, flips: Flips) -> None:
    passed = unfound(folder, [], flips)
    assert passed
    for name, place in passed:
        assert name in ("0/checkpoint", "0/balances")
        assert place > (folder / name).read_bytes().index(b"\n\n") + 2


def test_with_keys_a_flipped_bit_is_found(small: Path, some_flips: Flips) -> None:
    assert unfound(small, [auditor.read_vkey(vkey(ORIGIN))], some_flips) == []


def test_without_keys_signatures_alone_may_be_flipped(small: Path, some_flips: Flips) -> None:
    only_signatures_are_unfound_without_keys(small, some_flips)


@pytest.mark.proof
@pytest.mark.timeout(3_600)
def test_with_keys_every_flipped_bit_is_found(small: Path) -> None:
    assert unfound(small, [auditor.read_vkey(vkey(ORIGIN))], all_flips) == []


@pytest.mark.proof
@pytest.mark.timeout(3_600)
def test_without_keys_only_signatures_may_be_flipped(small: Path) -> None:
    only_signatures_are_unfound_without_keys(small, all_flips)
