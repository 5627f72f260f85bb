"""`migrate`, `audit`, `rebuild`, `doctor`, `bench`: looking after a ledger. The work itself lives in its own files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ledger.commands import arguments, printing
from ledger.commands.connection import CommandFailed
from ledger.commands.given_files import key_lines, read_at_most
from ledger.commands.key_options import KeyOption, WitnessesOption, WitnessOption, trusted_keys
from ledger.commands.places import settings_of
from ledger.commands.rebuilding import Source, rebuild_projections, rebuild_store
from ledger.domain.ledger_kind import LedgerKind
from ledger.settings import Settings, WrongSetting
from ledger.transparency.signed_note import NOTE_BYTES_MAX

StoreOption = Annotated[bool, typer.Option("--store", help="Refill an empty event store, instead of the projections.")]
FromOption = Annotated[
    Source | None,
    typer.Option(
        "--from", help="What to refill from; by default the topic, or an embedded ledger's store.", show_default=False
    ),
]
ExportOption = Annotated[
    Path | None, typer.Option("--export", help="The folder of an export, see `export`.", show_default=False)
]
SettledOption = Annotated[bool, typer.Option("--settled", help="A projection or topic that lags is a finding too.")]
KeptOption = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="A checkpoint kept from earlier: it must still hold.", show_default=False),
]
OnlyOption = Annotated[str | None, typer.Option("--only", help="One line of the table.", show_default=False)]
PairsOption = Annotated[int, typer.Option("--pairs", min=1, help="How many pairs of runs a line takes.")]
ScaleOption = Annotated[float, typer.Option("--scale", help="Sizes, as a multiple of the usual ones.")]


def migrate(as_json: arguments.JsonOption = False) -> None:
    """Bring the databases up to date and open the ledger, under the owner role. Again changes nothing."""
    from ledger.access_ledger.access_settings import access_settings
    from ledger.migrate import migrate as bring_up_to_date
    from ledger.open_ledger import open_ledger

    settings = Settings()
    for name in ("owner_database", "owner_keys_database", "owner_read_database", "owner_access_database"):
        if not getattr(settings, name):
            raise WrongSetting(
                f"LEDGER_{name.upper()} is not set; an embedded ledger migrates itself when it is served"
            )
    of_access = access_settings(settings)  # its id is looked at before anything is made
    applied = bring_up_to_date(settings)
    opened = open_ledger(settings)
    open_ledger(of_access)
    if as_json:
        printing.print_json({"applied": applied, "opened": opened})
        return
    for step in applied:
        printing.out.print(f"applied {step}")
    printing.out.print(f"{settings.ledger_id}: {'opened' if opened else 'open already'}, {len(applied)} steps applied")


def audit(
    settled: SettledOption = False,
    export: ExportOption = None,
    key: KeyOption = None,
    witness: WitnessOption = None,
    witnesses: WitnessesOption = 0,
    checkpoint: KeptOption = None,
    ledger: arguments.LedgerOption = LedgerKind.HOURS,
    data_dir: arguments.DataDirOption = None,
    as_json: arguments.JsonOption = False,
) -> None:
    """Walk everything: store = log = topic = projections, by position and hash. Names the first difference.

    With --export: an export, from its files alone; no database is asked.
    """
    from ledger.transparency.failures import TransparencyFailure

    kept = [read_at_most(file, NOTE_BYTES_MAX) for file in checkpoint or []]
    if export is not None:
        from ledger.commands.audit_export import audit_folder

        if settled or data_dir is not None:
            raise typer.BadParameter("--export looks at files alone; leave out --settled and --data-dir")
        trusted = trusted_keys(key, witness, witnesses, kept)
        raise typer.Exit(audit_folder(export, trusted, as_json=as_json))
    from ledger.audit import run
    from ledger.auditing.signed_heads import LogTrust

    if witness or witnesses:
        raise typer.BadParameter("--witness and --witnesses go with --export")
    with settings_of(data_dir, ledger) as settings:
        try:
            trust = LogTrust.read(settings.log_origin, key_lines(key or []), kept) if key or kept else None
        except TransparencyFailure as failure:
            raise typer.BadParameter(str(failure)) from failure
        code = run(settings, as_json=as_json, settled=settled, trust=trust)
    raise typer.Exit(code)


def rebuild(
    store: StoreOption = False,
    source: FromOption = None,
    export: ExportOption = None,
    key: KeyOption = None,
    ledger: arguments.LedgerOption = LedgerKind.HOURS,
    data_dir: arguments.DataDirOption = None,
) -> None:
    """Drop the projections and refill them from the topic alone; prints the hash before and after.

    An embedded ledger has no topic: it is refilled from its event store. An export is audited before it is used.
    """
    if store:
        rebuild_store(source, export, key, data_dir, ledger)
        return
    if ledger is LedgerKind.ACCESS:
        raise typer.BadParameter("the ledger of accesses has no projections: add --store to refill its event store")
    raise typer.Exit(0 if rebuild_projections(source, export, key, data_dir) else 1)


def doctor(ledger: arguments.LedgerOption = LedgerKind.HOURS, data_dir: arguments.DataDirOption = None) -> None:
    """Check settings, databases, topic, clocks and lag; says what would be right where something is wrong."""
    with settings_of(data_dir, ledger) as settings:
        from ledger.doctor import run

        code = run(settings)
    raise typer.Exit(code)


def bench(only: OnlyOption = None, pairs: PairsOption = 5, scale: ScaleOption = 1.0) -> None:
    """Measure ours against its references, in pairs. Takes minutes; needs Java for Kafka."""
    project = Path(__file__).parents[2]
    if not (project / "bench").is_dir():
        raise CommandFailed("the measurements are not part of an installed package; run this in a checkout")
    command = [sys.executable, "-m", "bench", "--pairs", str(pairs), "--scale", str(scale)]
    command += ["--only", only] if only else []
    raise typer.Exit(subprocess.run(command, cwd=project, check=False).returncode)
