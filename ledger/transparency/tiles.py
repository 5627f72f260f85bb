"""Tiles: which resources a log of some size is stored and served as, and what their paths are (C2SP tlog-tiles).

A hash tile holds up to 256 hashes that stand side by side: leaf hashes at level 0, roots of full tiles above. An entry
bundle holds the entries of a tile of level 0. A full one never changes; a partial one is of one size of the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.transparency.failures import Malformed, OutOfTree
from ledger.transparency.line_grammar import SIZE_MAX
from ledger.transparency.tree_hash import HASH_BYTES

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
"""Levels of the tree that lie between a tile's hashes and its root: 256 = 2^8."""
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
LEVEL_MAX: Final = 63
ENTRY_BYTES_MAX: Final = 65_535
"""A uint16 length stands before each entry."""

_LENGTH_BYTES: Final = 2
_PATH_CHARACTERS_MAX: Final = 60
_PATH: Final = re.compile(
    r"tile/(?:(?P<level>0|[1-9][0-9]?)|entries)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class HashTile:
    """Where a hash tile lies, and how many hashes it has."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Below the log's prefix."""
        return f"tile/{self.level}/{_index_path(self.index, self.width)}"


@dataclass(frozen=True, slots=True, order=True)
class EntryBundle:
    """Where an entry bundle lies, and how many entries it has."""

    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Below the log's prefix."""
        return f"tile/entries/{_index_path(self.index, self.width)}"


def parse_path(path: str) -> HashTile | EntryBundle:
    """What a path names.

    Raises:
        Malformed: it is no path of tlog-tiles, or another spelling of one.
    """
    found = _PATH.fullmatch(path) if len(path) <= _PATH_CHARACTERS_MAX else None
    if found is None:
        raise Malformed("tile path", f"it must be tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>], not {path[:80]!r}")
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"] or TILE_WIDTH)
    level = found["level"]
    read = EntryBundle(index, width) if level is None else HashTile(int(level), index, width)
    # Another spelling (a leading `x000/`, a width of 256 or more) would be a second name for the same bytes.
    if read.path != path or width > TILE_WIDTH:
        raise Malformed("tile path", f"it must be spelled {read.path!r}, with a width from 1 to 255, not {path!r}")
    if (0 if level is None else int(level)) > LEVEL_MAX or index * TILE_WIDTH > SIZE_MAX:
        raise Malformed("tile path", f"no log has a tile {path!r}")
    return read


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a log of this size: 0 to 256."""
    hashes = (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH
    return max(0, min(TILE_WIDTH, hashes))


def tiles_of_growth(old_size: int, new_size: int) -> Iterator[HashTile]:
    """The tiles that growing from one size to another makes, level by level; from 0: all tiles of the log.

    Partial tiles of sizes in between are not among them: a log owes those of its checkpoints' sizes only.

    Raises:
        OutOfTree: the log would shrink.
    """
    _need_growth(old_size, new_size)
    for level in range(LEVEL_MAX + 1):
        old, new = old_size >> (TILE_HEIGHT * level), new_size >> (TILE_HEIGHT * level)
        if old == new:
            return
        for index in range(old // TILE_WIDTH, -(-new // TILE_WIDTH)):
            yield HashTile(level, index, width_at(level, index, new_size))


def bundles_of_growth(old_size: int, new_size: int) -> Iterator[EntryBundle]:
    """The entry bundles that growing from one size to another makes. Raises OutOfTree if the log would shrink."""
    _need_growth(old_size, new_size)
    if old_size < new_size:
        for index in range(old_size // TILE_WIDTH, -(-new_size // TILE_WIDTH)):
            yield EntryBundle(index, width_at(0, index, new_size))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle: before each entry its length, a big-endian uint16.

    Raises:
        Malformed: there are not 1 to 256 entries, or one is too long.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise Malformed("entry bundle", f"it must have 1 to {TILE_WIDTH} entries, not {len(entries)}")
    parts: list[bytes] = []
    for number, entry in enumerate(entries):
        if len(entry) > ENTRY_BYTES_MAX:
            raise Malformed(
                "entry bundle", f"entry {number} has {len(entry)} bytes; it may have at most {ENTRY_BYTES_MAX}"
            )
        parts += (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width.

    Raises:
        Malformed: it ends early, or something stands behind the last entry.
    """
    entries: list[bytes] = []
    at = 0
    for number in range(width):
        end = at + _LENGTH_BYTES + int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        # A cut length reads as a small number, but still ends behind its two bytes, and so behind the data.
        if end > len(data):
            raise Malformed("entry bundle", f"entry {number} of {width} must end by byte {len(data)}")
        entries.append(data[at + _LENGTH_BYTES : end])
        at = end
    if at != len(data):
        raise Malformed("entry bundle", f"{width} entries end at byte {at}; it must end there, not at {len(data)}")
    return entries


def _index_path(index: int, width: int) -> str:
    last = f"{index % 1000:03}"
    rest = index // 1000
    while rest:
        last = f"x{rest % 1000:03}/{last}"
        rest //= 1000
    return last if width == TILE_WIDTH else f"{last}.p/{width}"


def _need_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size <= SIZE_MAX:
        raise OutOfTree(f"a log cannot grow from {old_size} to {new_size}")
