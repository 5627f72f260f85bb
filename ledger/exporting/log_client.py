"""The logs of a served ledger over HTTP, as an auditor reads them (`docs/command-line.md`, Pages over HTTP)."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ledger.exporting.export_folder import BUNDLE_BYTES_MAX
from ledger.exporting.log_source import LogAway, LogRefused, NotKept
from ledger.settings import WrongSetting
from ledger.transparency.line_grammar import PROOF_HASHES_MAX, read_hash, read_text
from ledger.transparency.signed_note import NOTE_BYTES_MAX
from ledger.transparency.tiles import TILE_BYTES, EntryBundle, HashTile

TRIES_MAX: Final = 6
ANSWER_SECONDS_MAX: Final = 60.0
_PAUSE_SECONDS: Final = 0.2
_LINE_CHARACTERS_MAX: Final = 300
_HASHES_BYTES_MAX: Final = 64 * PROOF_HASHES_MAX
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
"""Answers that a moment later may be another one."""


class LogClient:
    """Reads logs; a connection of its own for each thread is kept open between questions."""

    def __init__(self, url: str, token: str) -> None:
        """`url` is what stands before `/log/`; `token` opens entry bundles. Raises WrongSetting for what is no URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not _has_host(parts) or parts.query or parts.fragment:
            raise WrongSetting(
                f"the ledger's address must be like https://hours.example or http://HOST:PORT, not {url}"
            )
        self._connection_kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._kept = threading.local()
        self.url = url

    def balances(self, partition: int) -> bytes:
        """The newest signed note of the balance map."""
        return self._get(f"{partition}/balances", NOTE_BYTES_MAX)

    def checkpoint(self, partition: int, size: int) -> bytes:
        """The signed checkpoint of this size."""
        return self._get(f"{partition}/checkpoint/{size}", NOTE_BYTES_MAX)

    def newest_checkpoint(self, partition: int) -> bytes:
        """The newest signed checkpoint."""
        return self._get(f"{partition}/checkpoint", NOTE_BYTES_MAX)

    def consistency(self, partition: int, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the log only grew between two sizes."""
        path = f"{partition}/consistency/{old_size}/{new_size}"
        lines = read_text(self._get(path, _HASHES_BYTES_MAX), path, _HASHES_BYTES_MAX).split("\n")
        return [read_hash(line, path, "a line") for line in lines if line]

    def entry_bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        """Stored events."""
        return self._get(f"{partition}/{bundle.path}", BUNDLE_BYTES_MAX)

    def hash_tile(self, partition: int, tile: HashTile) -> bytes:
        """Hashes of the tree."""
        return self._get(f"{partition}/{tile.path}", TILE_BYTES)

    def _get(self, path: str, bytes_max: int) -> bytes:
        """A page, asked for again while the ledger is away. Raises LogAway and LogRefused."""
        full, pause_seconds = f"{self._prefix}/log/{path}", _PAUSE_SECONDS
        for left in range(TRIES_MAX - 1, -1, -1):
            try:
                return self._once(full, bytes_max)
            except (OSError, http.client.HTTPException) as error:
                self._close()
                why = f"{type(error).__name__}: {error}"
            except _Later as later:
                why = str(later)
            if left:
                time.sleep(pause_seconds)
                pause_seconds *= 2
        raise LogAway(f"{self.url} gives no {full}, asked {TRIES_MAX} times: {why}")

    def _once(self, path: str, bytes_max: int) -> bytes:
        connection = self._connection()
        connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"} if self._token else {})
        answer = connection.getresponse()
        body = answer.read(bytes_max + 1)
        if len(body) > bytes_max:
            self._close()
            raise LogRefused(f"{path} is longer than {bytes_max} bytes, which no log gives")
        if answer.length:
            # Told how much to read, the library gives what came before a break as if it were all.
            raise http.client.IncompleteRead(body, answer.length)
        if answer.status == http.client.OK:
            return body
        # A redirection is not followed: the token is for this ledger alone.
        said = f"{answer.status} {ascii(body.decode('utf-8', 'replace').strip())[1:-1][:_LINE_CHARACTERS_MAX]}"
        if answer.status in _AGAIN:
            raise _Later(said)
        if answer.status == http.client.NOT_FOUND:
            raise NotKept(f"{path}: {said}")
        raise LogRefused(f"{path}: {said}")

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is None:
            kept = self._connection_kind(self._address, timeout=ANSWER_SECONDS_MAX)
            self._kept.connection = kept
        return kept

    def _close(self) -> None:
        self._connection().close()


def _has_host(parts: SplitResult) -> bool:
    try:
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class _Later(Exception):
    """Asked again, the ledger may answer."""
