"""Reads a QR code's modules back from the picture of a page, as a camera would find them: by the three squares."""

from __future__ import annotations

import itertools
from collections import Counter

from tests.documents.pages import Picture

Run = tuple[int, int]
"""First pixel and length, of one colour."""
MODULE_PIXELS_MIN = 5
"""Less is a letter, or no camera's business."""


def modules_of(picture: Picture, count: int) -> list[list[bool]]:
    """The modules, row by row, of a code of `count` x `count`; True is dark. Fails when there is no code."""
    left, top, right, bottom = _frame(picture)
    wide, high = (right - left) / count, (bottom - top) / count
    return [
        [picture.dark(int(left + (x + 0.5) * wide), int(top + (y + 0.5) * high)) for x in range(count)]
        for y in range(count)
    ]


def quiet_modules(picture: Picture, count: int) -> int:
    """How many modules around the code are white on every side."""
    left, top, right, bottom = _frame(picture)
    module = (right - left) / count
    for quiet in range(1, 10):
        edge = round(quiet * module) - 1
        xs, ys = range(left - edge, right + edge), range(top - edge, bottom + edge)
        ring = itertools.chain(
            ((x, y) for x in xs for y in (top - edge, bottom + edge - 1)),
            ((x, y) for y in ys for x in (left - edge, right + edge - 1)),
        )
        # The picture's own white, not the tint around it.
        if any(picture.shades[y * picture.width + x] < 250 for x, y in ring):
            return quiet - 1
    return 9


def _frame(picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the code, from rows that cross two of its squares' middles."""
    crossed = [set(itertools.combinations(_squares(_runs(picture, y)), 2)) for y in range(picture.height)]
    # Letters and data may look like a square in one row; the two upper squares do in all rows of three modules.
    counted = Counter(pair for pairs in crossed for pair in pairs if abs(pair[0][1] - pair[1][1]) <= 2)
    (first, second), rows = max(counted.items(), key=lambda one: one[1], default=(((0, 0), (0, 0)), 0))
    assert rows >= 2 * MODULE_PIXELS_MIN, "there is no QR code on the page"
    middle_y = next(y for y, pairs in enumerate(crossed) if (first, second) in pairs)
    left, right = first[0], second[0] + second[1]
    size = right - left
    top = middle_y
    while any(picture.dark(x, top - 1) for x in range(left, left + first[1])):
        top -= 1
    return left, top, right, top + size


def _runs(picture: Picture, y: int) -> list[Run]:
    runs, at = list[Run](), 0
    for _, group in itertools.groupby(picture.dark(x, y) for x in range(picture.width)):
        length = len(list(group))
        runs.append((at, length))
        at += length
    return runs


def _squares(runs: list[Run]) -> list[Run]:
    """Where 1 dark, 1 light, 3 dark, 1 light, 1 dark lie beside each other."""
    found = []
    for index in range(1, len(runs) - 4, 2):  # the first run is the page's white
        five = [length for _, length in runs[index : index + 5]]
        module = sum(five) / 7
        if module >= MODULE_PIXELS_MIN and all(
            abs(length - wanted * module) < module / 2 for length, wanted in zip(five, (1, 1, 3, 1, 1), strict=True)
        ):
            found.append((runs[index][0], sum(five)))
    return found
