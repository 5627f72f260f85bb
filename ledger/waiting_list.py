"""Who waits for a shift, as far as a batch has read it and as its own commands have changed it since."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

_READ_AT_LEAST: Final = 64


class WaitingList:
    """The first ones of a waiting list, in order; more is read when more is asked for."""

    def __init__(self) -> None:
        self._orders: dict[str, int] = {}
        """Registration → its place in the order: rows that were read, and those this batch has added."""
        self._gone: set[str] = set()
        """Those the batch has taken off the list; a row may still show them."""
        self._read_until = 0
        """Every row up to this order was read."""
        self._whole = False

    def first(self, count: int) -> list[str] | None:
        """The first `count` of them, fewer where no more wait; None: more rows must be read to know."""
        until = None if self._whole else self._read_until
        orders = ((order, name) for name, order in self._orders.items() if until is None or order <= until)
        known = nsmallest(count, orders)
        if len(known) < count and not self._whole:
            return None
        return [name for _, name in known]

    def rows_to_read(self, count: int) -> int:
        """How many rows show the first `count`, and more: each command of a batch may take one off."""
        return max(_READ_AT_LEAST, 2 * (count + len(self._gone)))

    def take(self, rows: Iterable[tuple[str, int]], whole: bool) -> None:
        """Take rows from the list's beginning; what the batch itself has changed since is kept."""
        for registration, order in rows:
            if registration not in self._gone:
                self._orders.setdefault(registration, order)
            self._read_until = max(self._read_until, order)
        self._whole = self._whole or whole

    def move(self, registration: str, order: int | None) -> None:
        """The batch put a registration at the end of the list, or took it off (None)."""
        if order is None:
            self._orders.pop(registration, None)
            self._gone.add(registration)
        else:
            self._gone.discard(registration)
            self._orders[registration] = order
