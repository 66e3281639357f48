"""Average recommendation popularity: how much-used the recommended items are.

    ARP = mean over the list of (training events of the item)

Source: Yin et al., Challenging the Long Tail Recommendation, VLDB 2012; Abdollahpouri, Burke & Mobasher,
Managing Popularity Bias in Recommender Systems with Personalized Re-ranking, FLAIRS 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.domain import IntArray
from nextinterest.eval.metrics.listwise import mean_over_list
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["average_popularity"]


def average_popularity(lists: IntArray, counts: ArrayLike) -> Scores:
    """Return the mean training count of each list's items, shape (n,); NaN for an empty list.

    Examples
    --------
    >>> average_popularity(np.array([[0, 1]], dtype=np.int32), [10, 4]).tolist()
    [7.0]
    """
    return mean_over_list(lists, np.asarray(counts, dtype=np.float64))
