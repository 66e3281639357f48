"""Gini index of exposure: 0 where all items are shown equally often, towards 1 where one takes all.

    G = sum_{j = 1 .. n} (2 j - n - 1) x_(j) / (n * sum x),   x_(j) the j-th smallest exposure

Source: Gini 1912, in the form of Shani & Gunawardana, Evaluating Recommendation Systems, Recommender
Systems Handbook 2011, section 8.3.8, over the whole catalogue (items never shown count as zero).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["gini"]


def gini(exposures: ArrayLike) -> float:
    """Return the Gini index from the exposure of every item, shape (n_items,); NaN where nothing is shown.

    Examples
    --------
    >>> gini([3, 3, 3]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    x = np.sort(np.asarray(exposures, dtype=np.float64))
    n, total = len(x), x.sum()
    if not total:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total))
