"""Text of a partner's cell: HTML becomes lines of words, and whatever is no text goes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS: Final = ("article", "blockquote", "br", "div", "hr", "p", "pre", "section", "table", "tr")
_LISTS: Final = ("dd", "dl", "dt", "li", "ol", "ul")
_NEW_LINE: Final = frozenset((*_HEADINGS, *_BLOCKS, *_LISTS))
_EMPTY: Final = frozenset(("br", "hr"))
_UNREAD: Final = frozenset(("script", "style", "template", "title", "head"))
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def one_line(text: str, *, html: bool) -> str:
    """A title: one line, single blanks."""
    return " ".join(lines(text, html=html).split())


def lines(text: str, *, html: bool) -> str:
    """A description: lines without blanks around them, at most one empty line between two."""
    plain = _without_tags(text) if html and ("<" in text or "&" in text) else text
    unified = _CONTROL.sub(" ", plain.replace("\r\n", "\n").replace("\r", "\n"))
    stripped = "\n".join(" ".join(line.split()) for line in unified.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


def cut(text: str, length_max: int) -> str:
    """At most so many characters: cut after a word, and the cut is shown."""
    if len(text) <= length_max:
        return text
    kept = text[: length_max - 1]
    word_end = max(kept.rfind(" "), kept.rfind("\n"))
    return kept[: word_end if word_end > length_max // 2 else None].rstrip() + "…"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag in _NEW_LINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _NEW_LINE and tag not in _EMPTY:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)


def _without_tags(text: str) -> str:
    words = _Words()
    words.feed(text)
    words.close()
    return "".join(words.parts)
