"""`python -m tests.documents.pictures`: the pictures of documents in docs/pictures, made anew."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pypdfium2

from ledger.documents.statement_pdf import render_statement
from tests.documents import samples

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SCALE = 1.4
"""Pixels a point: to be read on a screen, below 200 kB."""
ENTRIES = 40


def png_of(pdf: bytes, number: int) -> bytes:
    """A page as PNG (ISO/IEC 15948), eight bits a colour, rows unfiltered."""
    bitmap = pypdfium2.PdfDocument(pdf)[number].render(scale=SCALE, rev_byteorder=True)
    pixels = bytes(bitmap.buffer)
    rows = (pixels[y * bitmap.stride : y * bitmap.stride + 3 * bitmap.width] for y in range(bitmap.height))
    size = struct.pack(">IIBBBBB", bitmap.width, bitmap.height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def main() -> None:
    """Write them all."""
    statement = render_statement(
        samples.claims(), samples.disclosed(), samples.DIGEST, samples.SHARE_URI, samples.ATTACHMENTS
    )
    claims, disclosed = samples.transcript(ENTRIES)
    transcript = render_statement(claims, disclosed, samples.DIGEST, None, samples.ATTACHMENTS)
    FOLDER.mkdir(exist_ok=True)
    for name, pdf, number in (("1", statement, 0), ("2", statement, 1), ("transcript", transcript, 1)):
        (FOLDER / f"statement-{name}.png").write_bytes(png_of(pdf, number))


if __name__ == "__main__":
    main()
