"""`witness`: cosign the checkpoints of logs that others run, at an audit office for one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

FolderOption = Annotated[
    Path,
    typer.Option(
        "--folder",
        envvar="LEDGER_WITNESS_FOLDER",
        help="Keys and memory of this witness, for ever.",
        show_default=False,
    ),
]
LogOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--log", envvar="LEDGER_WITNESS_LOGS", help="File with a log's verifier keys, one a line.", show_default=False
    ),
]
KeyNameOption = Annotated[
    str | None,
    typer.Option(
        "--key-name",
        envvar="LEDGER_WITNESS_KEY_NAME",
        help="Under which it cosigns, such as audit-office.example/w1; needed at the first start.",
        show_default=False,
    ),
]
ListenOption = Annotated[
    str,
    typer.Option("--listen", envvar="LEDGER_WITNESS_ADDRESS", help="host:port to answer on; port 0: any free one."),
]
ShowKeyOption = Annotated[
    bool, typer.Option("--show-key", help="Print the witness's verifier keys, made if need be, and end.")
]


def witness(
    folder: FolderOption,
    log_files: LogOption = None,
    key_name: KeyNameOption = None,
    listen: ListenOption = "127.0.0.1:8081",
    show_key: ShowKeyOption = False,
) -> None:
    """Cosign what continues the logs of others, never two histories; needs a folder and the logs' keys, nothing else.

    Exit codes: 0 asked to end, 2 an option is wrong, 3 its memory is not what it was: a person must look.
    """
    from ledger.logs import configure
    from ledger.process_end import STOPPED_LOUDLY
    from ledger.witnessing import serve_witness
    from ledger.witnessing.watched_logs import read_watched_logs
    from ledger.witnessing.witness_folder import WitnessStopped, keys_in, open_folder

    configure("witness")
    try:
        if show_key:
            open_folder(folder)
            for key in keys_in(folder, key_name).verifier_keys:
                print(key.line())
            return
        serve_witness.run(folder, read_watched_logs(log_files or []), key_name=key_name, address=listen)
    except WitnessStopped as stopped:
        print(f"ALARM: nothing is cosigned any more: {stopped}", file=sys.stderr)
        raise typer.Exit(STOPPED_LOUDLY) from stopped
