"""`balance --proof`: a proof of all the hours of somebody, or of none, saved as a file that `verify` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import grpc
import typer

from ledger.commands import printing
from ledger.commands.connection import Caller, connected
from ledger.transparency.balance_file import BalanceFile, format_balance_file
from volunteer_hours.v1.audit_service_pb2 import BalanceProof, GetBalanceProofRequest
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.positions_pb2 import Position

WAIT_SECONDS = 60.0


def save_proof(caller: Caller, name: str, positions: Sequence[Position], file: Path, *, as_json: bool) -> None:
    """Fetch the newest proof, which covers `positions`, write it to `file` and tell what is in it.

    What it tells is the service's word: only `verify` says whether the proof holds. Raises CommandFailed.
    """
    with connected(caller) as channel:
        answer = _proof(channel, caller, name, positions)
    data = format_balance_file(BalanceFile(answer.name, answer.proof, answer.balances_note))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}") from error
    if as_json:
        printing.print_json(_json(answer, file))
        return
    known = f"{answer.entry_count:,} entries" if answer.entry_count else "no entries: the log says nothing of this name"
    printing.out.print(
        f"{answer.name}: {known}, in the first {answer.size:,} events of partition {answer.partition}\n"
        f"saved {file}; check it with `hours-ledger verify {file} --key @log.vkeys`",
        markup=False,
    )


def _proof(channel: grpc.Channel, caller: Caller, name: str, positions: Sequence[Position]) -> BalanceProof:
    def asked(size_min: int) -> BalanceProof:
        request = GetBalanceProofRequest(name=name, size_min=size_min)
        return AuditServiceStub(channel).GetBalanceProof(request, metadata=caller.metadata, timeout=WAIT_SECONDS)

    # Which partition a name leads to depends on how many there are: the first answer says it, and is waited for too.
    answer = asked(1 if positions else 0)
    size_min = max((one.position for one in positions if one.partition == answer.partition), default=0)
    return answer if answer.size >= size_min else asked(size_min)


def _json(answer: BalanceProof, file: Path) -> dict[str, object]:
    return {
        "name": answer.name,
        **printing.seconds_by_class(answer.seconds),
        "entry_count": answer.entry_count,
        "partition": answer.partition,
        "size": answer.size,
        "proof": str(file),
    }
