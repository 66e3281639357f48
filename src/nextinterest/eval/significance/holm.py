"""Holm's correction of p-values for the number of comparisons made.

Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics
1979. It holds the chance of any false discovery at alpha, whatever the dependence between the tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import Scores

__all__ = ["holm"]


def holm(p_values: ArrayLike) -> Scores:
    """Return adjusted p-values in the order given, shape (n,).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
