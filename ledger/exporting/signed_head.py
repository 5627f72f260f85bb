"""The two notes under which a log is exported: its checkpoint, and the note of the balance map at the same size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ledger.exporting.export_folder import BALANCES, CHECKPOINT
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.balances_note import BalancesNote, parse_balances_note
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.cosignature import SignedBy
from ledger.transparency.failures import StepFailed, TransparencyFailure
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signed_note import parse_note
from ledger.transparency.verify import verify_checkpoint
from ledger.transparency.verify_balances_note import verify_balances_note

_FORM: Final = "form"
_SIGNATURES: Final = "signatures"


class HeadRefused(Exception):
    """The notes are not those of one log at one size, or not signed by whom they must be."""

    def __init__(self, note: str, field: str, expected: object, found: object) -> None:
        """`note` is `checkpoint` or `balances`."""
        super().__init__(f"{note}: {field} is {found}, expected {expected}")
        self.note = note
        self.field = field
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class SignedHead:
    """Where a log stands: both notes, verbatim, and what they say."""

    head: Checkpoint
    checkpoint: bytes
    balances_note: BalancesNote | None
    """None where there are no events."""
    balances: bytes | None
    signed: tuple[SignedBy, ...]
    """Whose signatures of the checkpoint were verified; empty without keys."""


def read_signed_head(
    checkpoint: bytes, balances: bytes | None, partition: int, partitions: int, trusted: TrustedKeys
) -> SignedHead:
    """Read the notes of one partition's log, and check what they must have in common.

    Raises:
        HeadRefused: names the note and the field.
    """
    with _must_be(CHECKPOINT, _FORM, "a signed checkpoint"):
        head = parse_checkpoint_text(parse_note(checkpoint).text)
    signed = _signed(checkpoint, head.origin, trusted)
    _need(CHECKPOINT, "further lines", (), head.extension)
    if balances is None:
        if head.size:
            raise HeadRefused(BALANCES, "file", "there", "missing")
        return SignedHead(head, checkpoint, None, None, signed)
    with _must_be(BALANCES, _FORM, "a signed balances note"):
        told = parse_balances_note(parse_note(balances).text)
    _need(BALANCES, "origin", head.origin, told.log_origin)
    _need(BALANCES, "size", head.size, told.size)
    _need(BALANCES, "log root", base64_text(head.root), base64_text(told.log_root))
    _need(BALANCES, "partition", f"{partition} of {partitions}", f"{told.partition} of {told.partitions}")
    if trusted.given:
        with _must_be(BALANCES, _SIGNATURES, f"those of the log's keys under the name {told.origin}"):
            verify_balances_note(balances, trusted.policies[head.origin])
    return SignedHead(head, checkpoint, told, balances, signed)


def _signed(checkpoint: bytes, origin: str, trusted: TrustedKeys) -> tuple[SignedBy, ...]:
    if not trusted.given:
        return ()
    if origin not in trusted.policies:
        raise HeadRefused(CHECKPOINT, "origin", f"one whose key was given: {', '.join(trusted.policies)}", origin)
    with _must_be(CHECKPOINT, _SIGNATURES, "those that the given keys and witnesses make"):
        return verify_checkpoint(checkpoint, trusted.policies[origin]).signed


def _need(note: str, field: str, expected: object, found: object) -> None:
    if found != expected:
        raise HeadRefused(note, field, expected, found)


@contextmanager
def _must_be(note: str, field: str, expected: str) -> Iterator[None]:
    try:
        yield
    except StepFailed as failed:
        raise HeadRefused(note, field, expected, failed) from failed
    except TransparencyFailure as failure:
        raise HeadRefused(note, field, expected, failure) from failure
