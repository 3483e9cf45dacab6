"""The little arithmetic of measuring."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle value; of an even number the mean of the middle two. Raises StatisticsError when there is none."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> float:
    """How far runs lie apart: largest less smallest, as a part of the median; 0 for a single run."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least so large a part (0 to 1) of all values does not exceed: the nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)]


def rounded(value: float) -> float:
    """Four figures that mean something: more would only look exact."""
    if not value or not math.isfinite(value):
        return value
    return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))
