"""Prediction intervals of shares: how often they hold what was seen, how wide they are, and both in one.

    coverage       = mean over interests of 1[l_c <= y_c <= u_c]
    width          = mean over interests of u_c - l_c
    interval score = mean of (u - l) + 2/a (l - y)+ + 2/a (y - u)+,   a = 1 - level

Source: Gneiting & Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 2007, section
6.2. The share of a few events takes few values, so intervals of rare interests cannot but cover more than
the nominal level (most hold "none at all"); `coverage` weighted by the forecast share shows the common ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["interval_coverage", "interval_score", "interval_width"]

Shares = NDArray[np.float64]
ROUNDING = 1e-9


def interval_coverage(lower: Shares, upper: Shares, truth: Shares, weights: Shares | None = None) -> Shares:
    """Return the covered part of the interests of each case, shape (n,), weighted where weights are given.

    Examples
    --------
    >>> interval_coverage(np.array([[0.0, 0.5]]), np.array([[0.2, 1.0]]), np.array([[0.3, 0.7]])).tolist()
    [0.5]
    """
    inside = (truth >= lower - ROUNDING) & (truth <= upper + ROUNDING)
    weights = np.ones_like(truth) if weights is None else weights
    covered: Shares = (inside * weights).sum(axis=1) / weights.sum(axis=1)
    return covered


def interval_width(lower: Shares, upper: Shares) -> Shares:
    """Return the mean width in each case, shape (n,).

    Examples
    --------
    >>> interval_width(np.array([[0.0, 0.5]]), np.array([[0.2, 1.0]])).tolist()
    [0.35]
    """
    width: Shares = (upper - lower).mean(axis=1)
    return width


def interval_score(lower: Shares, upper: Shares, truth: Shares, level: float) -> Shares:
    """Return the mean interval score of each case, shape (n,); smaller is better.

    Examples
    --------
    >>> interval_score(np.array([[0.1]]), np.array([[0.3]]), np.array([[0.4]]), level=0.8).round(3).tolist()
    [1.2]
    """
    penalty = 2.0 / (1.0 - level)
    missed = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    score: Shares = ((upper - lower) + penalty * missed).mean(axis=1)
    return score
