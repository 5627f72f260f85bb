"""What `rebuild` refills, and from where: the topic, the event store, or an export that was audited first."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from ledger.commands.key_options import trusted_keys
from ledger.commands.places import is_embedded, settings_of, settings_to_restore
from ledger.domain.ledger_kind import LedgerKind
from ledger.exporting.export_history import ExportHistory


class Source(StrEnum):
    """Where events are read from."""

    KAFKA = "kafka"
    STORE = "store"
    EXPORT = "export"


def rebuild_projections(
    source: Source | None, export: Path | None, keys: list[str] | None, data_dir: Path | None
) -> bool:
    """Forget every row of the read database and make it anew; False when the rows differ from those before."""
    from ledger.rebuild import run

    history = _audited(source, export, keys)
    with settings_of(data_dir) as settings:
        if history is not None:
            return run(settings, source=history)
        from_store = source is Source.STORE or (source is None and is_embedded(data_dir))
        return run(settings, source="store" if from_store else "kafka")


def rebuild_store(
    source: Source | None, export: Path | None, keys: list[str] | None, data_dir: Path | None, kind: LedgerKind
) -> None:
    """Fill an empty event store, or go on where it ends."""
    from ledger.restore import run

    if source is Source.STORE:
        raise typer.BadParameter("--store refills the event store itself: from kafka, or from an export")
    history = _audited(source, export, keys)
    if history is None:
        with settings_of(data_dir, kind) as settings:
            run(settings)
        return
    with settings_to_restore(data_dir, history.manifest.ledger_id, history.manifest.partitions, kind) as settings:
        run(settings, history=history)


def _audited(source: Source | None, export: Path | None, keys: list[str] | None) -> ExportHistory | None:
    """The export to read from, if that was asked for: whole, and signed by the given keys.

    Raises:
        typer.BadParameter: options that do not go together.
        typer.Exit: the export has findings; they are printed.
    """
    if (source is Source.EXPORT and export is None) or (export is not None and source in (Source.KAFKA, Source.STORE)):
        raise typer.BadParameter("--from export and --export DIR go together")
    if export is None:
        return None
    if not keys:
        raise typer.BadParameter("an export is believed by its signatures: give the log's verifier keys with --key")
    from ledger.commands.audit_export import audit_folder

    # Read first: were the folder changed after the audit, its events would not give this manifest's roots.
    history = ExportHistory(export)
    if code := audit_folder(export, trusted_keys(keys), as_json=False):
        raise typer.Exit(code)
    return history
