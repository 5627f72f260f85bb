"""`verify`: what anybody runs who does not trust this ledger. Files in, verdict out: no service, database or network.

Nothing here imports what could reach one: a verdict must not depend on whom it is about.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.commands.given_files import key_lines, read_at_most
from ledger.commands.verdicts import Told, of_checkpoint, of_event, of_failure, of_growth, show
from ledger.commands.verify_balance import ENTRIES_BYTES_MAX, balance_check
from ledger.transparency.balance_file import HEADER as BALANCE_HEADER
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.line_grammar import PROOF_HASHES_MAX, read_hash, read_text
from ledger.transparency.signed_answer import FILE_BYTES_MAX, FILE_KIND
from ledger.transparency.signed_note import NOTE_BYTES_MAX
from ledger.transparency.tiles import ENTRY_BYTES_MAX
from ledger.transparency.tlog_proof import HEADER
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verify import verify_checkpoint, verify_event, verify_growth

FAILED: Final = 1
_HASHES_BYTES_MAX: Final = 64 * PROOF_HASHES_MAX

FileArgument = Annotated[
    Path,
    typer.Argument(
        help="A .tlog-proof, .balance-proof, checkpoint or signed answer, or an export's folder.", show_default=False
    ),
]
KeyOption = Annotated[
    list[str],
    typer.Option(
        "--key",
        help="A verifier key of the log, or @FILE with one a line; for a signed answer also those of the service.",
        show_default=False,
    ),
]
EventOption = Annotated[
    Path | None, typer.Option("--event", help="The event's bytes, for a .tlog-proof.", show_default=False)
]
OldOption = Annotated[
    Path | None,
    typer.Option("--old", help="A checkpoint kept from earlier: did the log only grow?", show_default=False),
]
ConsistencyOption = Annotated[
    Path | None,
    typer.Option("--consistency", help="The proof between the two: a base64 hash a line.", show_default=False),
]
EntriesOption = Annotated[
    Path | None,
    typer.Option("--entries", help="For a balance proof: the whole list, from `entries --json`.", show_default=False),
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="For a balance proof: the checkpoint of its size.", show_default=False),
]
WitnessOption = Annotated[
    list[str] | None,
    typer.Option("--witness", help="A witness's verifier key, or @FILE with one a line.", show_default=False),
]
WitnessesOption = Annotated[int, typer.Option("--witnesses", min=0, help="How many witnesses must have cosigned.")]
AsJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def verify(
    file: FileArgument,
    key: KeyOption,
    event: EventOption = None,
    old: OldOption = None,
    consistency: ConsistencyOption = None,
    entries: EntriesOption = None,
    checkpoint: CheckpointOption = None,
    witness: WitnessOption = None,
    witnesses: WitnessesOption = 0,
    as_json: AsJsonOption = False,
) -> None:
    """Check a proof, a checkpoint, a growth or a signed answer offline, by numbered steps; a failure names its step.

    A statement of hours is checked by `hours-ledger verify statement FILE`; a file of this name is ./statement.

    Exit codes: 0 every step holds, 1 one does not, 2 a key, an option or a file is not what it should be.
    """
    if file.is_dir():
        if event or old or consistency or entries or checkpoint:
            raise typer.BadParameter("an export is checked by itself; leave out --event, --old and --consistency")
        # Here, for most who verify a proof need none of it.
        from ledger.commands.audit_export import verify_folder
        from ledger.commands.key_options import trusted_keys

        verify_folder(file, trusted_keys(key, witness, witnesses), as_json=as_json)
        return
    data = read_at_most(file, FILE_BYTES_MAX)
    try:
        if data.startswith(FILE_KIND.encode()):
            if event or old or consistency or entries or checkpoint:
                raise typer.BadParameter("a signed answer is checked by itself, with keys alone")
            check = _answer_check(data, key_lines(key), key_lines(witness or []), witnesses)
        else:
            policy = read_policy(key_lines(key), key_lines(witness or []), witnesses)
            if data.startswith(BALANCE_HEADER.encode()):
                if event or old or consistency or (witnesses and not checkpoint):
                    text = "a balance proof is checked with --entries and --checkpoint, which has witnesses"
                    raise typer.BadParameter(text)
                given = _given(entries, ENTRIES_BYTES_MAX), _given(checkpoint, NOTE_BYTES_MAX)
                check = partial(balance_check(data, *given), policy)
            elif entries or checkpoint:
                raise typer.BadParameter("--entries and --checkpoint go with a balance proof")
            else:
                check = partial(_check(data, event, old, consistency), policy)
    except Malformed as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    try:
        verdict = check()
    except StepFailed as failed:
        if as_json:
            show(of_failure(failed), as_json=True)
        print(failed, file=sys.stderr)
        raise typer.Exit(FAILED) from failed
    show(verdict, as_json=as_json)


def _answer_check(data: bytes, keys: list[str], witnesses: list[str], witnesses_required: int) -> Callable[[], Told]:
    # Here, for it loads the messages of the API.
    from ledger.commands.answer_verdict import AnswerKeyRing, verdict_of_file

    return partial(verdict_of_file, data, AnswerKeyRing.read(keys, witnesses, witnesses_required))


def _check(
    data: bytes, event: Path | None, old: Path | None, consistency: Path | None
) -> Callable[[TrustPolicy], Told]:
    """What is to be checked, its files read but for the proof of a growth.

    Raises typer.BadParameter for options that do not go together.
    """
    if event is None and data.startswith(HEADER.encode()):
        raise typer.BadParameter("a .tlog-proof is checked with the event it is of: give --event")
    if (old is None) != (consistency is None) or (event is not None and old is not None):
        raise typer.BadParameter("a growth is checked with a new checkpoint, --old and --consistency, without --event")
    if event is not None:
        entry = read_at_most(event, ENTRY_BYTES_MAX)
        return lambda policy: of_event(verify_event(data, entry, policy))
    if old is not None and consistency is not None:
        before, hashes = read_at_most(old, NOTE_BYTES_MAX), partial(_hashes, consistency)
        return lambda policy: of_growth(verify_growth(before, data, hashes, policy))
    return lambda policy: of_checkpoint(verify_checkpoint(data, policy))


def _given(path: Path | None, bytes_max: int) -> bytes | None:
    return None if path is None else read_at_most(path, bytes_max)


def _hashes(file: Path) -> list[bytes]:
    """Raises Malformed for a file that is no proof, typer.BadParameter for one that cannot be read."""
    form = f"consistency proof {file}"
    lines = read_text(read_at_most(file, _HASHES_BYTES_MAX), form, _HASHES_BYTES_MAX).split("\n")
    return [read_hash(line, form, "a line") for line in lines if line]
