"""PDFs with a statement attached, made as the service makes them: by Typst."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping

import typst
from pypdf import PdfReader, PdfWriter

from tests.browser.sample_statement import SampleStatement

MEDIA_TYPES = {
    "statement.sd-jwt": "application/dc+sd-jwt",
    "statement.event.json": "application/cloudevents+json",
    "statement.tlog-proof": "text/plain",
    "statement.balance-proof": "text/plain",
}


def files_of(statement: SampleStatement) -> dict[str, bytes]:
    """What is attached to its document."""
    files = {
        "statement.sd-jwt": statement.credential.encode(),
        "statement.event.json": statement.event,
        "statement.tlog-proof": statement.tlog_proof,
    }
    return files if statement.balance_proof is None else {**files, "statement.balance-proof": statement.balance_proof}


def pdf_with(files: Mapping[str, bytes]) -> bytes:
    """A document with these attachments."""
    attached = "".join(
        f'#pdf.attach("{name}", bytes({tuple(data)}), mime-type: "{MEDIA_TYPES.get(name, "text/plain")}")\n'
        for name, data in files.items()
    )
    made = typst.compile(f"{attached}A synthetic statement".encode(), format="pdf")
    assert isinstance(made, bytes)
    return made


def saved_by_another_program(pdf: bytes) -> bytes:
    """The same document, written anew by pypdf."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def encrypted(pdf: bytes) -> bytes:
    """The same behind a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.encrypt("a password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_object_stream(files: Mapping[str, bytes]) -> bytes:
    """A document whose file specifications stand in a compressed object stream (ISO 32000-1 section 7.5.7)."""
    parts = [b"%PDF-1.7\n"]
    packed: list[tuple[int, bytes]] = []
    for number, (name, data) in enumerate(files.items()):
        raw, stream = zlib.compress(data), 10 + number
        head = f"{stream} 0 obj\n<</Type /EmbeddedFile /Filter [/FlateDecode] /Length {len(raw)}>>\nstream\r\n"
        parts.append(head.encode() + raw + b"\r\nendstream\nendobj\n")
        wide = ("\ufeff" + name).encode("utf-16-be").hex().upper()
        packed.append((50 + number, f"<</Type /Filespec /UF <{wide}> /EF <</F {stream} 0 R>>>>".encode()))
    body, places = b"", ""
    for number, dictionary in packed:
        places += f"{number} {len(body)} "
        body += dictionary + b" "
    whole = zlib.compress(places.encode() + body)
    head = f"<</Type /ObjStm /N {len(packed)} /First {len(places)} /Filter /FlateDecode /Length {len(whole)}>>"
    parts.append(b"4 0 obj\n" + head.encode() + b"\nstream\n" + whole + b"\nendstream\nendobj\n")
    return b"".join(parts)
