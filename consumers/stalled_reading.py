"""Notices a client that reads nothing though there is something: no error says so, and only a new process cures it.

Kafka's clients repair themselves after nearly every fault of a broker or of the network. Where one does not, it waits
for ever and looks like a reader of a quiet topic; hours would stand still until somebody wonders.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from consumers.record_source import SESSION_MS

JOIN_SECONDS_MAX: Final = 5 * SESSION_MS / 1000
"""A member that was killed holds up the others for one session, a broker's start for about another."""
QUIET_SECONDS: Final = 10.0
"""So long nothing came before the broker is asked whether there is something; then again after as long."""


class ReadingStalled(Exception):
    """The client has lost its group or its place: the process ends, and a new one goes on from the database."""


class StallWatch:
    """Told of every poll; raises when two looks in a row find records that do not come."""

    def __init__(self, ends: Callable[[], Mapping[int, int]]) -> None:
        """`ends`: asks the broker for the end of each partition that is ours; empty if it did not answer."""
        self._ends = ends
        self._joining_since: float | None = None
        self._quiet_since = time.monotonic()
        self._seen: Mapping[int, int] | None = None
        """Where we were at the last look, if it found records that had not come."""

    def joining(self) -> None:
        """The group has been asked for partitions."""
        self._joining_since = time.monotonic()

    def joined(self) -> None:
        """The group has answered, be it that there is nothing for us."""
        self._joining_since = None
        self.read()

    def read(self) -> None:
        """Something came."""
        self._quiet_since, self._seen = time.monotonic(), None

    def nothing_came(self, next_offsets: Mapping[int, int]) -> None:
        """A poll was empty; `next_offsets` says where each partition that is ours goes on. Raises ReadingStalled."""
        now = time.monotonic()
        if self._joining_since is not None and now - self._joining_since > JOIN_SECONDS_MAX:
            raise ReadingStalled(f"the group has given nothing for {now - self._joining_since:.0f} s")
        if now - self._quiet_since < QUIET_SECONDS:
            return
        ends = self._ends()
        unread = {number: offset for number, offset in next_offsets.items() if offset < ends.get(number, 0)}
        if unread and self._seen == dict(next_offsets):
            raise ReadingStalled(
                f"records from {unread} (partition: offset) on are there, up to {ends}, and do not come"
            )
        self._quiet_since = time.monotonic()
        self._seen = dict(next_offsets) if unread else None
