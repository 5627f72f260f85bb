"""Balance proofs as files (`.balance-proof`): the proof, whose it is, and the signed note it leads to, in one text.

volunteer-hours/balance-proof@v1
holder <name>
proof <base64>
<a blank line>
<the balances note, verbatim>
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.transparency.balance_proof import PROOF_BYTES_MAX
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_base64, read_text
from ledger.transparency.signed_note import NOTE_BYTES_MAX

HEADER: Final = "volunteer-hours/balance-proof@v1"
FILE_BYTES_MAX: Final = NOTE_BYTES_MAX + 2 * PROOF_BYTES_MAX

_FORM: Final = "balance proof file"
_LINES: Final = re.compile(f"{re.escape(HEADER)}\nholder ([a-z0-9/-]{{1,140}})\nproof ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class BalanceFile:
    """What a file says. Nothing of it is verified yet."""

    holder: str
    proof: bytes
    note: bytes
    """The signed balances note, verbatim."""


def format_balance_file(file: BalanceFile) -> bytes:
    """The bytes of a file. Raises Malformed for one that could not be read back."""
    data = f"{HEADER}\nholder {file.holder}\nproof {base64_text(file.proof)}\n\n".encode() + file.note
    if parse_balance_file(data) != file:
        raise Malformed(_FORM, "it could not be read back")
    return data


def parse_balance_file(data: bytes) -> BalanceFile:
    """Read a file; neither its proof nor its note is looked into.

    Raises:
        Malformed: it is none, or exceeds a limit.
    """
    head, blank, note = read_text(data, _FORM, FILE_BYTES_MAX).partition("\n\n")
    found = _LINES.fullmatch(head)
    if not blank or found is None:
        raise Malformed(
            _FORM, f"it must begin with the lines {HEADER!r}, `holder <name>`, `proof <base64>` and a blank"
        )
    return BalanceFile(found[1], read_base64(found[2], _FORM, "the proof"), note.encode())
