"""Hit rate at k: the share of cases with a relevant item among the first k.

    HR@k = [ min rank <= k ]

Source: Deshpande & Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004; trec_eval ``success``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import ABSENT, MISS, Scores, rank_table

__all__ = ["hit_rate"]


def hit_rate(ranks: ArrayLike, k: int | None = 10) -> Scores:
    """Return 1 for each case with a relevant item within the first `k`, else 0; shape (n,).

    Examples
    --------
    >>> from nextinterest.eval.metrics import MISS
    >>> hit_rate([1, 10, 11, MISS], k=10).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    table = rank_table(ranks, k)
    limit = MISS - 1 if k is None else k
    hits: Scores = np.any((table != ABSENT) & (table <= limit), axis=1).astype(np.float64)
    return hits
