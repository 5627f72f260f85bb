"""Looks for texts that must be nowhere, in every form in which a file could hold them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def forms(text: str) -> Iterator[bytes]:
    """Plain, hex in both cases, and base64 at each of the three places a text can begin within it."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(before) + raw)
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            yield whole[first:last]  # characters that hold bits of nothing else


def found(canaries: Mapping[str, str], folders: Iterable[Path]) -> list[str]:
    """`name of the canary: file` for every file below `folders` that holds one."""
    wanted = [(name, form) for name, text in canaries.items() for form in forms(text)]
    hits: list[str] = []
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            hits += [f"{name}: {file}" for name, form in wanted if form in content]
    return hits
