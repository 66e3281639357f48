"""Mean average precision at k.

    AP@k = 1 / n_relevant * sum over relevant items with rank <= k of (relevant items up to rank) / rank

Source: Manning, Raghavan & Schuetze, Introduction to Information Retrieval, 2008, section 8.4; trec_eval
``map_cut``. The divisor is the number of relevant items, as in trec_eval and ranx, and not min(k,
n_relevant), which some recommender libraries use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import ABSENT, MISS, Scores, rank_table

__all__ = ["average_precision"]


def average_precision(ranks: ArrayLike, k: int | None = 10) -> Scores:
    """Return average precision of each case, shape (n,); 0 for a case without relevant items.

    Examples
    --------
    >>> average_precision([[4, 1]], k=10).tolist()
    [0.75]
    """
    table = rank_table(ranks, k)
    relevant = table != ABSENT
    ordered = np.sort(np.where(relevant, table, MISS), axis=1)
    found = ordered <= (MISS - 1 if k is None else k)
    precision = np.arange(1, table.shape[1] + 1) / ordered
    scores: Scores = np.where(found, precision, 0.0).sum(axis=1) / np.maximum(relevant.sum(axis=1), 1)
    return scores
