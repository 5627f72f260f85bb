"""`audit --export` and `verify DIR`: an export checked from its files alone. No service, database or network."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from ledger.auditing.finding import Report
from ledger.auditing.progress import Progress
from ledger.auditing.telling import tell
from ledger.commands.verdicts import Told, of_failure, show
from ledger.export_audit.bundles_in_order import ReaderEnded
from ledger.export_audit.export_audit import audit_export
from ledger.export_audit.passes import first_failed
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.failures import StepFailed

CANNOT: Final = 1


def audit_folder(directory: Path, trusted: TrustedKeys, *, as_json: bool) -> int:
    """Print every finding and give the exit code. Raises typer.BadParameter for what is no folder."""
    return tell(_audited(directory, trusted), as_json=as_json)


def verify_folder(directory: Path, trusted: TrustedKeys, *, as_json: bool) -> None:
    """Print the verdict, as for other files. Raises typer.Exit when a step does not hold."""
    report = _audited(directory, trusted)
    failed = first_failed(report)
    if failed is None:
        show(_verdict(directory, report.notes), as_json=as_json)
        return
    step, finding = failed
    failure = StepFailed(step.number, step.holds, finding.line())
    if as_json:
        show(of_failure(failure), as_json=True)
    print(failure, file=sys.stderr)
    raise typer.Exit(1)


def _audited(directory: Path, trusted: TrustedKeys) -> Report:
    if not directory.is_dir():
        raise typer.BadParameter(f"{directory} is no folder; name the one that `hours-ledger export` wrote")
    try:
        with Progress() as progress:
            return audit_export(directory, trusted, progress)
    except (OSError, ReaderEnded) as error:
        print(f"the export could not be read to its end: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT) from error


def _verdict(directory: Path, notes: Iterable[str]) -> Told:
    lines = tuple(f"  {note}" for note in notes)
    return Told(
        {"verified": "export", "folder": str(directory), "notes": list(notes)},
        (f"verified: {directory} holds the whole log, as it was signed", *lines),
    )
