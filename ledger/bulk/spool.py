"""Steps that wait until every row is checked: in a nameless temporary file, sealed with a key of this process alone.

Rows hold personal data: what is left of the file on a disk, after a power cut say, must tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.bulk.steps import Step

_LENGTH_BYTES: Final = 4
_PAGES: Final = msgspec.msgpack.Decoder(list[Step])


@contextmanager
def opened_spool() -> Iterator[Spool]:
    """An empty one, gone with the block."""
    with TemporaryFile() as file:
        yield Spool(file)


class Spool:
    """Pages of steps: added, then read once in their order."""

    def __init__(self, file: BinaryIO) -> None:
        """`file`: empty, and nobody else's."""
        self._file = file
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._pages = 0
        self.steps = 0

    def add(self, page: Sequence[Step]) -> None:
        """Keep a page."""
        sealed = self._cipher.encrypt(self._nonce(self._pages), msgspec.msgpack.encode(page), None)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES) + sealed)
        self._pages += 1
        self.steps += len(page)

    def pages(self) -> Iterator[list[Step]]:
        """What was kept."""
        self._file.seek(0)
        for number in range(self._pages):
            length = int.from_bytes(self._file.read(_LENGTH_BYTES))
            yield _PAGES.decode(self._cipher.decrypt(self._nonce(number), self._file.read(length), None))

    def _nonce(self, number: int) -> bytes:
        return number.to_bytes(12)
