"""The file an adjudicator gets: a first line that says and proves what is certified, then the stored bytes.

Form only; nothing is verified here. It comes from anybody, so what is read is bounded before it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field, ValidationError

from ledger.credentials.compact_jwt import told
from ledger.credentials.strict_json import need_one_reading
from ledger.domain.event import Value
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_hash
from ledger.transparency.tiles import ENTRY_BYTES_MAX

FORMAT: Final = "volunteer-hours/peak/v1"
FILE_BYTES_MAX: Final = 1 << 30
HEAD_BYTES_MAX: Final = 16_000_000
EVENTS_MAX: Final = 1_000_000
CHUNK_BYTES: Final = 1_000_000
_FORM: Final = "peak file"


class ConfirmationSaid(Value):
    """An adjudicator's agreement."""

    verifier_key: str
    signature: str
    """Base64."""


class _Head(Value):
    format: Literal["volunteer-hours/peak/v1"]
    certificate: str
    note: str
    proof: Annotated[tuple[str, ...], Field(max_length=10_000_000)]
    confirmations: tuple[ConfirmationSaid, ...]


@dataclass(frozen=True, slots=True)
class PeakFile:
    """All that is handed over."""

    certificate: str
    note: bytes
    """The signed checkpoint."""
    proof: tuple[bytes, ...]
    """One proof for all events."""
    confirmations: tuple[ConfirmationSaid, ...]
    bodies: Sequence[bytes]
    """The session's events up to its end, in order, as they are stored."""


def chunks_of(file: PeakFile) -> Iterator[bytes]:
    """Its bytes, in pieces that travel well."""
    head = {
        "format": FORMAT,
        "certificate": file.certificate,
        "note": file.note.decode(),
        "proof": [base64_text(one) for one in file.proof],
        "confirmations": [one.model_dump() for one in file.confirmations],
    }
    piece = bytearray(msgspec.json.encode(head) + b"\n")
    for body in file.bodies:
        piece += body + b"\n"
        while len(piece) >= CHUNK_BYTES:
            yield bytes(piece[:CHUNK_BYTES])
            del piece[:CHUNK_BYTES]
    yield bytes(piece)


def read_peak_file(data: bytes) -> PeakFile:
    """Read a file. Raises Malformed."""
    first, newline, rest = data.partition(b"\n")
    if not newline or len(first) > HEAD_BYTES_MAX:
        raise Malformed(_FORM, f"its first line must be JSON of at most {HEAD_BYTES_MAX} bytes")
    need_one_reading(first, _FORM)
    try:
        head = _Head.model_validate_json(first)
    except ValidationError as error:
        raise Malformed(_FORM, f"its first line must be as docs/live-lessons.md says: {told(error)}") from error
    bodies = rest.split(b"\n")
    if bodies.pop() != b"" or not bodies or len(bodies) > EVENTS_MAX:
        raise Malformed(_FORM, f"1 to {EVENTS_MAX} events must follow, each ended by a newline")
    if any(not 1 <= len(body) <= ENTRY_BYTES_MAX for body in bodies):
        raise Malformed(_FORM, f"every event must have 1 to {ENTRY_BYTES_MAX} bytes")
    hashes = tuple(read_hash(one, _FORM, "a hash of the proof") for one in head.proof)
    return PeakFile(head.certificate, head.note.encode(), hashes, head.confirmations, bodies)
