"""NDCG of interests ranked by their forecast share; the gain of an interest is the share it got.

    DCG  = sum_r y_(r) / log2(1 + r),   y_(r) the seen share of the interest forecast r-th
    NDCG = DCG / DCG of the ranking by seen share

Source: Jarvelin & Kekalainen, Cumulated Gain-Based Evaluation of IR Techniques, TOIS 2002, with graded gains
and the discount log2(1 + rank). Interests forecast alike keep the order of the catalogue.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["interest_ndcg"]


def interest_ndcg(
    forecast: NDArray[np.float64], truth: NDArray[np.float64], k: int | None = None
) -> NDArray[np.float64]:
    """Return NDCG of each case, shape (n,), over the first `k` ranks (all where None).

    Examples
    --------
    >>> forecast, truth = np.array([[0.7, 0.3], [0.3, 0.7]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> interest_ndcg(forecast, truth).round(4).tolist()
    [1.0, 0.6309]
    """
    width = forecast.shape[1]
    depth = width if k is None else min(k, width)
    discount = np.zeros(width)
    discount[:depth] = 1.0 / np.log2(np.arange(2, depth + 2))
    order = np.argsort(-forecast, axis=1, kind="stable")
    gained = np.take_along_axis(truth, order, axis=1) @ discount
    ideal = -np.sort(-truth, axis=1) @ discount
    score: NDArray[np.float64] = np.divide(gained, ideal, out=np.zeros_like(gained), where=ideal > 0)
    return score
