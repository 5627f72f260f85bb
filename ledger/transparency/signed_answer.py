"""The text of a signed answer: a question, its result, and the logs that the result rests on.

In the form of a C2SP checkpoint (tlog-checkpoint v1.0.0) of the lines below it, each line ended by a newline:

    <log origin>/answers
    <how many lines follow the root, decimal>
    <root of the tree whose leaves are these lines without their newlines, base64>
    question <method> <request, base64>
    result <response, base64>
    log <origin of the partition's log> <size, decimal> <root, base64>        (one for each partition, in order)

An ML-DSA-44 signature covers the first three lines only, so they must say all of the others.
`docs/decisions/0014-answers-are-checkpoints-of-their-lines.md` says why. Signatures are none of this module's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.transparency.checkpoint import ORIGIN_BYTES_MAX, Checkpoint
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import SIZE_MAX, base64_text, read_base64, read_decimal, read_hash, read_text
from ledger.transparency.tree_hash import EMPTY_ROOT, HASH_BYTES, leaf_hashes, root_of

NAME_SUFFIX: Final = "/answers"
FILE_KIND: Final = "volunteer-hours/signed-answer@"
FILE_HEADER: Final = f"{FILE_KIND}v1"
FILE_BYTES_MAX: Final = 16_000_000
"""An answer, and a checkpoint with some signatures for each of 1,024 partitions."""

_FORM: Final = "signed answer"
_FILE_FORM: Final = "signed answer's file"
_METHOD: Final = re.compile(r"[A-Za-z0-9_.]{1,100}/[A-Za-z0-9_]{1,100}")
_LOG_ORIGIN: Final = re.compile("[!-*,-~]+")
"""A URL without its scheme, in ASCII, without spaces and plus signs (tlog-checkpoint)."""
_LINES: Final = (
    "`question <method> <base64>`, `result <base64>`, then `log <origin> <size> <base64>` for each partition"
)


@dataclass(frozen=True, slots=True)
class LogHead:
    """The first so many events of one partition's log: what an answer counted."""

    origin: str
    size: int
    root: bytes

    def line(self) -> str:
        """As it stands in an answer."""
        return f"log {self.origin} {self.size} {base64_text(self.root)}"


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """Asked this, the service that signs answered that, out of these events and no others."""

    log_origin: str
    """What the origins of all partitions begin with: theirs are `<log origin>/0`, `<log origin>/1`, …"""
    method: str
    """In full, such as `volunteer_hours.v1.HoursService/GetBalance`."""
    request: bytes
    response: bytes
    logs: tuple[LogHead, ...]
    """One for each partition, in order."""

    def __post_init__(self) -> None:
        """Raises Malformed for one that could not be read back."""
        if _LOG_ORIGIN.fullmatch(self.log_origin) is None or len(self.name) > ORIGIN_BYTES_MAX:
            raise Malformed(_FORM, f"its name must be a URL without scheme, at most {ORIGIN_BYTES_MAX} bytes of ASCII")
        if _METHOD.fullmatch(self.method) is None:
            raise Malformed(_FORM, f"its method must be <package>.<service>/<method>, not {self.method[:80]!r}")
        if not self.logs:
            raise Malformed(_FORM, "it must name a log")
        for partition, log in enumerate(self.logs):
            if log.origin != f"{self.log_origin}/{partition}":
                raise Malformed(
                    _FORM, f"log {partition} must be {self.log_origin}/{partition}, not {log.origin[:80]!r}"
                )
            if not 0 <= log.size <= SIZE_MAX or len(log.root) != HASH_BYTES:
                raise Malformed(_FORM, f"log {partition} must have a size below 2^63 and a root of {HASH_BYTES} bytes")
            if log.size == 0 and log.root != EMPTY_ROOT:
                raise Malformed(_FORM, f"log {partition} is empty: its root must be {base64_text(EMPTY_ROOT)}")

    @property
    def name(self) -> str:
        """Of the note, and of the keys that sign it."""
        return self.log_origin + NAME_SUFFIX

    def lines(self) -> tuple[str, ...]:
        """What stands below the root, without newlines."""
        question = f"question {self.method} {base64_text(self.request)}"
        return (question, f"result {base64_text(self.response)}", *(log.line() for log in self.logs))

    def checkpoint(self) -> Checkpoint:
        """The text to sign, as the checkpoint whose form it has."""
        lines = self.lines()
        return Checkpoint(self.name, len(lines), _root(lines), lines)


def parse_answer(checkpoint: Checkpoint) -> SignedAnswer:
    """Read what a note in the form of a checkpoint says as an answer; its size and root are not looked at.

    Raises:
        Malformed: it is none, or not in the one spelling.
    """
    if len(checkpoint.extension) < 3 or not checkpoint.origin.endswith(NAME_SUFFIX):
        raise Malformed(_FORM, f"its name must end in {NAME_SUFFIX}, and below the root must stand {_LINES}")
    question, result, *logs = checkpoint.extension
    method, request = _fields(question, "question", 2)
    [response] = _fields(result, "result", 1)
    return SignedAnswer(
        checkpoint.origin.removesuffix(NAME_SUFFIX),
        method,
        read_base64(request, _FORM, "the question"),
        read_base64(response, _FORM, "the result"),
        tuple(map(_log_head, logs)),
    )


def need_lines_signed(checkpoint: Checkpoint) -> None:
    """Raise Malformed unless size and root are those of the lines below them."""
    root = _root(checkpoint.extension)
    if checkpoint.size != len(checkpoint.extension):
        raise Malformed(_FORM, f"{len(checkpoint.extension)} lines follow the root, not {checkpoint.size}")
    if checkpoint.root != root:
        raise Malformed(_FORM, f"the lines hash to {base64_text(root)}, not to {base64_text(checkpoint.root)}")


def format_answer_file(note: bytes, checkpoints: Sequence[bytes]) -> bytes:
    """A signed answer with the checkpoints it rests on, as one text. Raises Malformed if it could not be read back."""
    data = b"\n".join((FILE_HEADER.encode() + b"\n", note, *checkpoints))
    if parse_answer_file(data) != (note, tuple(checkpoints)):
        raise Malformed(_FILE_FORM, "it could not be read back")
    return data


def parse_answer_file(data: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The answer's note and the checkpoints; neither is looked into.

    Raises:
        Malformed: it is none, or exceeds a limit.
    """
    header, *blocks = read_text(data, _FILE_FORM, FILE_BYTES_MAX).split("\n\n")
    if header != FILE_HEADER:
        raise Malformed(_FILE_FORM, f"its first line must be {FILE_HEADER!r}, then a blank line; not {header[:80]!r}")
    # A note is a text and signatures with a blank line between, and none within either of them.
    if len(blocks) < 2 or len(blocks) % 2 or not blocks[-1].endswith("\n"):
        raise Malformed(_FILE_FORM, "notes must follow, each of them a text, a blank line and signatures")
    ended = [*(f"{block}\n" for block in blocks[:-1]), blocks[-1]]
    note, *checkpoints = (f"{ended[at]}\n{ended[at + 1]}".encode() for at in range(0, len(ended), 2))
    return note, tuple(checkpoints)


def _root(lines: Sequence[str]) -> bytes:
    return root_of(leaf_hashes(line.encode() for line in lines))


def _fields(line: str, word: str, count: int) -> list[str]:
    first, *fields = line.split(" ")
    if first != word or len(fields) != count:
        raise Malformed(_FORM, f"below the root must stand {_LINES}, not {line[:80]!r}")
    return fields


def _log_head(line: str) -> LogHead:
    origin, size, root = _fields(line, "log", 3)
    return LogHead(origin, read_decimal(size, _FORM, "a log's size"), read_hash(root, _FORM, "a log's root"))
