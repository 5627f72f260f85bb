"""Where the keys that tokens are verified with come from: a file, or an https URL of their issuer.

Asking for the keys never waits for the network: what is fetched is fetched by `watch`. A key set that cannot be read
again is believed for a day at most; one that was read and names a key no longer takes it away at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from ledger.access.token_keys import JWKS_BYTES_MAX, NoKeySet, TokenKeys, parse_key_set
from ledger.given_up_in_time import given_up_in_time
from ledger.loopback import is_loopback
from ledger.settings import WrongSetting
from ledger.told_errors import told

REFRESH_SECONDS: Final = 300.0
REFRESH_SECONDS_MIN: Final = 10.0
"""Between two fetches, however many tokens name keys that are not known."""
FETCH_SECONDS_MAX: Final = 10.0
BELIEVED_SECONDS_MAX: Final = 24 * 3_600.0
"""How long keys are used that could not be read again."""
_SUCCESS: Final = 200
log = logging.getLogger(__name__)


class TokenKeySource(Protocol):
    """Gives the keys of this moment."""

    def keys(self) -> TokenKeys:
        """At once; the same object as before if nothing changed."""
        ...

    def miss(self) -> None:
        """Say that a token named a key that is not among them."""
        ...

    async def watch(self) -> None:
        """Keep them fresh, until cancelled."""
        ...


class KeyFile:
    """The JWK Set in a file, read again when it is another one than before."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises WrongSetting if there is no key set with a usable key."""
        self._file = file
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._broken_since: float | None = None
        try:
            self._keys = self._read()
        except (OSError, NoKeySet) as wrong:
            raise WrongSetting(f"LEDGER_TOKEN_JWKS {file} cannot be used: {wrong}") from wrong
        if not self._keys.keys:
            raise WrongSetting(f"LEDGER_TOKEN_JWKS {file} holds no public key for signatures")

    def keys(self) -> TokenKeys:
        """See TokenKeySource."""
        try:
            if self._state() != self._seen:
                self._keys = self._read()
            self._broken_since = None
        except (OSError, NoKeySet) as wrong:
            self._keep_for_a_while(wrong)
        return self._keys

    def miss(self) -> None:
        """Nothing to do: the file was looked at just now."""

    async def watch(self) -> None:
        """Nothing to do: whoever asks for the keys looks at the file."""
        await asyncio.Event().wait()

    def _read(self) -> TokenKeys:
        state = self._state()
        keys = parse_key_set(self._file.read_bytes())
        self._seen = state
        return keys

    def _state(self) -> tuple[int, int, int]:
        found = self._file.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _keep_for_a_while(self, wrong: Exception) -> None:
        now = self._clock()
        if self._broken_since is None:
            self._broken_since = now
            log.warning("LEDGER_TOKEN_JWKS %s cannot be used; the keys before hold: %s", self._file, told(wrong))
        elif now - self._broken_since > BELIEVED_SECONDS_MAX and self._keys.keys:
            log.error("LEDGER_TOKEN_JWKS %s could not be used for a day: no token is believed", self._file)
            self._keys = TokenKeys()


class KeyUrl:
    """The JWK Set at a URL, fetched in the background; there are no keys before the first fetch."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises WrongSetting for a URL through which anybody could hand us keys."""
        self._place = _safe_place(url)
        self._clock = clock
        self._keys = TokenKeys()
        self._body = b""
        self._fetched_at = clock()
        self._wanted = asyncio.Event()

    def keys(self) -> TokenKeys:
        """See TokenKeySource."""
        if self._keys.keys and self._clock() - self._fetched_at > BELIEVED_SECONDS_MAX:
            log.error("LEDGER_TOKEN_JWKS could not be fetched for a day: no token is believed")
            self._keys = TokenKeys()
        return self._keys

    def miss(self) -> None:
        """Have them fetched, soon. Call it in the loop of `watch`."""
        self._wanted.set()

    async def watch(self) -> None:
        """See TokenKeySource."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS_MIN)
            try:
                await asyncio.wait_for(self._wanted.wait(), REFRESH_SECONDS - REFRESH_SECONDS_MIN)
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """Fetch them now; if that fails, those before stay."""
        self._wanted.clear()
        try:
            body = await asyncio.to_thread(_fetched, self._place)
            keys = parse_key_set(body)
        except (OSError, HTTPException, NoKeySet) as wrong:
            log.warning("LEDGER_TOKEN_JWKS cannot be fetched; the keys before hold: %s", told(wrong))
            return
        self._fetched_at = self._clock()
        if body != self._body or not self._keys.keys:
            self._body, self._keys = body, keys


def key_source(place: str) -> TokenKeySource:
    """By what LEDGER_TOKEN_JWKS says. Raises WrongSetting."""
    return KeyUrl(place) if "://" in place else KeyFile(Path(place))


def _safe_place(url: str) -> SplitResult:
    place = urlsplit(url)
    try:
        reachable = bool(place.hostname) and place.port != 0
    except ValueError:
        reachable = False
    plain = place.scheme == "http" and is_loopback(place.hostname or "")
    if not reachable or place.username or place.fragment or not (place.scheme == "https" or plain):
        raise WrongSetting("LEDGER_TOKEN_JWKS must be a file, an https URL, or an http URL of this machine")
    return place


def _fetched(place: SplitResult) -> bytes:
    """The body of a GET. A redirection is not followed: the keys come from where the operator said, or not at all."""
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=FETCH_SECONDS_MAX)
    try:
        connection.connect()
        with given_up_in_time(connection.sock, FETCH_SECONDS_MAX):
            path = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
            connection.request("GET", path, headers={"Accept": "application/jwk-set+json, application/json"})
            answer = connection.getresponse()
            body = answer.read(JWKS_BYTES_MAX + 1)
        if answer.status != _SUCCESS:
            raise NoKeySet(f"it answers {answer.status}")
        return body
    finally:
        connection.close()
