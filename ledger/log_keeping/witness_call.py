"""Asking one witness over HTTP (C2SP tlog-witness v1.0.0): whatever it does, an answer is here in a few seconds.

A witness may be down, slow, broken or hostile; the log goes on. It has a thread of its own, so it keeps nobody waiting.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ledger.given_up_in_time import given_up_in_time
from ledger.transparency.failures import Malformed, SignatureRejected
from ledger.transparency.signed_note import NOTE_BYTES_MAX, NoteSignature
from ledger.transparency.witness_protocol import (
    AddCheckpoint,
    Status,
    format_add_checkpoint,
    parse_cosignatures,
    parse_size_body,
)
from ledger.witness_quorum import Witness

CALL_SECONDS_MAX: Final = 5.0

_TOLD_BYTES_MAX: Final = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Verified cosignatures over the checkpoint's text."""

    lines: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class OtherSize:
    """It says that it cosigned this size last."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not cosign."""

    status: int
    reason: str
    """What it said, made harmless."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing came, or nothing of this protocol."""

    reason: str


Reply: TypeAlias = Cosigned | OtherSize | Refused | NoAnswer


class WitnessCaller:
    """One witness, asked one thing after the other, on a connection that is kept."""

    def __init__(self, witness: Witness) -> None:
        """Nothing is sent yet."""
        self.witness = witness
        place = urlsplit(witness.url)
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        self._path = f"{place.path}/add-checkpoint"
        self._connection: HTTPConnection = kind(place.hostname or "", place.port, timeout=CALL_SECONDS_MAX)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"witness {witness.name}")

    def ask(self, request: AddCheckpoint, text: bytes) -> Future[Reply]:
        """Ask for cosignatures of the checkpoint, whose text this is. The future never raises."""
        return self._thread.submit(self.ask_now, request, text)

    def ask_now(self, request: AddCheckpoint, text: bytes) -> Reply:
        """The same, waiting."""
        try:
            status, body = self._post(format_add_checkpoint(request))
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            return NoAnswer(f"{type(error).__name__}: {error}")
        return self._understood(status, body, text)

    def close(self) -> None:
        """Ask nothing more; what is under way ends by its deadline."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        kept = self._connection.sock is not None
        try:
            return self._post_once(body)
        except (ConnectionError, HTTPException):
            if not kept:
                raise
        # A connection that was kept may have been closed meanwhile; asking twice is harmless.
        self._connection.close()
        return self._post_once(body)

    def _post_once(self, body: bytes) -> tuple[int, bytes]:
        if self._connection.sock is None:
            self._connection.connect()
        with given_up_in_time(self._connection.sock, CALL_SECONDS_MAX):
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            self._connection.request("POST", self._path, body=body, headers=headers)
            answer = self._connection.getresponse()
            data = answer.read(NOTE_BYTES_MAX + 1)
        if len(data) > NOTE_BYTES_MAX:
            raise ValueError(f"its answer is longer than {NOTE_BYTES_MAX} bytes")
        return answer.status, data

    def _understood(self, status: int, body: bytes, text: bytes) -> Reply:
        try:
            if status == Status.COSIGNED:
                return Cosigned(parse_cosignatures(body, text, self.witness.keys))
            if status == Status.OTHER_SIZE:
                return OtherSize(parse_size_body(body))
        except (Malformed, SignatureRejected) as wrong:
            return NoAnswer(f"status {status}, and {wrong}")
        said = " ".join(body[:_TOLD_BYTES_MAX].decode("utf-8", "replace").split())
        return Refused(status, "".join(character for character in said if character.isprintable()))
