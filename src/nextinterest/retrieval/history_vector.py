"""What a history weighs: recency weights of its events, and its vector as their weighted mean.

The newest event weighs 1 and each earlier one less by a constant factor,

    w_j = 2 ** (-(T - j) / half_life) * exp(rating_gain * (rating_j - mean rating of the history)),

for event j = 1..T: an event `half_life` events back counts half. Rank, not time, is what decays, since users
differ in pace by orders of magnitude. An event without a rating counts as an average one.

All histories are weighed at once: the weights form a sparse matrix whose products with item vectors or
item-item similarities are the segment sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.domain import FloatArray, History

__all__ = ["event_weights", "history_vectors"]

_NEGLIGIBLE = 14.0  # half-lives after which an event weighs less than 1e-4 and is left out


def event_weights(
    histories: Sequence[History], n_items: int, half_life: float, rating_gain: float = 0.0
) -> csr_array:
    """Return the weight of each item in each history, sparse float32, shape (n, n_items).

    Parameters
    ----------
    histories
        n histories; the row of an empty one is empty.
    n_items
        Size of the catalogue.
    half_life
        Events after which the weight has halved, above 0; ``inf`` weighs all alike.
    rating_gain
        Effect of a rating one above the history's mean, as a change of log-weight; 0 ignores ratings.

    Examples
    --------
    >>> h = History(np.array([2, 0, 2], dtype=np.int32))
    >>> event_weights([h], 3, half_life=1.0).toarray().tolist()
    [[0.5, 0.0, 1.25]]
    """
    horizon = None if np.isinf(half_life) else max(1, int(np.ceil(_NEGLIGIBLE * half_life)))
    recent = [history if horizon is None else history.last(horizon) for history in histories]
    lengths = np.array([len(history) for history in recent], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if not offsets[-1]:
        return csr_array(np.zeros((len(histories), n_items), dtype=np.float32))
    items = np.concatenate([history.items for history in recent])
    back = np.repeat(offsets[1:], lengths) - 1 - np.arange(offsets[-1])
    weights = np.exp2(-back / half_life)
    if rating_gain:
        weights *= np.exp(rating_gain * _centred_ratings(recent, lengths))
    matrix = csr_array(
        (weights.astype(np.float32), items.astype(np.int64), offsets), shape=(len(histories), n_items)
    )
    matrix.sum_duplicates()
    return matrix


def history_vectors(weights: csr_array, item_vectors: FloatArray) -> FloatArray:
    """Return the direction of each history's weighted mean, float32, shape (n, dimension).

    Parameters
    ----------
    weights
        From `event_weights`, shape (n, n_items).
    item_vectors
        Shape (n_items, dimension).

    Returns
    -------
    FloatArray
        Unit vectors; zero for an empty history.
    """
    sums = np.asarray(weights @ item_vectors, dtype=np.float32)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    np.divide(sums, norms, out=sums, where=norms > 0)
    return sums


def _centred_ratings(histories: Sequence[History], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each event's rating less its history's mean rating, 0 where there is none."""
    ratings = np.concatenate(
        [np.full(len(h), np.nan) if h.ratings is None else h.ratings.astype(np.float64) for h in histories]
    )
    rows = np.repeat(np.arange(len(lengths)), lengths)
    known = ~np.isnan(ratings)
    count = np.bincount(rows[known], minlength=len(lengths))
    # Of no events at all, bincount returns integers, whatever the weights are.
    total = np.bincount(rows[known], ratings[known], minlength=len(lengths)).astype(np.float64)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return np.where(known, ratings - mean[rows], 0.0)
