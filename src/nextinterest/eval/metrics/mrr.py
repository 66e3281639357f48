"""Mean reciprocal rank at k: one over the rank of the first relevant item.

    MRR@k = 1 / min rank where min rank <= k, else 0

Source: Voorhees, The TREC-8 Question Answering Track Report, 1999; trec_eval ``recip_rank``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import ABSENT, MISS, Scores, rank_table

__all__ = ["mrr"]


def mrr(ranks: ArrayLike, k: int | None = 10) -> Scores:
    """Return the reciprocal rank of each case, shape (n,).

    Examples
    --------
    >>> mrr([[4, 2], [11, 0]], k=10).tolist()
    [0.5, 0.0]
    """
    table = rank_table(ranks, k)
    first = np.where(table == ABSENT, MISS, table).min(axis=1)
    found = first <= (MISS - 1 if k is None else k)
    return np.where(found, 1.0 / first, 0.0)
