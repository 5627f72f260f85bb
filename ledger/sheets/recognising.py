"""What a file is, by its bytes: names lie, and exports are often called what they are not."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.sheets.rows import FileUnreadable

_LOOKED_AT_BYTES: Final = 4096
_SAVE: Final = "open it in a spreadsheet program and save it as XLSX or as CSV in UTF-8"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_LOOKED_AT_BYTES: Final = 1 << 20
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OTHERS: Final[Sequence[tuple[bytes, str, str]]] = (
    (b"%PDF", "a PDF document", "ask for the spreadsheet that it was made from"),
    (b"{\\rtf", "a document of rich text", "ask for the spreadsheet that it was made from"),
    (b"\x1f\x8b", "a file packed by gzip", "unpack it first"),
    (b"7z\xbc\xaf", "an archive (7z)", "unpack it first"),
    (b"Rar!", "an archive (RAR)", "unpack it first"),
    (b"\x89PNG", "a picture", "ask for the spreadsheet that it shows"),
    (b"\xff\xd8\xff", "a picture", "ask for the spreadsheet that it shows"),
    (b"GIF8", "a picture", "ask for the spreadsheet that it shows"),
    (b"SQLite format 3", "a database (SQLite)", "export its table as CSV in UTF-8"),
    (b"PAR1", "a Parquet file", "export its table as CSV in UTF-8"),
)
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_HTML: Final = re.compile(rb"<(!doctype\s+html|html|head|body|table|meta|div|script|style)\b", re.IGNORECASE)
_XML_2003: Final = (b"urn:schemas-microsoft-com:office:spreadsheet", b'progid="Excel.Sheet"')


def is_workbook(path: Path) -> bool:
    """Whether it is an XLSX; False: a text. Raises FileUnreadable naming anything else, OSError."""
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT_BYTES)
        if head.startswith(_OLE):
            raise _ole(head + file.read(_OLE_LOOKED_AT_BYTES))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_archive(path)
        return True
    for magic, what, right in _OTHERS:
        if head.startswith(magic):
            raise FileUnreadable(f"the file is {what}", right)
    _check_text(head)
    return False


def _ole(head: bytes) -> FileUnreadable:
    if _ENCRYPTED in head:
        return FileUnreadable("the file is protected by a password", "save it again without one")
    return FileUnreadable("the file is of Excel 97 to 2003 (.xls), or another old Office document", _SAVE)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if _is_small(archive, "mimetype") else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise FileUnreadable(f"a damaged XLSX, or another archive: {error}", _SAVE) from error
    if "xl/workbook.bin" in names:
        raise FileUnreadable("the file is a binary workbook (.xlsb)", _SAVE)
    if kind.startswith(_ODS):
        raise FileUnreadable("the file is an OpenDocument spreadsheet (.ods)", _SAVE)
    if "Index/Document.iwa" in names:
        raise FileUnreadable("the file is of Numbers", "export it as XLSX or as CSV in UTF-8")
    if "[Content_Types].xml" not in names:
        raise FileUnreadable("the file is an archive (ZIP)", "unpack it first")
    if any(name.startswith("word/") for name in names):
        raise FileUnreadable("the file is a Word document", "ask for the spreadsheet")


def _is_small(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        return archive.getinfo(name).file_size <= _LOOKED_AT_BYTES
    except KeyError:
        return False


def _check_text(head: bytes) -> None:
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begins.startswith(b"<"):
        if any(sign in head for sign in _XML_2003):
            raise FileUnreadable("the file is an XML spreadsheet of 2003", _SAVE)
        what = "a web page (HTML)" if _HTML.match(begins) or b"<html" in head.lower() else "XML"
        raise FileUnreadable(f"the file is {what}, whatever it is called", _SAVE)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    zeros = head.count(0)
    if zeros and zeros * 3 > len(head) and zeros < len(head):
        raise FileUnreadable("the file looks like UTF-16 without its mark", "save it as CSV in UTF-8")
