"""The fonts of documents, loaded once a process: Amiri for Arabic from the system, the others come with Typst."""

from __future__ import annotations

from functools import cache
from typing import Final

import typst

ARABIC: Final = "Amiri"


class FontsMissing(RuntimeError):
    """The font for Arabic is not installed: no document can be made."""

    def __init__(self) -> None:
        super().__init__(
            f"documents need the font {ARABIC}; install it (Debian and Ubuntu: apt-get install fonts-hosny-amiri), "
            "then start again"
        )


@cache
def document_fonts() -> typst.Fonts:
    """All that there are. Raises FontsMissing."""
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)
    if ARABIC not in fonts.families():
        raise FontsMissing
    return fonts
