"""How statements and links are printed, and how one is given to a command."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from ledger.commands import printing
from ledger.commands.connection import CommandFailed
from volunteer_hours.v1 import statement_service_pb2 as pb

CODE_CHARACTERS: Final = 26


def given_statement(text: str) -> pb.ConfirmStatementRequest:
    """A code, or what stands in a file. Raises CommandFailed."""
    if len(text) == CODE_CHARACTERS and "/" not in text and "." not in text:
        return pb.ConfirmStatementRequest(share_code=text)
    try:
        credential = sys.stdin.read() if text == "-" else Path(text).read_text("ascii")
    except (OSError, UnicodeDecodeError) as wrong:
        raise CommandFailed(f"{text} is neither a code nor a file with a credential: {wrong}") from wrong
    return pb.ConfirmStatementRequest(credential=credential.strip())


def _said(answer: pb.StatementConfirmation) -> str:
    issued = answer.issued_time.ToDatetime(UTC).date().isoformat()
    told = f"issued {issued} for {printing.hours_text(answer.verified_seconds)}"
    if not answer.HasField("superseded_time"):
        return told
    since = answer.superseded_time.ToDatetime(UTC).date().isoformat()
    return f"{told}, now {printing.hours_text(answer.now_verified_seconds)} since {since}"


def print_confirmation(answer: pb.StatementConfirmation, as_json: bool) -> None:
    """Whether a statement stands."""
    if as_json:
        printing.print_json(_dict(answer))
        return
    state = _word(pb.StatementState.Name(answer.state), "STATEMENT_STATE_")
    printing.out.print(" ".join(filter(None, (state, answer.initials, answer.name))), markup=False)
    if answer.failed_step:
        printing.out.print(answer.failed_step, markup=False)
    elif answer.HasField("issued_time"):
        printing.out.print(_said(answer), markup=False)


def print_statements(statements: Iterable[pb.Statement], as_json: bool) -> None:
    """A line for each."""
    if as_json:
        printing.print_json([_dict(one) for one in statements])
        return
    for one in statements:
        state = _word(pb.StatementState.Name(one.state), "STATEMENT_STATE_")
        first, last = one.period.start_date, one.period.end_date
        bounds = f"{first or '…'} to {last or '…'}" if first or last else "all dates"
        now = f", now {printing.hours_text(one.now_verified_seconds)}" if one.HasField("superseded_time") else ""
        line = f"{one.name}  {state}  {printing.hours_text(one.verified_seconds)}{now}  {bounds}"
        printing.out.print(line, markup=False, highlight=False, soft_wrap=True)


def print_shares(listed: Iterable[pb.StatementShare], as_json: bool) -> None:
    """A line for each."""
    if as_json:
        printing.print_json([_dict(one) for one in listed])
        return
    for one in listed:
        state = _word(pb.ShareState.Name(one.state), "SHARE_STATE_")
        views = f"opened {one.views}" + (f" of {one.views_max}" if one.views_max else "")
        line = " ".join(filter(None, (one.name, state, views, one.uri)))
        printing.out.print(line, markup=False, highlight=False, soft_wrap=True)


def _dict(message: Message) -> dict[str, object]:
    return dict(MessageToDict(message, preserving_proto_field_name=True))


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")


def write_file(file: Path, data: bytes) -> None:
    """Raises CommandFailed."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from error
