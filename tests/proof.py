"""`make proof`: everything in its full dose, by the commands people type; what they printed is kept in docs/proof/.

Each output begins with its command and ends with how it ended. Paths and names of this machine are taken out of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from ledger.child_process import ChildProcess
from tests.conftest import open_folder

PROJECT: Final = Path(__file__).parents[1]
KEPT: Final = PROJECT / "docs" / "proof"
HISTORY: Final = "examples/leeds2023"
READY_SECONDS_MAX: Final = 120.0
ALL_PUBLISHED: Final = "79 of 79"
FIGURES: Final = (
    ("2023-06-17T23:38:46Z", "recorded", 8_913),
    ("2023-06-17T23:38:46Z", "attended", 7_713),
    ("2023-06-19T23:39:33Z", "recorded", 7_813),
    ("2023-06-19T23:39:33Z", "attended", 7_813),
    ("2024-06-01T00:00:00Z", "verified", 0),
)
"""As of (source time), measure, hours by the publisher's rounding: shift 86004 stood in the total for 11 days."""


class Transcript:
    """What was typed and what came back, without this machine in it."""

    def __init__(self, name: str) -> None:
        self.good = True
        self._file = KEPT / f"{name}.txt"
        self._lines: list[str] = []

    def run(self, *arguments: str, address: str = "", issuer: Path | None = None, shown: Sequence[str] = ()) -> str:
        """Run `python -m …`; its output, which is also kept (standard error only if it failed).

        `issuer` is the folder of the embedded ledger that is asked.
        """
        self.say(f"$ python -m {' '.join(shown or arguments)}")
        variables = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        variables |= {"LC_ALL": "C.UTF-8", "COLUMNS": "110", "NO_COLOR": "1"}
        variables |= {"LEDGER_GRPC_ADDRESS": address} if address else {}
        variables |= {"LEDGER_LOCAL_ISSUER": str(issuer)} if issuer else {}
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
        )
        self.say(done.stdout.rstrip())
        if done.returncode:
            self.say(done.stderr.rstrip())
            self.good = False
        self.say(f"[exit code {done.returncode}, {time.monotonic() - began:.0f} s]\n")
        return done.stdout

    def check(self, holds: bool, what: str) -> None:
        """Something that must be so."""
        self.say(f"{'holds' if holds else 'DOES NOT HOLD'}: {what}")
        self.good = self.good and holds

    def say(self, text: str) -> None:
        """Add lines, and print them."""
        clean = without_this_machine(text)
        print(clean, flush=True)
        self._lines.append(clean)

    def keep(self) -> None:
        """Write the file."""
        KEPT.mkdir(parents=True, exist_ok=True)
        self._file.write_text("\n".join(self._lines).rstrip() + "\n", "utf-8")


def without_this_machine(text: str) -> str:
    """Paths of the checkout, of Python and of temporary folders, the user's and the machine's name, colours."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    for path, name in (
        (str(PROJECT), "."),
        (sys.prefix, ".venv"),
        (sys.base_prefix, "python"),
        (str(Path.home()), "~"),
    ):
        text = text.replace(path, name)
    text = re.sub(re.escape(tempfile.gettempdir()) + r"/[\w.-]+", "TMP", text)
    return re.sub(rf"\b{re.escape(socket.gethostname())}\b", "HOST", text)


def demo(transcript: Transcript) -> None:
    """The demo on the embedded database."""
    transcript.check(ALL_PUBLISHED in transcript.run("ledger", "demo", "--once"), ALL_PUBLISHED)


def stack(transcript: Transcript) -> None:
    """The same through real Kafka: the figures come from projections fed by the topic alone."""
    transcript.check(ALL_PUBLISHED in transcript.run("ledger.local_stack", "--once"), ALL_PUBLISHED)


def report(transcript: Transcript) -> None:
    """The history imported over gRPC, twice; the published figures; audit; the projections dropped and made anew."""
    with served() as (address, folder):
        for _ in range(2):
            transcript.run("ledger", "import", "leeds2023", HISTORY, address=address, issuer=folder)
        for as_of, measure, hours in FIGURES:
            asked = ("report", "--as-of", as_of, "--clock", "source", "--measure", measure, "--json")
            answer = json.loads(transcript.run("ledger", *asked, address=address, issuer=folder))
            transcript.check(answer["total_hours_rounded"] == hours, f"{measure} as of {as_of}: {hours} hours")
        data = ("--data-dir", str(folder))
        audited = transcript.run("ledger", "audit", *data, shown=("ledger", "audit", "--data-dir", "TMP"))
        transcript.check(audited.rstrip().endswith("findings: 0"), "findings: 0")
        transcript.run("ledger", "rebuild", *data, shown=("ledger", "rebuild", "--data-dir", "TMP"))


FULL_DOSES: Final = {
    "domain": ("tests/domain", "tests/system"),
    "kills": ("tests/faults/test_kills.py",),
    "lost-answers": ("tests/faults/test_lost_answers.py",),
    "lost-commits": ("tests/faults/test_lost_commits.py",),
    "bad-records": ("tests/faults/test_bad_records.py",),
    "transparency": ("tests/transparency",),
    "independent-audit": ("tests/independent_audit",),
    "bit-flips": ("tests/faults/test_bit_flips.py", "tests/exporting"),
    "contention": (
        "tests/faults/test_contention.py",
        "tests/faults/test_waiting_contention.py",
        "tests/faults/test_request_keys.py",
    ),
    "access": (
        *("tests/access", "tests/system/test_tls.py", "tests/system/test_served_over_tls.py"),
        *("tests/system/test_access_matrix.py", "tests/system/test_enumeration.py", "tests/system/test_revocation.py"),
        *("tests/system/test_erasure.py", "tests/system/test_erased_members.py", "tests/faults/test_lost_looks.py"),
    ),
    "opportunity-feed": ("tests/feeds",),
    "spreadsheets": ("tests/sheets",),
    "pages-for-people": ("tests/browser/test_people_pages.py",),
    "live-lessons": (
        "tests/live",
        "tests/load",
        "tests/faults/test_live_kills.py",
        "tests/system/test_live_sessions.py",
    ),
    "finding": ("tests/search", "tests/system/test_opportunity_search.py", "tests/system/test_matching.py"),
    "recognition": ("tests/system/test_recognition.py", "tests/system/test_milestones_followed.py"),
    "projects": ("tests/system/test_projects.py",),
    "bulk-in": ("tests/bulk", "tests/system/test_bulk_import.py", "tests/system/test_leeds_saved.py"),
    "out": ("tests/saving", "tests/system/test_save.py", "tests/system/test_bulk_pages.py"),
    "deliveries": ("tests/faults/test_delivery_kills.py", "tests/system/test_deliveries.py"),
    "anomalies": ("tests/anomalies", "tests/system/test_anomalies.py"),
    "impact": ("tests/impact", "tests/system/test_impact.py", "tests/system/test_leeds.py"),
    "training": ("tests/faults/test_completion_kills.py", "tests/system/test_training.py"),
    "statements": (
        *("tests/credentials", "tests/documents", "tests/browser"),
        *(
            "tests/system/test_statements.py",
            "tests/system/test_statement_mutants.py",
            "tests/faults/test_statement_kills.py",
        ),
    ),
}
"""The tests marked `proof`, by what is kept in one file: each takes long, and can be run again alone."""


def full_doses(transcript: Transcript, tests: Sequence[str], seed: int | None) -> None:
    """Every test marked `proof` in these files; of access and statements all: their small dose is a whole one."""
    marked = "proof or not proof" if {"tests/access", "tests/credentials"} & set(tests) else "proof"
    seeds = ("--seed", str(seed)) if seed is not None else ()
    printed = transcript.run("pytest", *tests, "-m", marked, "-q", "--durations=20", *seeds)
    transcript.check(" passed" in printed and " failed" not in printed, "every full dose passed")


@contextmanager
def served() -> Iterator[tuple[str, Path]]:
    """A fresh embedded ledger, served as people serve it: its address and its folder."""
    with open_folder() as folder:
        command = [sys.executable, "-m", "ledger", "serve", "--embedded", "--data-dir", str(folder)]
        child = ChildProcess(
            "serve",
            [*command, "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0"],
            folder / "serve.log",
            working_directory=PROJECT,
        )
        child.start()
        try:
            yield _address(child), folder
        finally:
            child.stop(deadline_seconds=60.0)


def _address(child: ChildProcess) -> str:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while child.running and time.monotonic() < deadline:
        if found := re.search(r"serving gRPC on (\S+)", child.log_file.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    raise SystemExit(f"serve did not get ready:\n{child.log_tail()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts, or the named ones; 0 if everything holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat the full doses of a run: the seed it printed")
    parts: dict[str, Callable[[Transcript], None]] = {"demo": demo, "stack": stack, "report": report}
    names = [*parts, *(f"full-doses-{name}" for name in FULL_DOSES)]
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(names)}; without one: all")
    wanted = parser.parse_args(arguments)
    for name, tests in FULL_DOSES.items():
        parts[f"full-doses-{name}"] = partial(full_doses, tests=tests, seed=wanted.seed)
    if unknown := set(wanted.parts) - parts.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; choose of {', '.join(parts)}")
    bad: list[str] = []
    for name in wanted.parts or parts:
        transcript = Transcript(name)
        try:
            parts[name](transcript)
        finally:
            transcript.keep()
        if not transcript.good:
            bad.append(name)
    print(f"proof: {'everything holds' if not bad else 'does not hold: ' + ', '.join(bad)}; kept in docs/proof/")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
