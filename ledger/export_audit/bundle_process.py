"""`python -m ledger.export_audit.bundle_process`: reads bundles for an audit, on a processor of its own.

It is asked on standard input and answers on standard output, in order. It ends when its input does, so it never
outlives whoever asked. A frame is a length (4 bytes, big-endian) and MessagePack: first the log, as often as it
changes, then the index of each bundle wanted.
"""

from __future__ import annotations

import signal
import sys
from typing import IO, Final

import msgspec

from ledger.export_audit.bundle_reading import BundleReader, BundleReading, LogToRead

_LENGTH_BYTES: Final = 4
_question: Final = msgspec.msgpack.Decoder(LogToRead | int)
_encoder: Final = msgspec.msgpack.Encoder()


def write_frame(file: IO[bytes], message: LogToRead | int | BundleReading) -> None:
    """One message. Raises OSError when nobody reads it."""
    body = _encoder.encode(message)
    file.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
    file.flush()


def read_frame(file: IO[bytes]) -> bytes:
    """One message; empty where the other side has ended."""
    length = file.read(_LENGTH_BYTES)
    body = file.read(int.from_bytes(length, "big")) if len(length) == _LENGTH_BYTES else b""
    return body if len(body) == int.from_bytes(length, "big") else b""


def main() -> None:
    """Answer until there is no further question."""
    # Whoever asks decides when it is over: one Ctrl-C reaches both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    reader: BundleReader | None = None
    while body := read_frame(questions):
        question = _question.decode(body)
        if isinstance(question, LogToRead):
            reader = BundleReader(question)
        elif reader is not None:
            write_frame(answers, reader.read(question))


if __name__ == "__main__":
    main()
