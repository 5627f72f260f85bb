"""How often Python looks for cycles in long-running processes that make millions of short-lived values."""

from __future__ import annotations

import gc


def look_for_cycles_less_often(after_objects: int = 20_000) -> None:
    """What stands now stands until the end, and what an event or a command makes dies by itself.

    `after_objects`: how many more than before there are when Python looks; more than one batch of events makes.

    With Python's defaults a sixth of a check-in's processor time went into looking through aggregates kept on purpose.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(after_objects, 20, 100)
