"""Base of small immutable values that are made for every command and live while it is decided.

Made in C: of a page of five hundred commands each makes a dozen of them, and named tuples took a tenth of its time.
"""

from __future__ import annotations

import msgspec


class Passing(msgspec.Struct, frozen=True, gc=False):
    """Nothing in it may ever lead back to it: such a cycle would never be collected."""
