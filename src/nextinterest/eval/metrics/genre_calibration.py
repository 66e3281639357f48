"""Genre calibration: how far a list departs from the proportions of what the user used before.

    KL(p || q~) = sum_g p(g) log2( p(g) / q~(g) ),   q~ = (1 - alpha) q + alpha p

p is the share of each category in the history, q in the list; 0 is a list in perfect proportion.

Source: Steck, Calibrated Recommendations, RecSys 2018, equations 2 to 6 (alpha 0.01, all items weighted
alike). Items of several categories count for each in equal parts.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from nextinterest.domain import FloatArray, IntArray
from nextinterest.eval.metrics.listwise import sum_over_list
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["genre_calibration"]

_CHUNK_CELLS = 1 << 22  # sums held at once: 32 MB


def genre_calibration(
    lists: IntArray, profiles: FloatArray | csr_array, categories: FloatArray, alpha: float = 0.01
) -> Scores:
    """Return the divergence of each list from its user's profile in bits, shape (n,).

    Parameters
    ----------
    lists
        Catalogue positions, shape (n, k), -1 where there is no item.
    profiles
        Category shares of each history, shape (n, n_categories), rows summing to one, dense or sparse.
    categories
        `Catalog.category_matrix`, shape (n_items, n_categories), rows summing to one.
    alpha
        Weight of the profile in the smoothed list distribution.

    NaN for an empty list, a list without categories, or a history without categories.

    Examples
    --------
    >>> categories = np.array([[1, 0], [0, 1]], dtype=np.float32)
    >>> profiles = np.array([[0.5, 0.5], [1.0, 0.0]], dtype=np.float32)
    >>> genre_calibration(np.array([[0, 1], [1, 1]], dtype=np.int32), profiles, categories).round(3).tolist()
    [0.0, 6.644]
    """
    shares = categories.astype(np.float64)
    scores = np.full(len(lists), np.nan)
    size = max(1, _CHUNK_CELLS // max(1, shares.shape[1]))
    for start in range(0, len(lists), size):
        part = slice(start, start + size)
        block = profiles[part]
        p = np.asarray(block.toarray() if isinstance(block, csr_array) else block, dtype=np.float64)
        q = sum_over_list(lists[part], shares)
        total, known = q.sum(axis=1), p.sum(axis=1) > 0
        # Only categories of the history add to the divergence.
        row, column = np.nonzero(p)
        wanted = p[row, column]
        given = q[row, column] / np.maximum(total[row], 1e-300)
        terms = wanted * np.log2(wanted / ((1.0 - alpha) * given + alpha * wanted))
        divergence = np.bincount(row, weights=terms, minlength=len(p))
        scores[part] = np.where(known & (total > 0), np.maximum(divergence, 0.0), np.nan)
    return scores
