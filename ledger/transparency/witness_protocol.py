"""The words a log and a witness exchange (C2SP tlog-witness v1.0.0), and what a witness must answer. No network.

A witness keeps, of each log, the size and root it cosigned last. It MUST compare the old size with them and store the
new ones in one step, before it answers: else two requests at once could take its memory back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.consistency import verify_consistency
from ledger.transparency.cosignature import verified_signatures
from ledger.transparency.failures import Malformed, ProofRejected, SignatureRejected
from ledger.transparency.line_grammar import PROOF_HASHES_MAX, base64_text, read_decimal, read_hash, read_text
from ledger.transparency.signed_note import NOTE_BYTES_MAX, Note, NoteSignature, parse_note, parse_signature_lines
from ledger.transparency.tree_hash import EMPTY_ROOT
from ledger.transparency.verifier_key import SignatureType, VerifierKey

REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + 4_096
"""A server stops reading here."""
SIZE_CONTENT_TYPE: Final = "text/x.tlog.size"
"""Of the answer 409, whose body is the witness's size."""

_REQUEST: Final = "add-checkpoint request"
_ANSWER: Final = "add-checkpoint answer"
_OLD: Final = "old "


class Status(IntEnum):
    """What a witness may answer."""

    COSIGNED = 200
    MALFORMED = 400
    NOT_SIGNED_BY_THE_LOG = 403
    UNKNOWN_LOG = 404
    OTHER_SIZE = 409
    NOT_CONSISTENT = 422


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: cosign this checkpoint; it continues the one of `old_size` that you cosigned last."""

    old_size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note, verbatim."""


@dataclass(frozen=True, slots=True)
class WitnessedLog:
    """What a witness knows of a log: whose signature to ask for, and what it cosigned last (nothing: size 0)."""

    keys: tuple[VerifierKey, ...]
    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Decision:
    """What a witness does with a request."""

    status: Status
    reason: str
    checkpoint: Checkpoint | None = None
    """To be stored first, and then cosigned: only with 200."""
    text: bytes = b""
    """What to cosign: only with 200."""

    def __post_init__(self) -> None:
        """Raises ValueError when it would cosign what it refuses."""
        if (self.status is Status.COSIGNED) != (self.checkpoint is not None):
            raise ValueError(f"a decision {self.status!r} has a checkpoint exactly if it is 200")


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """The body of a request. Raises Malformed for one that could not be read back."""
    lines = [f"{_OLD}{request.old_size}", *map(base64_text, request.hashes)]
    body = "".join(f"{line}\n" for line in lines).encode() + b"\n" + request.checkpoint
    if parse_add_checkpoint(body) != request:
        raise Malformed(_REQUEST, "it could not be read back")
    return body


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read the body of a request; its checkpoint is not looked into. Raises Malformed: the answer is then 400."""
    head, blank, checkpoint = read_text(body, _REQUEST, REQUEST_BYTES_MAX).partition("\n\n")
    old, *lines = head.split("\n")
    if not blank or not old.startswith(_OLD):
        raise Malformed(_REQUEST, "it must be `old <size>`, the proof's hashes, a blank line and a checkpoint")
    if len(lines) > PROOF_HASHES_MAX:
        raise Malformed(_REQUEST, f"it must have at most {PROOF_HASHES_MAX} hashes, not {len(lines)}")
    old_size = read_decimal(old.removeprefix(_OLD), _REQUEST, "the old size")
    hashes = tuple(read_hash(line, _REQUEST, "a hash") for line in lines)
    return AddCheckpoint(old_size, hashes, checkpoint.encode())


def claimed_checkpoint(request: AddCheckpoint) -> tuple[Note, Checkpoint]:
    """What the request asks to cosign, unverified: its origin says which log's record to lock and load.

    Raises Malformed: the answer is then 400.
    """
    note = parse_note(request.checkpoint)
    return note, parse_checkpoint_text(note.text)


def decide(request: AddCheckpoint, log: WitnessedLog | None) -> Decision:
    """What a witness answers; `log` is what it knows of the log that the checkpoint's origin names, None if nothing."""
    try:
        note, new = claimed_checkpoint(request)
    except Malformed as error:
        return Decision(Status.MALFORMED, str(error))
    if log is None:
        return Decision(Status.UNKNOWN_LOG, "no log of this origin is watched")
    try:
        if not verified_signatures(note, log.keys):
            return Decision(Status.NOT_SIGNED_BY_THE_LOG, "no signature of the log is there")
    except SignatureRejected as error:
        return Decision(Status.NOT_SIGNED_BY_THE_LOG, str(error))
    if request.old_size > new.size:
        return Decision(Status.MALFORMED, f"old size {request.old_size} is above the checkpoint's {new.size}")
    if request.old_size != log.size:
        return Decision(Status.OTHER_SIZE, f"the last size cosigned is {log.size}, not {request.old_size}")
    if new.size == log.size and new.root != log.root:
        # A fork: two roots of one size, both signed by the log.
        return Decision(Status.OTHER_SIZE, f"another root of size {log.size} was cosigned")
    try:
        verify_consistency(log.size, log.root, new.size, new.root, request.hashes)
    except ProofRejected as error:
        return Decision(Status.NOT_CONSISTENT, str(error))
    return Decision(Status.COSIGNED, "it continues what was cosigned last", new, note.text)


def size_body(size: int) -> bytes:
    """The body of an answer 409."""
    return b"%d\n" % size


def parse_size_body(body: bytes) -> int:
    """The size in the body of an answer 409: build the proof from there. Raises Malformed."""
    text = read_text(body, _ANSWER, 64)
    if not text.endswith("\n"):
        raise Malformed(_ANSWER, "a size must end in a newline")
    return read_decimal(text[:-1], _ANSWER, "the size")


def parse_cosignatures(body: bytes, text: bytes, keys: Sequence[VerifierKey]) -> tuple[NoteSignature, ...]:
    """The lines of an answer 200 to be added to the checkpoint: verified cosignatures over its text by these keys.

    Raises:
        Malformed: the body has another form.
        SignatureRejected: a line under one of these keys does not fit, or none is theirs.
    """
    timed = [key for key in keys if key.type is not SignatureType.ED25519]
    note = Note(text, parse_signature_lines(read_text(body, _ANSWER, NOTE_BYTES_MAX)))
    signed = {(one.key.name, one.key.key_id) for one in verified_signatures(note, timed)}
    if not signed:
        raise SignatureRejected("a cosignature of the witness must be there")
    lines = {(line.name, line.key_id): line for line in reversed(note.signatures)}
    return tuple(line for place, line in reversed(lines.items()) if place in signed)


def monitoring_path(origin: str) -> str:
    """Where below its monitoring prefix a witness shows the last checkpoint of a log that it cosigned."""
    return f"{sha256(origin.encode()).hexdigest()}/checkpoint"
