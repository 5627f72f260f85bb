"""A chart of whole numbers over time for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Point:
    """What was true from a moment on, until the next point."""

    when: datetime
    value: int


def chart(points: Sequence[Point], columns: int = 66, rows: int = 10) -> str:
    """Columns that rise from zero; each shows the last value known by its end. Points ascend in time."""
    if not points:
        return "(nothing recorded)"
    heights = [_value_at(points, column, columns) for column in range(columns)]
    top = max(max(heights), 1)
    lines = []
    for row in reversed(range(rows)):
        label = f"{round(top * (row + 1) / rows):>8,} ┤" if row in (rows - 1, rows // 2 - 1) else f"{'':>8} │"
        lines.append(label + "".join(_cell(height * rows * 8 // top - row * 8) for height in heights).rstrip())
    lines.append(f"{0:>8} └{'─' * columns}")
    first, last = points[0].when.date().isoformat(), points[-1].when.date().isoformat()
    lines.append(f"{'':>9} {first}{last:>{columns - len(first)}}")
    return "\n".join(lines)


def _value_at(points: Sequence[Point], column: int, columns: int) -> int:
    start, end = points[0].when, points[-1].when
    moment = start + (end - start) * (column + 1) / columns
    return [point.value for point in points if point.when <= moment][-1]


def _cell(eighths: int) -> str:
    return _EIGHTHS[max(0, min(8, eighths))]
