"""Folded aggregates kept between batches: only a head start, for under the lock every batch reads what followed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

_STREAMS_MAX: Final = 20_000


class AggregateCache:
    """The most recently used streams with the version each is folded to."""

    def __init__(self, streams_max: int = _STREAMS_MAX) -> None:
        self._streams_max = streams_max
        self._held: OrderedDict[str, tuple[int, object]] = OrderedDict()

    def get(self, stream: str) -> tuple[int, object | None]:
        """(version, state) to fold on from; (0, None) when nothing is kept."""
        held = self._held.get(stream)
        if held is None:
            return 0, None
        self._held.move_to_end(stream)
        return held

    def keep(self, streams: Mapping[str, tuple[int, object | None]]) -> None:
        """Keep what is durable. Called after a commit or after a plain read, never with what might yet be undone."""
        for stream, (version, state) in streams.items():
            held = self._held.get(stream)
            if state is not None and (held is None or held[0] <= version):
                self._held[stream] = (version, state)
                self._held.move_to_end(stream)
        while len(self._held) > self._streams_max:
            self._held.popitem(last=False)
