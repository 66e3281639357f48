"""Recall at k: the share of a case's relevant items that stand among the first k.

    Recall@k = #{ r : rank_r <= k } / n_relevant

Source: Manning, Raghavan & Schuetze, Introduction to Information Retrieval, 2008, section 8.3. With one
relevant item it equals the hit rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import ABSENT, MISS, Scores, rank_table

__all__ = ["recall"]


def recall(ranks: ArrayLike, k: int | None = 10) -> Scores:
    """Return recall of each case, shape (n,); 0 for a case without relevant items.

    Examples
    --------
    >>> from nextinterest.eval.metrics import MISS
    >>> recall([[1, 7, MISS, 12]], k=10).tolist()
    [0.5]
    """
    table = rank_table(ranks, k)
    relevant = table != ABSENT
    found = (relevant & (table <= (MISS - 1 if k is None else k))).sum(axis=1)
    scores: Scores = found / np.maximum(relevant.sum(axis=1), 1)
    return scores
