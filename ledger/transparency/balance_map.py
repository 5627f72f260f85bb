"""The balance map as it grows with its log: one batch of changed leaves at a time, over pages that are stored anywhere.

Pure: a batch takes the changes and somebody who reads pages, and returns the pages to write and the new root. A leaf is
never taken away, since an entry isn't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from ledger.transparency.failures import Malformed, OutOfTree, TransparencyFailure
from ledger.transparency.holder_key import KEY_BYTES
from ledger.transparency.known_pages import KnownPages
from ledger.transparency.map_hash import EMPTY, HASH_BYTES, Subtree
from ledger.transparency.map_page import (
    EMPTY_SUBTREES,
    LEAVES_MAX,
    LEVELS,
    NO_LEAVES,
    Leaves,
    LeavesPage,
    Page,
    SubtreesPage,
    parse_page,
    read_page,
)

ROOT_PATH: Final = ""
TOLD_TOGETHER: Final = 1_000
"""Changed pages, before whoever writes them is told of the first: they are written while the rest is hashed."""


class PageReader(Protocol):
    """Reads the pages of one map as it was at one size of its log."""

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The pages that exist at these paths; asked for some hundreds to thousands at once, once a level."""
        ...


class NodeStore(PageReader, Protocol):
    """Keeps a map's pages.

    A batch's pages MUST become visible together, and together with its root and the log's size. A reader MUST see the
    pages of one size only: while later batches are written, proofs are still served for the size that was published.
    """

    def write(self, pages: Mapping[str, bytes]) -> None:
        """Put these pages in the place of those at the same paths."""
        ...


class MemoryNodeStore:
    """A NodeStore for tests and for auditors: the newest pages only."""

    def __init__(self) -> None:
        self._pages: dict[str, bytes] = {}

    def pages(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The pages that exist at these paths."""
        return {path: self._pages[path] for path in paths if path in self._pages}

    def write(self, pages: Mapping[str, bytes]) -> None:
        """Put these pages in the place of those at the same paths."""
        self._pages.update(pages)


class PageBroken(TransparencyFailure):
    """A stored page is not what the root was made from: whoever builds on it would sign what the log never said."""


@dataclass(frozen=True, slots=True)
class MapUpdate:
    """What a batch changed."""

    root: bytes
    pages: Mapping[str, bytes]
    """To be written, by path."""
    hashes: Mapping[str, bytes]
    """By path: the hash of each of these pages in the map."""


@dataclass(slots=True)
class _Descent:
    """The pages a batch touches, from the top down."""

    known: KnownPages
    unchecked: dict[bytes, bytes | None]
    """By key: the value before, as whoever made the changes knows it; gone once it was compared."""
    subtrees: list[tuple[str, SubtreesPage, list[int]]] = field(default_factory=list)
    """Path, the page as it was, and which of its subtrees change."""
    done: dict[str, tuple[Subtree, bytes]] = field(default_factory=dict)
    """By path: what a changed page is now, and its bytes."""
    held: dict[str, bytes] = field(default_factory=dict)
    """By path: the hash that the page above, or the root, says the stored page has."""


def updated(
    store: PageReader,
    root: bytes,
    changes: Mapping[bytes, bytes],
    before: Mapping[bytes, bytes | None] | None = None,
    known: KnownPages | None = None,
    told: Callable[[Mapping[str, bytes]], None] | None = None,
) -> MapUpdate:
    """The map after these leaves, key → value, were added or got other values; `root` is the one before.

    Every page read is checked against the one above it, and the first against `root`. `before`: the value from which
    each change was computed, None for a holder who is new: it must be the one in the map. `known`: pages that need not
    be read or hashed through again; tell it of the new ones once they are stored. `told` gets every page to be written,
    by path, as soon as it is made, before it is known whether the whole update succeeds.

    Raises:
        OutOfTree: a key or value has not 32 bytes.
        PageBroken: a stored page is not the one the root was made from, or a value before is not the one in the map.
    """
    if any(len(key) != KEY_BYTES or len(value) != HASH_BYTES for key, value in changes.items()):
        raise OutOfTree(f"keys must have {KEY_BYTES} bytes and values {HASH_BYTES}")
    if not changes:
        return MapUpdate(root, {}, {})
    descent = _Descent(known or KnownPages(0, 0), dict(before or {}), held={ROOT_PATH: root})
    telling = _Telling(descent.done, told)
    level: dict[str, Leaves] = {ROOT_PATH: sorted(changes.items())}
    while level:
        below: dict[str, Leaves] = {}
        for path, page in _read_level(store, descent, list(level)):
            _touch(descent, path, page, level[path], below)
            telling.of_new(TOLD_TOGETHER)
        level = below
    for path, page, digits in reversed(descent.subtrees):
        below_it = page.below.replaced({digit: descent.done[f"{path}{digit:x}"][0] for digit in digits})
        whole = SubtreesPage(below_it)
        descent.done[path] = whole.subtree(), whole.to_bytes()
    telling.of_new(1)
    pages = {path: page for path, (_, page) in descent.done.items()}
    hashes = {path: subtree[0] for path, (subtree, _) in descent.done.items()}
    return MapUpdate(hashes[ROOT_PATH], pages, hashes)


class _Telling:
    """Tells of changed pages as they are made."""

    def __init__(
        self, done: Mapping[str, tuple[Subtree, bytes]], told: Callable[[Mapping[str, bytes]], None] | None
    ) -> None:
        self._done = done
        self._told = told
        self._count = 0

    def of_new(self, least: int) -> None:
        """Tell of the pages that nobody was told of, if there are so many."""
        if self._told is None or len(self._done) - self._count < least:
            return
        new = islice(self._done.items(), self._count, None)
        self._told({path: page for path, (_, page) in new})
        self._count = len(self._done)


def _read_level(store: PageReader, descent: _Descent, paths: Sequence[str]) -> Iterator[tuple[str, Page]]:
    """The pages at these paths, each the one that the page above it was made from: held ones, and the others read."""
    remembered = {path: descent.known.page(path, descent.held.get(path, EMPTY)) for path in paths}
    unread = [path for path, page in remembered.items() if page is None]
    stored = store.pages(unread) if unread else {}
    for path, page in remembered.items():
        yield path, parse_page(page) if page is not None else _read(descent, path, stored.get(path))


def _touch(descent: _Descent, path: str, page: Page, leaves: Leaves, below: dict[str, Leaves]) -> None:
    if isinstance(page, LeavesPage):
        _compare_before(descent.unchecked, page, leaves)
        changed = page.merged(len(path) * LEVELS, leaves)
        if changed.count <= LEAVES_MAX:
            descent.done[path] = changed.subtree(), changed.to_bytes()
            return
        leaves = list(zip(changed.keys(), changed.values(), strict=True))
        page = EMPTY_SUBTREES  # too many for one page: all of them go a level down
    groups = _by_digit(len(path), leaves)
    descent.subtrees.append((path, page, list(groups)))
    for digit, some in groups.items():
        child = f"{path}{digit:x}"
        descent.held[child] = page.below.hash_at(digit)
        below[child] = some


def _compare_before(unchecked: dict[bytes, bytes | None], page: LeavesPage, leaves: Leaves) -> None:
    for key, _ in leaves:
        # Taken out: leaves that go down because this page splits were compared here.
        if key in unchecked and unchecked.pop(key) != page.value_of(key):
            raise PageBroken(f"the balance kept for the holder with key {key.hex()} is not the one in the map")


def _read(descent: _Descent, path: str, stored: bytes | None) -> Page:
    expected = descent.held.get(path, EMPTY)
    if stored is not None and descent.known.knows(path, stored, expected):
        return parse_page(stored)
    return read_checked(path, stored, expected)


def read_checked(path: str, stored: bytes | None, expected: bytes) -> Page:
    """The page at `path`, of which the page above says that it has the hash `expected`; EMPTY: there is none.

    Raises PageBroken if it is another one, or not there.
    """
    try:
        page = NO_LEAVES if stored is None else read_page(path, stored)
    except Malformed as error:
        raise PageBroken(f"map page {path!r}: {error}") from error
    found = page.subtree()[0]
    if found != expected:
        raise PageBroken(f"map page {path!r} must have hash {expected.hex()}, not {found.hex()}")
    return page


def _by_digit(digits: int, leaves: Leaves) -> Mapping[int, Leaves]:
    """Ascending leaves, by the hexadecimal digit of their key behind the first `digits`."""
    index, shift = digits >> 1, 0 if digits & 1 else 4
    groups: dict[int, list[tuple[bytes, bytes]]] = {}
    for leaf in leaves:
        groups.setdefault(leaf[0][index] >> shift & 15, []).append(leaf)
    return groups
