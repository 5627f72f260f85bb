"""A page of a PDF as a reader's eye has it: where each letter stands, and its picture. Read by PDFium, not by Typst.

What a PDF says its text is proves nothing about what is seen, so order is taken from where letters stand on the page,
left to right and line by line, and shapes are taken from the picture.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pypdfium2

SCALE = 4
"""Pixels a point."""
DARK = 128


@dataclass(frozen=True)
class Box:
    """Part of a page in points; y grows upwards, as in PDF."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def height_middle(self) -> float:
        return (self.bottom + self.top) / 2


@dataclass(frozen=True)
class Letter:
    """A character that has ink."""

    character: str
    box: Box

    @property
    def is_arabic(self) -> bool:
        return unicodedata.bidirectional(self.character) == "AL"


@dataclass(frozen=True)
class Word:
    """Letters beside each other, without a gap."""

    letters: tuple[Letter, ...]

    @property
    def box(self) -> Box:
        return around(letter.box for letter in self.letters)

    def reads(self, expected: str) -> bool:
        """Whether these are its letters in their order: from the right where they are Arabic."""
        return self.text == (expected[::-1] if self.letters[0].is_arabic else expected)

    @property
    def text(self) -> str:
        """As it stands, left to right."""
        return "".join(letter.character for letter in self.letters)


@dataclass(frozen=True)
class Picture:
    """Shades of grey, 255 is white."""

    width: int
    height: int
    shades: bytes

    def dark(self, x: int, y: int) -> bool:
        return self.shades[y * self.width + x] < DARK

    def cut(self, left: int, top: int, right: int, bottom: int) -> Picture:
        rows = [self.shades[y * self.width + left : y * self.width + right] for y in range(top, bottom)]
        return Picture(right - left, bottom - top, b"".join(rows))

    def inked(self) -> Picture:
        """Without the white around it."""
        ys = [y for y in range(self.height) if any(self.dark(x, y) for x in range(self.width))]
        xs = [x for x in range(self.width) if any(self.dark(x, y) for y in range(self.height))]
        return self.cut(xs[0], ys[0], xs[-1] + 1, ys[-1] + 1)

    def likeness(self, other: Picture) -> float:
        """How much of the ink of both lies in the same place when their bottom right corners do; 1.0: all."""
        width, height = max(self.width, other.width), max(self.height, other.height)
        mine, others = self._ink(width, height), other._ink(width, height)
        return len(mine & others) / len(mine | others)

    def _ink(self, width: int, height: int) -> set[tuple[int, int]]:
        along, down = width - self.width, height - self.height
        return {(x + along, y + down) for y in range(self.height) for x in range(self.width) if self.dark(x, y)}

    def largest_body(self) -> float:
        """The width of the widest connected piece of ink, as a part of the whole width."""
        left = self._ink(self.width, self.height)
        widest = 0
        while left:
            reached, body = [left.pop()], list[int]()
            while reached:
                x, y = reached.pop()
                body.append(x)
                near = {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} & left
                left -= near
                reached.extend(near)
            widest = max(widest, max(body) - min(body) + 1)
        return widest / self.width


class Page:
    """One page, read once."""

    def __init__(self, pdf: bytes, number: int = 0) -> None:
        """`number` counts from 0, or from the end as -1."""
        document = pypdfium2.PdfDocument(pdf)
        self._page = document[number % len(document)]
        self.width, self.height = self._page.get_size()

    @cached_property
    def text(self) -> str:
        """What the PDF says, compatible forms as letters and without what isolates."""
        said = unicodedata.normalize("NFKC", self._page.get_textpage().get_text_range())
        return " ".join("".join(one for one in said if unicodedata.category(one) != "Cf").split())

    @cached_property
    def letters(self) -> list[Letter]:
        read = self._page.get_textpage()
        # A ligature is one picture and several letters; marks stand above letters, not beside them.
        return [
            Letter(character, Box(*read.get_charbox(index, loose=True)))
            for index in range(read.count_chars())
            for character in unicodedata.normalize("NFKC", read.get_text_range(index, 1))
            if unicodedata.category(character)[0] not in "CZM"
        ]

    @cached_property
    def picture(self) -> Picture:
        bitmap = self._page.render(scale=SCALE, grayscale=True)
        pixels = bytes(bitmap.buffer)
        rows = [pixels[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height)]
        return Picture(bitmap.width, bitmap.height, b"".join(rows))

    def lines(self, part: Box) -> list[list[Word]]:
        """The lines of letters inside a part of the page, from above; their words from left to right."""
        inside = [one for one in self.letters if _within(one.box, part)]
        lines: list[list[Letter]] = []
        for letter in sorted(inside, key=lambda one: -one.box.height_middle):
            if lines and lines[-1][0].box.bottom < letter.box.height_middle:
                lines[-1].append(letter)
            else:
                lines.append([letter])
        return [_words(line) for line in lines]

    def seen(self, part: Box) -> Picture:
        """What is to be seen in a part of the page, without the white around it."""
        left, right = round(part.left * SCALE) - 2, round(part.right * SCALE) + 2
        top, bottom = round((self.height - part.top) * SCALE) - 2, round((self.height - part.bottom) * SCALE) + 2
        return self.picture.cut(left, top, right, bottom).inked()

    def line(self, part: Box, reading: str) -> list[Word]:
        """The line of this part that reads so, its words told from the right; none: there is no such line."""
        expected = reading.split()
        for words in self.lines(part):
            told = words[::-1]
            if len(told) == len(expected) and all(map(Word.reads, told, expected)):
                return told
        return []


def around(boxes: Iterable[Box]) -> Box:
    every = list(boxes)
    return Box(
        min(one.left for one in every),
        min(one.bottom for one in every),
        max(one.right for one in every),
        max(one.top for one in every),
    )


def _within(box: Box, part: Box) -> bool:
    return part.left <= box.middle <= part.right and part.bottom <= box.height_middle <= part.top


def _words(line: list[Letter]) -> list[Word]:
    size = max(one.box.top - one.box.bottom for one in line)
    words: list[list[Letter]] = []
    for letter in sorted(line, key=lambda one: one.box.middle):
        before = words[-1] if words else None
        same_script = before is not None and before[-1].is_arabic == letter.is_arabic
        if before and same_script and letter.box.left - around(one.box for one in before).right < size * 0.1:
            before.append(letter)
        else:
            words.append([letter])
    return [Word(tuple(word)) for word in words]
