"""Intra-list diversity: the mean distance of two items of a list.

    ILD = 1 / (m (m - 1)) * sum_{i != j} (1 - cos(v_i, v_j)),   m items in the list

Source: Ziegler et al., Improving Recommendation Lists Through Topic Diversification, WWW 2005; Smyth &
McClave 2001. The vectors are category memberships or embeddings. With unit vectors the double sum is
``|sum v|^2 - sum |v|^2``, so the cost is linear in the list's length. An item without a vector (all
zeros) is unlike every other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray, IntArray
from nextinterest.eval.metrics.listwise import sum_over_list
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["intra_list_diversity", "unit_rows"]

_CHUNK_CELLS = 1 << 22  # sums held at once: 32 MB


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Return vectors scaled to length one, float32; rows of zeros stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return unit


def intra_list_diversity(lists: IntArray, vectors: FloatArray) -> Scores:
    """Return the diversity of each list, shape (n,), between 0 and 2; NaN for fewer than two items.

    Parameters
    ----------
    lists
        Catalogue positions, shape (n, k), -1 where there is no item.
    vectors
        One row per item of the catalogue, shape (n_items, d).

    Examples
    --------
    >>> genres = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    >>> intra_list_diversity(np.array([[0, 1], [0, 2]], dtype=np.int32), genres).tolist()
    [0.0, 1.0]
    """
    unit = unit_rows(vectors).astype(np.float64)
    squares: NDArray[np.float64] = np.append(np.einsum("ij,ij->i", unit, unit), 0.0)
    m = (lists >= 0).sum(axis=1).astype(np.float64)
    pairs = m * (m - 1)
    scores = np.full(len(lists), np.nan)
    size = max(1, _CHUNK_CELLS // max(1, unit.shape[1]))
    for start in range(0, len(lists), size):
        part = slice(start, start + size)
        total = sum_over_list(lists[part], unit)
        similar = np.einsum("ij,ij->i", total, total) - squares[lists[part]].sum(axis=1)
        np.divide(pairs[part] - similar, pairs[part], out=scores[part], where=pairs[part] > 0)
    return scores
