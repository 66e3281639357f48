"""Ranks of items by scores, with one rule for equal scores.

Where a list is made, equal scores go by catalogue position, so that the same scores always give the same
list. Where it is measured how high a target ranks, they go by an order that is drawn once and equal for all
methods: catalogue order favours nobody, and a method that scores all items alike gets the rank of a random
guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray

__all__ = ["log_totals", "target_ranks", "tie_order", "top_k"]


def tie_order(n_items: int, seed: int = 0) -> IntArray:
    """Return where each item stands among its equals, a permutation, int32, shape (n_items,)."""
    return np.random.default_rng(seed).permutation(n_items).astype(np.int32)


def target_ranks(
    scores: NDArray[np.floating], columns: NDArray[np.integer], ties: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return the rank from 1 of one column of each row, int64, shape (n,).

    Parameters
    ----------
    scores
        Shape (n, m); larger is better.
    columns
        The column that holds the target, shape (n,).
    ties
        `tie_order` of the items of the columns, shape (m,) or (n, m).

    Examples
    --------
    >>> target_ranks(np.array([[0.5, 0.9, 0.5]]), np.array([0]), np.array([2, 0, 1])).tolist()
    [3]
    """
    ties = np.broadcast_to(ties, scores.shape)
    own = np.take_along_axis(scores, columns[:, None], axis=1)
    own_tie = np.take_along_axis(ties, columns[:, None], axis=1)
    ahead = (scores > own) | ((scores == own) & (ties < own_tie))
    return np.asarray(1 + ahead.sum(axis=1))


def top_k(scores: NDArray[np.floating], k: int) -> IntArray:
    """Return the positions of the `k` largest scores of each row, best first; ties by lower position.

    Positions of minus infinity are given as -1, and -1 fills the end where a row has fewer than `k` items.

    Examples
    --------
    >>> top_k(np.array([[0.1, 0.5, 0.5, -np.inf]], dtype=np.float32), 4).tolist()
    [[1, 2, 0, -1]]
    """
    n, n_items = scores.shape
    width = min(k, n_items)
    if width < 1:
        return np.full((n, k), -1, dtype=np.int32)
    chosen = np.argpartition(-scores, width - 1, axis=1)[:, :width] if width < n_items else None
    if chosen is None:
        best = np.argsort(-scores, axis=1, kind="stable")
    else:
        chosen.sort(axis=1)  # by position, so that the stable sort below breaks ties by position
        values = np.take_along_axis(scores, chosen, axis=1)
        best = np.take_along_axis(chosen, np.argsort(-values, axis=1, kind="stable"), axis=1)
        # argpartition picks freely among items tied at the border; such rows are sorted whole.
        border = values.min(axis=1, keepdims=True)
        tied = np.flatnonzero((scores >= border).sum(axis=1) > width)
        best[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :width]
    ranked = np.full((n, k), -1, dtype=np.int32)
    ranked[:, :width] = np.where(np.isneginf(np.take_along_axis(scores, best, axis=1)), -1, best)
    return ranked


def log_totals(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the sum of exp over each row, shape (n, 1), several times as fast as `np.logaddexp`.

    A row without a finite entry has 0: there is nothing to normalise.

    Examples
    --------
    >>> log_totals(np.log(np.array([[1.0, 3.0], [2.0, 2.0]]))).round(6).tolist()
    [[1.386294], [1.386294]]
    """
    top = logs.max(axis=1, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(logs - top).sum(axis=1, keepdims=True)
    return np.asarray(np.log(np.where(total > 0, total, 1.0)) + top)
