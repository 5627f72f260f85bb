"""Single lines set by Typst with nothing around them: what a line of a document must look like, and must not."""

from __future__ import annotations

import msgspec
import typst

from ledger.documents.fonts import document_fonts
from tests.documents.pages import Box, Page, Picture

_LINE = b"""
#set page(width: 210mm, height: 40mm, margin: 10mm)
#let told = json(bytes(sys.inputs.told))
#set text(font: told.fonts, size: told.size * 1pt, lang: told.lang, weight: told.weight)
#told.line
"""


def line(text: str, language: str, size: float, fonts: tuple[str, ...] = ("Amiri",), weight: str = "regular") -> Page:
    """A page with this line alone. `size` in points."""
    told = {"line": text, "lang": language, "size": size, "fonts": fonts, "weight": weight}
    inputs = {"told": msgspec.json.encode(told).decode()}
    made = typst.Compiler(_LINE, font_paths=document_fonts(), sys_inputs=inputs).compile(format="pdf")
    assert isinstance(made, bytes)
    return Page(made)


def picture_of(page: Page) -> Picture:
    """All that is to be seen on such a page."""
    return page.seen(Box(5, 5, page.width - 5, page.height - 5))
