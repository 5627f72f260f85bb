"""Proof files (C2SP tlog-proof, `.tlog-proof`): all that shows an entry to be in a log, in one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import (
    PROOF_HASHES_MAX,
    base64_text,
    read_base64,
    read_decimal,
    read_hash,
    read_text,
)
from ledger.transparency.signed_note import NOTE_BYTES_MAX

HEADER: Final = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX: Final = 2 * NOTE_BYTES_MAX
EXTRA_BYTES_MAX: Final = 48_000
"""That we write: the common reader in Go takes no line of 65,536 characters."""

_FORM: Final = "tlog-proof"
_EXTRA: Final = "extra "
_INDEX: Final = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """What a proof file says. Nothing of it is verified yet."""

    index: int
    """Of the leaf: position - 1."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, the leaf's sibling first."""
    checkpoint: bytes
    """The signed note, verbatim."""
    extra: bytes | None = None
    """Anything its maker added. NO signature covers it: never trust it, not even when the proof holds."""


def format_tlog_proof(proof: TlogProof) -> bytes:
    """The bytes of a proof file.

    Raises:
        Malformed: `extra` is too long, or it could not be read back.
    """
    if proof.extra is not None and len(proof.extra) > EXTRA_BYTES_MAX:
        raise Malformed(_FORM, f"extra data may have at most {EXTRA_BYTES_MAX} bytes, not {len(proof.extra)}")
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(_EXTRA + base64_text(proof.extra))
    lines.append(f"{_INDEX}{proof.index}")
    lines += map(base64_text, proof.hashes)
    data = "".join(f"{line}\n" for line in lines).encode() + b"\n" + proof.checkpoint
    if parse_tlog_proof(data) != proof:
        raise Malformed(_FORM, "it could not be read back")
    return data


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read a proof file; its checkpoint is not looked into.

    Raises:
        Malformed: it is none, or exceeds a limit.
    """
    head, blank, checkpoint = read_text(data, _FORM, PROOF_BYTES_MAX).partition("\n\n")
    if not blank:
        raise Malformed(_FORM, "a blank line must stand before the checkpoint")
    header, *lines = head.split("\n")
    if header != HEADER:
        raise Malformed(_FORM, f"its first line must be {HEADER!r}, not {header[:80]!r}")
    extra: bytes | None = None
    if lines and lines[0].startswith(_EXTRA):
        extra = read_base64(lines.pop(0).removeprefix(_EXTRA), _FORM, "extra data")
    if not lines or not lines[0].startswith(_INDEX):
        raise Malformed(_FORM, "the line `index <decimal>` must follow")
    index = read_decimal(lines.pop(0).removeprefix(_INDEX), _FORM, "the index")
    if len(lines) > PROOF_HASHES_MAX:
        raise Malformed(_FORM, f"it must have at most {PROOF_HASHES_MAX} hashes, not {len(lines)}")
    hashes = tuple(read_hash(line, _FORM, "a hash") for line in lines)
    return TlogProof(index, hashes, checkpoint.encode(), extra)
