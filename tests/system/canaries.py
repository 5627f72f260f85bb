"""Looks for texts that must be nowhere, in every form in which a file or an answer could hold them."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def forms(text: str) -> set[bytes]:
    """Composed and decomposed, in three encodings; each as it is, in hex and in base64; in percent and JSON escapes."""
    found: set[bytes] = set()
    for spelt in {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}:
        for encoding in ENCODINGS:
            found.update(_encoded(spelt.encode(encoding)))
        found.update(_escaped(spelt))
    return found


def _encoded(raw: bytes) -> Iterator[bytes]:
    """Plain, hex in both cases, and base64 at each of the three places a text can begin within it."""
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(before) + raw)
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            yield whole[first:last]  # characters that hold bits of nothing else


def _escaped(text: str) -> Iterator[bytes]:
    r"""Percent escapes of URLs, and \u escapes of JSON, with digits in both cases; ASCII is its own escape."""
    for percent in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield percent.encode()
        yield "".join(part.lower() if part.startswith("%") else part for part in _parts(percent)).encode()
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield "".join(
        "\\u" + part[2:].upper() if part.startswith("\\u") else part for part in _parts(escaped, "\\u", 6)
    ).encode()


def _parts(text: str, mark: str = "%", length: int = 3) -> Iterator[str]:
    """The text in single characters, an escape in one piece."""
    at = 0
    while at < len(text):
        step = length if text.startswith(mark, at) else 1
        yield text[at : at + step]
        at += step


def found(canaries: Mapping[str, str], folders: Iterable[Path]) -> list[str]:
    """`name of the canary: file` for every file below `folders` that holds one."""
    wanted = _wanted(canaries)
    hits: list[str] = []
    seen: set[bytes] = set()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes().strip(b"\0")  # files are made long in advance
            digest = hashlib.sha256(content).digest()
            if digest not in seen:  # every database begins as a copy of the same one
                hits += [f"{name}: {file}" for name, form in wanted if form in content]
            seen.add(digest)
    return hits


def told(canaries: Mapping[str, str], answers: Mapping[str, bytes]) -> list[str]:
    """The same of bytes that somebody was answered, by what was asked."""
    wanted = _wanted(canaries)
    return [f"{name}: {asked}" for asked, content in answers.items() for name, form in wanted if form in content]


def _wanted(canaries: Mapping[str, str]) -> list[tuple[str, bytes]]:
    return [(name, form) for name, text in canaries.items() for form in sorted(forms(text))]
