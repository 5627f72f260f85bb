"""How far one number lies from many others, where some of these are wrong themselves.

z = (x - median) / (1.4826 × MAD), the modified z score of B. Iglewicz and D. Hoaglin, How to Detect and Handle
Outliers (1993); 1.4826 makes the median absolute deviation that of a normal distribution. In whole thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

_NORMAL: Final = 1.4826


def robust_z_per_mille(value: float, others: Sequence[float], spread_min: float) -> int:
    """The distance of `value` from the median of `others`, in thousandths of their spread.

    `spread_min`: where nearly all are equal, a small difference must not look large.
    """
    middle = median(others)
    spread = max(_NORMAL * median(abs(one - middle) for one in others), spread_min)
    return round(1000 * (value - middle) / spread)
