"""Signed notes (C2SP signed-note v1.0.0): a text and the signatures under it. Only the form; nothing is verified here.

A note comes from anybody, so what is read is bounded before it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_base64, read_text

NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 100
"""A reader MUST take 16; more than this is an attempt to keep it busy."""
KEY_ID_BYTES: Final = 4

_FORM: Final = "signed note"
_SPLIT: Final = "\n\n"
_LINE_START: Final = "\u2014 "
"""Em dash, space."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, with which key, and the claim."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"{_LINE_START}{self.name} {base64_text(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it came. Until a signature was verified its text is nobody's word."""

    text: bytes
    """What is signed: it ends in a newline, and the blank line does not belong to it."""
    signatures: tuple[NoteSignature, ...]


def parse_note(data: bytes) -> Note:
    """Read a signed note.

    Raises:
        Malformed: it is none, or exceeds a limit.
    """
    whole = read_text(data, _FORM, NOTE_BYTES_MAX)
    # The last blank line divides: the text may hold blank lines of its own, the signatures can not.
    text, blank, lines = whole.rpartition(_SPLIT)
    if not blank:
        raise Malformed(_FORM, "a blank line must stand before the signatures")
    return Note(f"{text}\n".encode(), parse_signature_lines(lines))


def parse_signature_lines(lines: str) -> tuple[NoteSignature, ...]:
    """Read signature lines, at least one, each ended by a newline. Raises Malformed."""
    if not lines.endswith("\n"):
        raise Malformed(_FORM, "at least one signature must follow, and its line must end in a newline")
    found = lines[:-1].split("\n")
    if len(found) > SIGNATURES_MAX:
        raise Malformed(_FORM, f"it must have at most {SIGNATURES_MAX} signatures, not {len(found)}")
    return tuple(_parse_line(line) for line in found)


def format_note(note: Note) -> bytes:
    """The bytes of a note. Raises Malformed for one that could not be read back."""
    lines = "".join(signature.line() for signature in note.signatures)
    data = note.text + b"\n" + lines.encode()
    if parse_note(data) != note:
        raise Malformed(_FORM, "its text must end in one newline")
    return data


def need_key_name(name: str, form: str) -> None:
    """Raise Malformed unless it is a key name: not empty, without Unicode spaces and plus signs."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise Malformed(form, f"a key name must not be empty nor hold a space or a plus sign: {name[:80]!r}")


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not space:
        raise Malformed(_FORM, f"a signature line must be an em dash, a key name and base64, not {line[:80]!r}")
    need_key_name(name, _FORM)
    blob = read_base64(encoded, _FORM, "a signature")
    if len(blob) <= KEY_ID_BYTES:
        raise Malformed(_FORM, f"a signature must have more than the {KEY_ID_BYTES} bytes of its key id")
    return NoteSignature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])
