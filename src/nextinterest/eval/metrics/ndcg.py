"""Normalised discounted cumulative gain at k, with binary relevance.

    DCG@k  = sum over relevant items with rank <= k of 1 / log2(1 + rank)
    NDCG@k = DCG@k / sum_{i = 1 .. min(k, n_relevant)} 1 / log2(1 + i)

Source: Jarvelin & Kekalainen, Cumulated Gain-Based Evaluation of IR Techniques, TOIS 2002, with the
discount log2(1 + rank) of Burges et al. 2005. With one relevant item it is 1 / log2(1 + rank) within k.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import ABSENT, MISS, Scores, rank_table

__all__ = ["ndcg"]


def ndcg(ranks: ArrayLike, k: int | None = 10) -> Scores:
    """Return NDCG of each case, shape (n,); 0 for a case without relevant items.

    Examples
    --------
    >>> from nextinterest.eval.metrics import MISS
    >>> ndcg([1, 3, 11, MISS], k=10).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """
    table = rank_table(ranks, k)
    n_relevant = (table != ABSENT).sum(axis=1)
    if k is None:
        gain = np.zeros(table.shape)
        ranked = (table != ABSENT) & (table != MISS)
        gain[ranked] = 1.0 / np.log2(1.0 + table[ranked])
        depth = table.shape[1]
    else:
        # A table of the k possible gains: one look-up instead of a logarithm per case.
        by_rank = np.concatenate([[0.0], 1.0 / np.log2(np.arange(2, k + 2)), [0.0]])
        gain = by_rank[np.minimum(table, k + 1)]
        depth = min(k, table.shape[1])
    ideal = np.cumsum(1.0 / np.log2(np.arange(2, depth + 2)))
    scores: Scores = gain.sum(axis=1) / ideal[np.clip(n_relevant, 1, depth) - 1]
    return scores
