"""Tail share: how much of a list comes from the long tail.

    APLT = share of the list's items outside the head, the head being the most popular items that
           together hold `head` of all training events

Source: Abdollahpouri, Burke & Mobasher, FLAIRS 2019 (average percentage of long-tail items), with the
80 % head of the same authors' Controlling Popularity Bias, RecSys 2017.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextinterest.domain import IntArray
from nextinterest.eval.metrics.listwise import mean_over_list
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["tail_items", "tail_share"]


def tail_items(counts: ArrayLike, head: float = 0.8) -> NDArray[np.bool_]:
    """Return which items are in the long tail, shape (n_items,).

    The item whose events cross the share `head` still belongs to the head; equal counts are taken in
    order of position.

    Examples
    --------
    >>> tail_items([6, 2, 1, 1], head=0.8).tolist()
    [False, False, True, True]
    """
    events = np.asarray(counts, dtype=np.float64)
    order = np.argsort(-events, kind="stable")
    before = np.cumsum(events[order]) - events[order]
    tail = np.empty(len(events), dtype=np.bool_)
    tail[order] = before >= head * events.sum()
    return tail


def tail_share(lists: IntArray, tail: NDArray[np.bool_]) -> Scores:
    """Return the share of each list's items that are in the tail, shape (n,); NaN for an empty list.

    Examples
    --------
    >>> tail_share(np.array([[0, 2]], dtype=np.int32), tail_items([6, 2, 1, 1])).tolist()
    [0.5]
    """
    return mean_over_list(lists, tail.astype(np.float64))
