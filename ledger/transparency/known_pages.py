"""Pages of a map that this process itself stored: it need neither read nor check them again.

The newest are held whole; of those that have no room, a digest tells that what is read is what was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

HELD_BYTES_MAX: Final = 128 * 2**20
"""Of pages held whole: those of a million and a half accounts."""
DIGESTS_MAX: Final = 250_000
"""Some 60 megabytes, for the pages of three million accounts; those beyond are checked in full, as after a start."""

_DIGEST_BYTES: Final = 16


class KnownPages:
    """The newest pages, each with the hash it has in the map. Only pages that were written may enter."""

    def __init__(self, held_bytes_max: int = HELD_BYTES_MAX, digests_max: int = DIGESTS_MAX) -> None:
        """Nothing is known yet."""
        self._held_bytes_max = held_bytes_max
        self._digests_max = digests_max
        self._held: dict[str, tuple[bytes, bytes]] = {}
        """By path, the least lately written first: the page's hash in the map, and the page."""
        self._held_bytes = 0
        self._digests: dict[str, bytes] = {}

    def page(self, path: str, subtree_hash: bytes) -> bytes | None:
        """The page with this hash in the map, if it is held."""
        held = self._held.get(path)
        return held[1] if held is not None and held[0] == subtree_hash else None

    def knows(self, path: str, stored: bytes, subtree_hash: bytes) -> bool:
        """Whether this very page, with this very hash in the map, is the one last told of."""
        held = self._held.get(path)
        if held is not None:
            return held == (subtree_hash, stored)
        return self._digests.get(path) == _digest(stored, subtree_hash)

    def remember(self, pages: Mapping[str, bytes], subtree_hashes: Mapping[str, bytes]) -> None:
        """These pages are stored now, with these hashes in the map; what was known of their paths is forgotten."""
        held = self._held
        for path, stored in pages.items():
            before = held.pop(path, None)
            if before is not None:
                self._held_bytes -= len(before[1])
            elif self._digests:
                self._digests.pop(path, None)
            held[path] = subtree_hashes[path], stored
            self._held_bytes += len(stored)
        while self._held_bytes > self._held_bytes_max:
            self._let_go(next(iter(held)))
        while len(self._digests) > self._digests_max:
            del self._digests[next(iter(self._digests))]

    def _let_go(self, path: str) -> None:
        subtree_hash, stored = self._held.pop(path)
        self._held_bytes -= len(stored)
        self._digests[path] = _digest(stored, subtree_hash)


def _digest(stored: bytes, subtree_hash: bytes) -> bytes:
    return sha256(subtree_hash + stored).digest()[:_DIGEST_BYTES]
