"""What the per-list metrics share: the mean of an item property over the places of each list.

Lists are catalogue positions, shape (n, k), with -1 in places that hold no item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["mean_over_list"]


def mean_over_list(lists: IntArray, item_values: NDArray[np.float64]) -> Scores:
    """Return the mean of the listed items' values, shape (n,); NaN for an empty list.

    Examples
    --------
    >>> mean_over_list(np.array([[0, 1], [1, -1], [-1, -1]], dtype=np.int32), np.array([1.0, 3.0])).tolist()
    [2.0, 3.0, nan]
    """
    padded = np.append(item_values, 0.0)  # position -1 reads the zero at the end
    sums = padded[lists].sum(axis=1)
    counts = (lists >= 0).sum(axis=1)
    means: Scores = np.divide(sums, counts, out=np.full(len(lists), np.nan), where=counts > 0)
    return means
