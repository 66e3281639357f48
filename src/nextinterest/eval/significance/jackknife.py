"""Delete-a-group jackknife: intervals of numbers that belong to all users together.

Coverage, Gini and calibration error are not means over users, and a resample with repeated users would
bias them (it shows fewer distinct items). They are functions of sums that add up over users, so users are
dealt into G groups at random and the number is computed with each group left out:

    se^2 = (G - 1) / G * sum_g (theta_(-g) - mean theta_(-.))^2,    interval theta +- z se

Source: Efron & Tibshirani 1993, chapter 11; Wolter, Introduction to Variance Estimation, 2007, chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from nextinterest.eval.metrics.ranks import Scores

__all__ = ["jackknife_interval"]


def jackknife_interval(
    sums: Scores, statistic: Callable[[Scores], float], level: float = 0.95
) -> tuple[float, float, float]:
    """Return a statistic of summed values with its interval: (value, low, high).

    Parameters
    ----------
    sums
        Sums of each group of users, shape (G, d).
    statistic
        Takes the sum over groups, shape (d,).
    level
        Of the interval.

    Examples
    --------
    >>> groups = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]])
    >>> value, low, high = jackknife_interval(groups, lambda s: float(s[0] / s[1]))
    >>> value, round(low, 3), round(high, 3)
    (1.0, 0.434, 1.566)
    """
    total = sums.sum(axis=0)
    value = statistic(total)
    left_out = np.array([statistic(total - row) for row in sums])
    g = len(sums)
    se = float(np.sqrt((g - 1) / g * ((left_out - left_out.mean()) ** 2).sum()))
    half = float(ndtri((1.0 + level) / 2.0)) * se
    return value, value - half, value + half
