"""How questions about age learn a birth date: somebody else opens the seals, for this one answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import TypeAlias

BirthDates: TypeAlias = Callable[[Sequence[str], Mapping[int, int]], Awaitable[Mapping[str, date | None]]]
"""Opens the birth dates of volunteers as they were known at these positions; None where none is known."""
