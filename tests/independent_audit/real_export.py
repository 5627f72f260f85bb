"""A ledger that is served, exported as people do it, and read by two programs that share nothing."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from ledger.transparency.line_grammar import base64_text
from tests.independent_audit.running import PROGRAM
from tests.system.acting import acting_as, channel_to
from tests.system.served_ledger import Done, Served, answered, hours_ledger
from volunteer_hours.v1.hours_service_pb2 import BatchGetBalancesRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

CLASSES: Final = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
SIGNED_SECONDS_MAX: Final = 60.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Verdict:
    """What a program says of an export."""

    findings: int
    roots: dict[int, tuple[int, str, str]]
    """Partition → size, log root and map root in base64."""
    balances: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Holder → seconds by class, then the number of entries."""


def both_agree(served: Served, reached: Mapping[int, int], folder: Path, seed: int) -> None:
    """Export all up to these positions: both programs find nothing, and the same roots, maps and balances.

    The service answers with the same balances. Then a bit is flipped somewhere, and both find it.
    """
    vkeys = exported(served, folder, reached)
    ours, theirs = by_us(folder, vkeys), by_an_outsider(folder, vkeys)
    assert (ours.findings, theirs.findings) == (0, 0)
    assert ours.roots == theirs.roots
    assert ours.roots.keys() == set(range(served.partitions))
    assert theirs.balances
    sizes = {partition: size for partition, (size, _, _) in ours.roots.items()}
    assert answers(served, list(theirs.balances), sizes) == theirs.balances
    file, at, sound = flipped(folder, random.Random(seed))
    assert by_us(folder, vkeys).findings > 0, (file, at)
    assert by_an_outsider(folder, vkeys).findings > 0, (file, at)
    file.write_bytes(sound)


def exported(served: Served, folder: Path, reached: Mapping[int, int]) -> list[str]:
    """Export once all of it is signed; the logs' verifier keys."""
    at_rest = {"LEDGER_PARTITIONS": str(served.partitions)}
    own = ("--data-dir", served.folder)
    told = eventually(
        lambda: hours_ledger("keys", "--verifier", *own, **at_rest),
        lambda done: len(done.stdout.split()) == 2 * served.partitions,
    )
    vkeys = told.stdout.split()
    source = ["--url", f"http://{served.http}", *_keys(vkeys)]
    eventually(
        # The first checkpoint, and the next one, follow within seconds; run again, an export goes on where it ended.
        lambda: hours_ledger("export", folder, *source, *own, "--json", **at_rest),
        lambda done: done.returncode == 0 and _has_reached(done, reached),
    )
    return vkeys


def _has_reached(done: Done, reached: Mapping[int, int]) -> bool:
    return all(log["size"] >= reached.get(log["partition"], 1) for log in answered(done)["partitions"])


def generated(served: Served, volunteers: int) -> dict[int, int]:
    """Add a synthetic history; the positions it reached."""
    told = ("--volunteers", str(volunteers), "--seed", str(volunteers), "--json")
    made = answered(hours_ledger("generate", *told, address=served.grpc))
    return {at["partition"]: at["position"] for at in made["positions"]}


def eventually(ask: Callable[[], Answer], enough: Callable[[Answer], bool]) -> Answer:
    """The first answer that is enough."""
    deadline = time.monotonic() + SIGNED_SECONDS_MAX
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    return answer


def by_us(folder: Path, vkeys: list[str]) -> Verdict:
    """`hours-ledger audit --export`."""
    done: Done = hours_ledger("audit", "--export", folder, *_keys(vkeys), "--json")
    told = json.loads(done.stdout)
    assert done.returncode == (1 if told["findings"] else 0), done.stderr
    roots: dict[int, tuple[int, str, str]] = {}
    for note in told["notes"]:
        said = re.fullmatch(
            r"export, partition (\d+): positions 1\.\.(\d+), log root (\S+), \d+ holders, map root (\S+)", note
        )
        if said is not None:
            roots[int(said[1])] = int(said[2]), said[3], said[4]
    return Verdict(told["findings"], roots)


def by_an_outsider(folder: Path, vkeys: list[str]) -> Verdict:
    """`examples/independent_audit.py`, with Python alone."""
    command = [sys.executable, "-I", "-S", str(PROGRAM), str(folder), *_keys(vkeys), "--balances", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.stderr == ""
    *holders, summary = map(json.loads, done.stdout.splitlines())
    assert done.returncode == (1 if summary["findings"] else 0)
    assert summary["findings"] or summary["signatures"] == "checked"
    roots = {
        row["partition"]: (row["size"], _base64(row["root"]), _base64(row["map_root"])) for row in summary["partitions"]
    }
    balances = {row["holder"]: (*(row[f"{name}_seconds"] for name in CLASSES), row["entry_count"]) for row in holders}
    return Verdict(summary["findings"], roots, balances)


def answers(served: Served, holders: list[str], sizes: Mapping[int, int]) -> dict[str, tuple[int, ...]]:
    """What the service says of each as of these positions, which are those of the export."""
    as_of = AsOf(positions=PositionSet(positions=[Position(partition=p, position=n) for p, n in sizes.items()]))
    found: dict[str, tuple[int, ...]] = {}
    with channel_to(served.grpc) as channel:
        stub = HoursServiceStub(channel)
        for first in range(0, len(holders), 1_000):
            request = BatchGetBalancesRequest(names=holders[first : first + 1_000], as_of=as_of)
            answer = stub.BatchGetBalances(request, metadata=acting_as("staff/auditor"), timeout=60.0)
            for balance in answer.balances:
                seconds = (getattr(balance.seconds, f"{name}_seconds") for name in CLASSES)
                found[balance.name] = (*seconds, balance.entry_count)
    return found


def flipped(folder: Path, chance: random.Random) -> tuple[Path, int, bytes]:
    """Flip a bit of some file: which, where, and what it held before."""
    file = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    sound = file.read_bytes()
    # Of a note only the text: whether an ML-DSA-44 signature is right, the outsider's program does not know.
    at = chance.randrange(sound.index(b"\n\n") if file.name in ("checkpoint", "balances") else len(sound))
    file.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << chance.randrange(8)]) + sound[at + 1 :])
    return file, at, sound


def _keys(vkeys: list[str]) -> list[str]:
    return [word for vkey in vkeys for word in ("--key", vkey)]


def _base64(told: str) -> str:
    return base64_text(bytes.fromhex(told))
