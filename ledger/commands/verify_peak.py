"""`verify peak`: what an adjudicator runs. A file in, verdict out: no service or network; a signature on wish."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.commands.given_files import read_at_most
from ledger.commands.key_options import KeyOption, WitnessesOption, WitnessOption, trusted_keys
from ledger.commands.verdicts import Told, of_failure, show
from ledger.commands.verify_statement import IssuerKeysOption
from ledger.credentials.issuer_keys import DOCUMENT_BYTES_MAX, read_issuer_document
from ledger.live.peak_confirmation import countersigned_text
from ledger.live.peak_file import FILE_BYTES_MAX
from ledger.live.verify_peak import PeakVerdict, verify_peak
from ledger.transparency.failures import Malformed, StepFailed
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signing import SEED_BYTES, SeedSigner, parse_skey
from ledger.transparency.verifier_key import VKEY_BYTES_MAX, SignatureType

FAILED: Final = 1

PeakFileArgument = Annotated[Path, typer.Argument(help="What `peak file` saved.", show_default=False)]
CountersignOption = Annotated[
    Path | None,
    typer.Option(
        "--countersign",
        help="If every step holds, sign with the key in this file; made if need be.",
        show_default=False,
    ),
]
NameOption = Annotated[
    str, typer.Option("--name", help="What a new key is called, such as records.example/adjudicator.")
]
AsJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def verify_peak_(
    file: PeakFileArgument,
    issuer_keys: IssuerKeysOption,
    key: KeyOption = None,
    witness: WitnessOption = None,
    witnesses: WitnessesOption = 0,
    countersign: CountersignOption = None,
    name: NameOption = "",
    as_json: AsJsonOption = False,
) -> None:
    """Count a certified peak again from its events, offline: `hours-ledger verify peak FILE`.

    Exit codes: 0 every step holds, 1 one does not, 2 a key, an option or a file is not what it should be.
    """
    signer = None if countersign is None else _signer(countersign, name)
    try:
        issuer = read_issuer_document(read_at_most(issuer_keys, DOCUMENT_BYTES_MAX))
    except Malformed as wrong:
        raise typer.BadParameter(f"{issuer_keys}: {wrong}") from wrong
    logs = trusted_keys(key, witness, witnesses).policies
    try:
        verdict = verify_peak(read_at_most(file, FILE_BYTES_MAX), issuer, logs)
    except StepFailed as failed:
        show(of_failure(failed), as_json=as_json)
        sys.stdout.flush()
        raise typer.Exit(FAILED) from failed
    show(of_peak(verdict, signer), as_json=as_json)


def of_peak(verdict: PeakVerdict, signer: SeedSigner | None = None) -> Told:
    """What was counted, and the countersignature of `signer`."""
    claims = verdict.claims
    peak, rule = claims.peak, claims.rule
    document: dict[str, object] = {
        "verified": "peak",
        "session": claims.session,
        "participants": peak.participants,
        "first_second": None if peak.first_second is None else _time(peak.first_second),
        "seconds": peak.seconds,
        "persons": claims.persons,
        "connections": claims.connections,
        "rule": rule.model_dump(mode="json"),
        "issuer": claims.iss,
        "certificate_sha256": verdict.certificate_sha256,
        "origin": claims.log.origin,
        "size": claims.log.size,
        "confirmed_by": list(verdict.confirmed_by),
        "curve": [[_time(second), participants] for second, participants in verdict.points],
    }
    moment = "" if peak.first_second is None else f" from {_time(peak.first_second)} on, for {peak.seconds} s in all"
    excluded = f", {len(rule.excluded)} test accounts left out" if rule.excluded else ""
    lines = [
        f"verified: {peak.participants:,} participants at once{moment}",
        f"  counted again from {claims.events.count:,} events of {claims.session}",
        f"  rule {rule.version}: silent for more than {rule.silence_seconds} s is gone; a person once{excluded}",
        f"  {claims.persons:,} persons, {claims.connections:,} connections",
        f"  certified by {claims.iss} at {_time(claims.iat)}, in log {claims.log.origin} of size {claims.log.size}",
        *(f"  countersigned by {name}" for name in verdict.confirmed_by),
    ]
    if signer is not None:
        text = countersigned_text(claims.session, verdict.certificate_sha256)
        signature = base64_text(signer.sign(text, 0).signature)
        document |= {"verifier_key": signer.key.line(), "signature": signature}
        lines += [
            "  countersigned; hand over:",
            f"  verifier key {signer.key.line()}",
            f"  signature    {signature}",
        ]
    return Told(document, tuple(lines))


def _signer(path: Path, name: str) -> SeedSigner:
    """The adjudicator's key; a new one is kept in a file that only its owner can read."""
    if path.exists():
        try:
            signer = parse_skey(read_at_most(path, VKEY_BYTES_MAX).decode("ascii").strip())
        except (Malformed, UnicodeDecodeError) as wrong:
            raise typer.BadParameter(f"{path} holds no private key of this form") from wrong
        if signer.key.type is not SignatureType.ED25519:
            raise typer.BadParameter(f"{path} holds a key of another kind; an adjudicator signs by Ed25519")
        return signer
    if not name:
        raise typer.BadParameter(f"{path} is not there yet: say with --name what the new key is called")
    try:
        made = SeedSigner(name, SignatureType.ED25519, secrets.token_bytes(SEED_BYTES))
    except Malformed as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(f"{made.skey()}\n")
    return made


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")
