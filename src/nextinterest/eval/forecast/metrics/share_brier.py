"""Brier score of forecast shares: squared error summed over interests.

    Brier = sum_c (p_c - y_c)^2

Source: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 1950, with
the shares of the next n events in place of one outcome. 0 is perfect, 2 the worst.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["share_brier"]


def share_brier(forecast: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the score of each case, shape (n,), from shares of shape (n, n_interests).

    Examples
    --------
    >>> share_brier(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).tolist()
    [0.5]
    """
    score: NDArray[np.float64] = ((forecast - truth) ** 2).sum(axis=1)
    return score
