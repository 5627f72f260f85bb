"""Files that are something else, broken or hostile: each refused with what it is and what to do."""

from __future__ import annotations

import struct
import warnings
import zipfile
from pathlib import Path
from typing import Final

from tests.sheets.csv_cases import PLAIN
from tests.sheets.making import HEADER, archive, data, inline, raw, rows
from tests.sheets.reading import Case, Maker, Says

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SMALL: Final = HEADER + f"<row>{inline('1', 'a')}</row>"
LAUGHS: Final = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE: Final = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def refused(name: str, make: Maker, what: str, right: str, line: int = 0) -> Case:
    """A file of which nothing is read."""
    return Case(name, make, PLAIN, refused=Says(line, "", what, right))


def sheet(xml: str = SMALL, **more: str) -> Maker:
    """A workbook by hand."""
    return archive(raw(xml, **more))


def with_entry(name: str) -> Maker:
    """One more part."""
    return archive(raw(SMALL) | {name: "x"})


def twice(folder: Path) -> Path:
    """Two sheets of one name: programs disagree on which counts."""
    file = sheet()(folder)
    part = "xl/worksheets/sheet1.xml"
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "a") as packed:
        packed.writestr(part, raw(SMALL)[part])
    return file


def cut(folder: Path) -> Path:
    """Half of a file."""
    file = rows(("id", "volunteer"), ("1", "a"))(folder)
    file.write_bytes(file.read_bytes()[:-200])
    return file


def broken_inside(folder: Path) -> Path:
    """Packed bytes that are no longer what they were."""
    file = sheet(SMALL + "<row><c><v>1</v></c></row>" * 500)(folder)
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as packed:
        at = packed.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[at + 80 : at + 90] = bytes(10)
    file.write_bytes(bytes(content))
    return file


def saying_less(folder: Path) -> Path:
    """A part that says it unpacks to 100 bytes, and has more."""
    file = sheet()(folder)
    content = file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        size = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    file.write_bytes(content.replace(struct.pack("<L", size), struct.pack("<L", 100)))
    return file


def bomb(part: str, megabytes: int) -> Maker:
    """A part that unpacks to a lot."""

    def make(folder: Path) -> Path:
        parts = raw(SMALL, shared="<si><t>a</t></si>", styles="<cellXfs/>")
        file = folder / "file.xlsx"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for name, content in parts.items():
                if name != part:
                    packed.writestr(name, content)
            with packed.open(part, "w", force_zip64=True) as opened:
                for _ in range(megabytes):
                    opened.write(b" " * (1 << 20))
        return file

    return make


def ods(folder: Path) -> Path:
    """As LibreOffice writes it: its type first, not packed."""
    with zipfile.ZipFile(folder / "file.xlsx", "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", "<x/>")
    return folder / "file.xlsx"


FOREIGN_CASES: Final = (
    refused("a-pdf", data(b"%PDF-1.7\n", name="file.xlsx"), "a PDF document", "spreadsheet that it was made from"),
    refused("a-web-page", data("\n<HTML><table><tr><td>id", name="file.xls"), "a web page (HTML)", "save it as XLSX"),
    refused("an-xml", data("<?xml version='1.0'?><rows/>"), "the file is XML", "save it as XLSX"),
    refused(
        "an-xml-spreadsheet",
        data('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', name="file.xls"),
        "an XML spreadsheet of 2003",
        "save it as XLSX",
    ),
    refused("an-old-xls", data(OLE + bytes(600), name="file.xls"), "Excel 97 to 2003 (.xls)", "save it as XLSX"),
    refused(
        "a-password",
        data(OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), name="file.xlsx"),
        "protected by a password",
        "without one",
    ),
    refused("an-ods", ods, "OpenDocument", "save it as XLSX"),
    refused("an-xlsb", with_entry("xl/workbook.bin"), "binary workbook", "save it as XLSX"),
    refused("a-numbers-file", archive({"Index/Document.iwa": "x"}), "Numbers", "export it"),
    refused("a-word-file", archive({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "Word", "ask for"),
    refused("an-archive", archive({"hours.csv": "id\n1\n"}), "an archive (ZIP)", "unpack it"),
    refused("a-gzip", data(b"\x1f\x8b\x08rest"), "gzip", "unpack it"),
    refused("a-picture", data(b"\x89PNG\r\n\x1a\n"), "a picture", "spreadsheet that it shows"),
    refused("utf-16-without-mark", data("id,volunteer\n1,a\n", "utf-16-le"), "UTF-16 without its mark", "UTF-8"),
    refused("half-a-file", cut, "damaged XLSX", "save it as XLSX"),
    refused("bytes-that-changed", broken_inside, "damaged", "save it again"),
    refused("a-part-longer-than-it-says", saying_less, "damaged", "save it again"),
    refused("xml-that-ends-early", archive(raw(SMALL) | {"xl/workbook.xml": "<workbook"}), "damaged", "save it again"),
    refused("no-workbook", archive({"[Content_Types].xml": "<x/>"}), "damaged: it has no", "save it again"),
    refused("no-sheet", archive({k: v for k, v in raw(SMALL).items() if "sheet1" not in k}), "has no xl/work", "save"),
    refused("a-text-that-is-not-there", sheet(HEADER + '<row><c t="s"><v>7</v></c></row>'), "no text '7'", "save"),
    refused("rows-in-another-order", sheet('<row r="2"/><row r="2"/>'), "row 2 after 2", "save it again"),
    refused("cells-in-another-order", sheet('<row><c r="B1"/><c r="A1"/></row>'), "another order", "save", 1),
    refused("billion-laughs", sheet(before=LAUGHS), "a document type or an entity", "save it again"),
    refused("a-document-type", sheet(before="<!DOCTYPE worksheet>"), "a document type or an entity", "save it again"),
    refused("something-outside", sheet(before=OUTSIDE), "a document type or an entity", "save it again"),
    refused("a-bomb-of-texts", bomb("xl/sharedStrings.xml", 300), "unpacks to 300 MB", "as CSV"),
    refused("a-bomb-of-styles", bomb("xl/styles.xml", 20), "unpacks to 20 MB", "as CSV"),
    refused("a-part-of-nothing", bomb("xl/sharedStrings.xml", 3), "no spreadsheet program writes", "save it again"),
    refused(
        "one-endless-element", sheet(f"<row {' ' * (3 << 20)}/>"), "no spreadsheet program writes", "save it again"
    ),
    refused(
        "names-without-end",
        sheet("".join(f"<row><a{number}/></row>" for number in range(11_000))),
        "elements that no spreadsheet program writes",
        "save it again",
    ),
    refused("two-parts-of-one-name", twice, "two parts of one name", "save it again"),
    refused("a-name-that-leads-out", with_entry("../../etc/cron.d/x"), "leads out of it", "save it again"),
    refused("an-absolute-name", with_entry("/etc/x"), "leads out of it", "save it again"),
    refused("elements-in-elements", sheet("<row>" + "<a>" * 200), "no spreadsheet program writes", "save it again"),
    refused("a-cell-nowhere", sheet('<row><c r="1A"/></row>'), "a cell '1A'", "save it again", 1),
    refused(
        "merges-over-merges",
        sheet(after="<mergeCells>" + '<mergeCell ref="A1:B9"/>' * 501 + "</mergeCells>"),
        "merged ranges that overlap",
        "fill in each",
        1,
    ),
    refused(
        "merges-without-end",
        sheet(after="<mergeCells>" + '<mergeCell ref="A5:B6"/>' * 10_001 + "</mergeCells>"),
        "more than 10,000 merged ranges",
        "fill in each",
    ),
)
