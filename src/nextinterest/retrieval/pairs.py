"""Counts of pairs of items in the order in which users chose them.

    C[a, b] = sum over pairs of one user's events, a before b at distance d <= window, of weight(d)

Co-occurrence candidates, the log-lift and the Markov baseline are all made from this one counter. Knows
nothing of scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_array, csr_array

from nextinterest.data.log import EventLog

__all__ = ["pair_counts"]


def pair_counts(
    log: EventLog,
    n_items: int,
    window: int,
    weight: Callable[[int], float],
    *,
    ties_both_ways: bool = False,
) -> csr_array:
    """Return C of the module docstring, sparse float64, shape (n_items, n_items).

    Parameters
    ----------
    log
        Events to learn from.
    n_items
        Size of the catalogue.
    window
        Largest distance of two events that count as a pair.
    weight
        Of a pair at a distance of 1, 2, ..
    ties_both_ways
        Events of one time have no order: such pairs count 1, whatever their distance, in both directions.

    Examples
    --------
    >>> log = EventLog(("ann",), np.array([0, 3]), np.array([0, 1, 2], dtype=np.int32))
    >>> pair_counts(log, 3, window=2, weight=lambda d: 1 / d).toarray().tolist()
    [[0.0, 1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    shape = (n_items, n_items)
    counts = csr_array(shape, dtype=np.float64)
    users, items, times = log.users, log.items.astype(np.int64), log.moments
    for distance in range(1, min(window, int(log.lengths.max(initial=0)) - 1) + 1):
        same = users[:-distance] == users[distance:]
        first, second = items[:-distance], items[distance:]
        values = np.full(len(same), weight(distance))
        if ties_both_ways and times is not None:
            tied = same & (times[:-distance] == times[distance:])
            values[tied] = 1.0
            back = coo_array((values[tied], (second[tied], first[tied])), shape=shape)
            counts = counts + back.tocsr()
        counts = counts + coo_array((values[same], (first[same], second[same])), shape=shape).tocsr()
    return csr_array(counts)
