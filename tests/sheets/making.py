"""Makes difficult files; everything in them is synthetic."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from tests.sheets.reading import Maker

NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def data(content: bytes | str, encoding: str = "utf-8", name: str = "file.csv") -> Maker:
    """A file of just these bytes."""

    def make(folder: Path) -> Path:
        file = folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return file

    return make


def archive(parts: Mapping[str, bytes | str], name: str = "file.xlsx") -> Maker:
    """A ZIP of just these parts."""

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as packed:
            for part, content in parts.items():
                packed.writestr(part, content)
        return folder / name

    return make


def written(build: Callable[[Any, Any], object], **options: bool) -> Maker:
    """A workbook of one sheet by XlsxWriter: `build` has the workbook and the sheet."""

    def make(folder: Path) -> Path:
        with xlsxwriter.Workbook(folder / "file.xlsx", options) as book:
            build(book, book.add_worksheet("Data"))
        return folder / "file.xlsx"

    return make


def rows(*lines: tuple[object, ...]) -> Maker:
    """A workbook of these cells."""

    def build(book: Any, sheet: Any) -> None:
        for number, cells in enumerate(lines):
            sheet.write_row(number, 0, cells)

    return written(build)


def raw(
    sheet_data: str,
    *,
    shared: str = "",
    styles: str = "",
    after: str = "",
    prefix: str = "",
    before: str = "",
) -> dict[str, str]:
    """The parts of a small workbook whose sheet is this XML."""
    p = f"{prefix}:" if prefix else ""
    namespace = f'xmlns:{prefix}="{NAMESPACE}"' if prefix else f'xmlns="{NAMESPACE}"'
    parts = {
        "[Content_Types].xml": f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relations(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{XML}<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            *([("rId2", "sharedStrings", "sharedStrings.xml")] if shared else []),
            *([("rId3", "styles", "styles.xml")] if styles else []),
        ),
        "xl/worksheets/sheet1.xml": f"{XML}{before}<{p}worksheet {namespace}>"
        f"<{p}sheetData>{sheet_data}</{p}sheetData>{after}</{p}worksheet>",
    }
    if shared:
        parts["xl/sharedStrings.xml"] = f'{XML}<sst xmlns="{NAMESPACE}">{shared}</sst>'
    if styles:
        parts["xl/styles.xml"] = f'{XML}<styleSheet xmlns="{NAMESPACE}">{styles}</styleSheet>'
    return parts


def inline(*cells: str) -> str:
    """Cells with texts in them, in the next columns."""
    return "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>' for cell in cells)


HEADER: Final = f"<row>{inline('id', 'volunteer', 'duration')}</row>"


def _relations(*known: tuple[str, str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>' for name, kind, target in known
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}">{inside}</Relationships>'
