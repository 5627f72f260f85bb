"""One bit flipped anywhere in an export: the audit names its partition, and the file or the event that it lies in."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from ledger.auditing.progress import Progress
from ledger.export_audit.export_audit import audit_export
from ledger.exporting.export import export
from ledger.exporting.manifest import MANIFEST
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.tiles import EntryBundle, parse_path
from tests.exporting.sample_ledger import SampleLedger
from tests.exporting.synthetic_log import history

KINDS = ("manifest", "checkpoint", "balances", "entries", "tile")


@pytest.mark.parametrize("count", [10, pytest.param(500, marks=pytest.mark.proof)])
def test_a_bit_flipped_in_any_file_is_named(tmp_path: Path, seed: int, count: int) -> None:
    chance = random.Random(seed)
    source = SampleLedger([telling.events for telling in history((300, 40))])
    trusted = TrustedKeys.read(source.vkeys)
    export(tmp_path, source, trusted, Progress())
    files = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    kinds: Counter[str] = Counter()
    for number in range(count):
        wanted = KINDS[number % len(KINDS)]
        file = chance.choice([one for one in files if kind_of(one.relative_to(tmp_path).as_posix()) == wanted])
        whole = bytearray(file.read_bytes())
        at = chance.randrange(len(whole))
        whole[at] ^= 1 << chance.randrange(8)
        before = file.read_bytes()
        file.write_bytes(bytes(whole))
        path = file.relative_to(tmp_path).as_posix()
        report = audit_export(tmp_path, trusted)
        file.write_bytes(before)
        found = [finding.line() for finding in report.findings]
        kinds[kind_of(path)] += 1
        if not found:
            assert is_of_an_unknown_key(before, at, source.vkeys), f"byte {at} of {path}: nobody saw it"
            continue
        if path == MANIFEST:
            continue
        partition = int(path.split("/")[0])
        of_partition = [one for one in report.findings if one.where.partition == partition]
        assert of_partition, f"byte {at} of {path}: {found}"
        if kind_of(path) == "entries":
            bundle = parse_path(path.partition("/")[2])
            assert isinstance(bundle, EntryBundle)
            positions = range(bundle.index * 256 + 1, bundle.index * 256 + bundle.width + 1)
            assert any(one.where.position in positions for one in of_partition), f"byte {at} of {path}: {found}"
    assert audit_export(tmp_path, trusted).count == 0
    assert set(kinds) == set(KINDS)


def is_of_an_unknown_key(note: bytes, at: int, vkeys: Sequence[str]) -> bool:
    """Whether the byte is in a signature line of somebody whose key this reader does not have: it means nothing."""
    line = note[: note.find(b"\n", at)].rpartition(b"\n")[2].decode()
    names = {vkey.split("+")[0] for vkey in vkeys}
    return line.startswith("— ") and not names & {line.split(" ")[1].removesuffix("/balances")}


def kind_of(path: str) -> str:
    """Which of KINDS."""
    if path == MANIFEST:
        return "manifest"
    name = path.partition("/")[2]
    return "entries" if "entries" in name else "tile" if name.startswith("tile") else name
