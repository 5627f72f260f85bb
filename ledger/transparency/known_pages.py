"""Pages of a map that were right a moment ago: whoever keeps the map knows them again without hashing all they hold."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

PAGES_MAX: Final = 250_000
"""Some 60 megabytes, for the pages of three million accounts; those beyond are checked in full, as after a start."""

_DIGEST_BYTES: Final = 16


class KnownPages:
    """Digests of the newest pages, each with the hash it has in the map. Only pages that were written may enter."""

    def __init__(self, pages_max: int = PAGES_MAX) -> None:
        """Nothing is known yet."""
        self._pages_max = pages_max
        self._digests: dict[str, bytes] = {}

    def knows(self, path: str, stored: bytes, subtree_hash: bytes) -> bool:
        """Whether this very page, with this very hash in the map, is the one last told of."""
        return self._digests.get(path) == _digest(stored, subtree_hash)

    def remember(self, pages: Mapping[str, bytes], subtree_hashes: Mapping[str, bytes]) -> None:
        """These pages are stored now, with these hashes in the map; what was known of their paths is forgotten."""
        for path, stored in pages.items():
            self._digests.pop(path, None)
            self._digests[path] = _digest(stored, subtree_hashes[path])
        while len(self._digests) > self._pages_max:
            del self._digests[next(iter(self._digests))]


def _digest(stored: bytes, subtree_hash: bytes) -> bytes:
    return sha256(subtree_hash + stored).digest()[:_DIGEST_BYTES]
