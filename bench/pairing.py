"""Measuring in pairs: ours and the reference alternate within the same minutes, because machines drift.

What counts is the median of the pairs' own ratios, never one best run against another.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum

from bench.ground import Ground
from bench.results import Result

Measure = Callable[[], float]
"""Warms up, measures once, and returns units a second (or, for a cost, the cost)."""

PAIRS_MIN = 5


class MeasurementFailed(Exception):
    """A side gave no figure that can be compared."""


class Direction(Enum):
    """Whether a line's ratio has a floor (a rate) or a ceiling (a cost)."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True)
class Sides:
    """The two sides of a line, ready to be measured again and again. A side not yet written is None."""

    reference: Measure
    ours: Measure | None = None


@dataclass(frozen=True)
class Line:
    """One line of the table: a name, a unit, and the ratio ours / reference that it must reach or must not pass."""

    name: str
    unit: str
    floor: float
    sides: Callable[[Ground], AbstractContextManager[Sides]]
    direction: Direction = Direction.AT_LEAST

    def holds(self, ratio: float) -> bool:
        """Whether a ratio is on the right side of the bound."""
        return ratio >= self.floor if self.direction is Direction.AT_LEAST else ratio <= self.floor


def measure_line(line: Line, ground: Ground, pairs: int, said: Callable[[str], None]) -> Result:
    """Take `pairs` pairs; every second one begins with the reference, so that neither side is always the first.

    `said` hears of every figure. Raises MeasurementFailed when a side has no usable figure.
    """
    ours_taken: list[float] = []
    reference_taken: list[float] = []
    with line.sides(ground) as sides:
        if sides.ours is None:
            raise MeasurementFailed(
                f"{line.name}: our own side is not written yet; --references measures the other one"
            )
        turns = [(sides.ours, ours_taken, "ours"), (sides.reference, reference_taken, "reference")]
        for pair in range(pairs):
            for measure, taken, side in turns if pair % 2 == 0 else reversed(turns):
                taken.append(usable(line, side, measure()))
                said(f"{line.name}: {side} {taken[-1]:,.1f} {line.unit}")
    ratio = statistics.median(ours / reference for ours, reference in zip(ours_taken, reference_taken, strict=True))
    return Result(
        name=line.name,
        ours=statistics.median(ours_taken),
        reference=statistics.median(reference_taken),
        unit=line.unit,
        ratio=ratio,
        floor=line.floor,
        holds=line.holds(ratio),
    )


def measure_reference(line: Line, ground: Ground, times: int, said: Callable[[str], None]) -> list[float]:
    """The reference alone, `times` times. Raises MeasurementFailed when it has no usable figure."""
    taken: list[float] = []
    with line.sides(ground) as sides:
        for _ in range(times):
            taken.append(usable(line, "reference", sides.reference()))
            said(f"{line.name}: reference {taken[-1]:,.1f} {line.unit}")
    return taken


def usable(line: Line, side: str, figure: float) -> float:
    """The figure itself; raises MeasurementFailed for zero, less, or no number, which no ratio can be made of."""
    if not 0 < figure < float("inf"):
        raise MeasurementFailed(f"{line.name}: {side} measured {figure} {line.unit}, which can't be compared")
    return figure
