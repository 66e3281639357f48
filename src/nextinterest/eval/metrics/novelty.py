"""Novelty: the mean self-information of the recommended items, in bits.

    novelty = mean over the list of -log2 P(item),   P(item) = (count + 1) / (events + n_items)

Source: Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender systems, PNAS 2010;
Vargas & Castells, RecSys 2011. The counts are smoothed by one so that a cold item is finitely novel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.domain import IntArray
from nextinterest.eval.metrics.listwise import mean_over_list
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["novelty"]


def novelty(lists: IntArray, counts: ArrayLike) -> Scores:
    """Return the mean self-information of each list's items, shape (n,); NaN for an empty list.

    Examples
    --------
    >>> novelty(np.array([[0], [1]], dtype=np.int32), [2, 0]).tolist()
    [0.4150374992788438, 2.0]
    """
    events = np.asarray(counts, dtype=np.float64)
    probability = (events + 1.0) / (events.sum() + len(events))
    return mean_over_list(lists, -np.log2(probability))
