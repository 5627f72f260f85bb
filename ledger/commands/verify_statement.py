"""`verify statement`: what an employer runs who has a statement. Files in, verdict out: no service, no network."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.commands.given_files import read_at_most
from ledger.commands.key_options import KeyOption, WitnessesOption, WitnessOption, trusted_keys
from ledger.commands.statement_verdicts import of_link, of_statement
from ledger.commands.verdicts import Told, show
from ledger.credentials.issuer_keys import DOCUMENT_BYTES_MAX, PublishedKeys, read_issuer_document
from ledger.credentials.statement_file import FILE_BYTES_MAX, OnlyALink, read_statement_file
from ledger.credentials.status_list import LIST_CHARACTERS_MAX
from ledger.credentials.verify_statement import StatementEvidence, StatementTrust, verify_statement
from ledger.transparency.balance_file import FILE_BYTES_MAX as BALANCE_BYTES_MAX
from ledger.transparency.failures import Malformed
from ledger.transparency.tiles import ENTRY_BYTES_MAX
from ledger.transparency.tlog_proof import PROOF_BYTES_MAX

NOT_VALID: Final = 1
NOT_CHECKED: Final = 2
_HOUR: Final = 3_600

StatementArgument = Annotated[
    Path, typer.Argument(help="A statement: the PDF, or the credential's text.", show_default=False)
]
IssuerKeysOption = Annotated[
    Path,
    typer.Option(
        "--issuer-keys",
        help="What the issuer published at /.well-known/jwt-vc-issuer, kept from where you trust.",
        show_default=False,
    ),
]
EventOption = Annotated[
    Path | None, typer.Option("--event", help="With a bare credential: statement.event.json.", show_default=False)
]
ProofOption = Annotated[
    Path | None, typer.Option("--proof", help="With a bare credential: statement.tlog-proof.", show_default=False)
]
BalanceProofOption = Annotated[
    Path | None,
    typer.Option("--balance-proof", help="With a bare credential: statement.balance-proof.", show_default=False),
]
StatusOption = Annotated[
    Path | None,
    typer.Option("--status", help="A saved list of status, from the credential's `status` uri.", show_default=False),
]
AgeOption = Annotated[
    float, typer.Option("--status-age-max-hours", min=0, help="How old that list may be; never beyond its own end.")
]
AsJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def verify_statement_(
    file: StatementArgument,
    issuer_keys: IssuerKeysOption,
    key: KeyOption = None,
    event: EventOption = None,
    proof: ProofOption = None,
    balance_proof: BalanceProofOption = None,
    status: StatusOption = None,
    status_age_max_hours: AgeOption = 24,
    witness: WitnessOption = None,
    witnesses: WitnessesOption = 0,
    as_json: AsJsonOption = False,
) -> None:
    """Check a statement of hours offline: `hours-ledger verify statement FILE`.

    Exit codes: 0 valid; 1 superseded, revoked, expired, or a step fails; 2 only a link was given (that needs the
    network), or a key, an option or a file is not what it should be.
    """
    logs = trusted_keys(key, witness, witnesses).policies
    trust = StatementTrust(_issuer_keys(issuer_keys), logs, int(status_age_max_hours * _HOUR))
    try:
        evidence = read_statement_file(read_at_most(file, FILE_BYTES_MAX))
    except OnlyALink as link:
        _end(of_link(str(link)), NOT_CHECKED, as_json=as_json)
    except Malformed as wrong:
        raise typer.BadParameter(f"{file}: {wrong}") from wrong
    verdict = verify_statement(_with_files(evidence, event, proof, balance_proof, status), trust, int(time.time()))
    _end(of_statement(verdict), 0 if verdict.state == "valid" else NOT_VALID, as_json=as_json)


def _issuer_keys(path: Path) -> PublishedKeys:
    try:
        return read_issuer_document(read_at_most(path, DOCUMENT_BYTES_MAX))
    except Malformed as wrong:
        raise typer.BadParameter(f"{path}: {wrong}") from wrong


def _with_files(
    evidence: StatementEvidence, event: Path | None, proof: Path | None, balance_proof: Path | None, status: Path | None
) -> StatementEvidence:
    """What was given beside the statement wins over what is attached to it."""
    return replace(
        evidence,
        event=evidence.event if event is None else read_at_most(event, ENTRY_BYTES_MAX),
        tlog_proof=evidence.tlog_proof if proof is None else read_at_most(proof, PROOF_BYTES_MAX),
        balance_proof=evidence.balance_proof
        if balance_proof is None
        else read_at_most(balance_proof, BALANCE_BYTES_MAX),
        status_list=None if status is None else _token(status),
    )


def _token(path: Path) -> str:
    try:
        return read_at_most(path, LIST_CHARACTERS_MAX).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is no list of status") from error


def _end(told: Told, code: int, *, as_json: bool) -> None:
    show(told, as_json=as_json)
    sys.stdout.flush()
    raise typer.Exit(code)
