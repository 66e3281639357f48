"""What the per-list metrics share: sums and means of item properties over the positions of each list.

Lists are catalogue positions, shape (n, k), with -1 where there is no item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.domain import IntArray
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["mean_over_list", "sum_over_list"]


def sum_over_list(lists: IntArray, item_rows: NDArray[np.float64]) -> Scores:
    """Return the sum of the listed items' rows, shape (n, d), as one sparse product.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [3.0, 1.0]])
    >>> sum_over_list(np.array([[0, 1], [1, -1]], dtype=np.int32), rows).tolist()
    [[4.0, 1.0], [3.0, 1.0]]
    """
    n, k = lists.shape
    empty = len(item_rows)  # a row of zeros behind the last item, for positions without one
    padded = np.vstack([item_rows, np.zeros((1, item_rows.shape[1]))])
    columns = np.where(lists < 0, empty, lists).astype(np.int32).ravel()
    positions = np.arange(0, n * k + 1, k, dtype=np.int32 if n * k < 2**31 else np.int64)
    shown = csr_array((np.ones(n * k), columns, positions), shape=(n, empty + 1))
    return np.asarray(shown @ padded)


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
