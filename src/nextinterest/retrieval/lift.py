"""Smoothed log-lift: how much likelier an item is soon after another one than at any time.

    M[a, i] = log (1 + C[a, i] / (prior p_i)),   C[a, i]: `pair_counts` with weight decay ** (d - 1)

where pairs of one time count in both directions, and p is the share of an item among all events. Up to a
constant of the row, which no softmax over items can see, this is log P(i soon after a) - log p_i with
`prior` pseudo-events spread like p; it is zero where nothing was counted.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from nextinterest.data.log import EventLog
from nextinterest.retrieval.pairs import pair_counts

__all__ = ["log_lift"]


def log_lift(log: EventLog, n_items: int, window: int, decay: float, prior: float) -> csr_array:
    """Return M of the module docstring, sparse float32, shape (n_items, n_items).

    Parameters
    ----------
    log
        Events to learn from.
    n_items
        Size of the catalogue.
    window, decay, prior
        See the module docstring.

    Examples
    --------
    >>> log = EventLog(("a", "b"), np.array([0, 2, 4]), np.array([0, 1, 0, 1], dtype=np.int32))
    >>> lift = log_lift(log, 2, window=1, decay=1.0, prior=1.0).toarray()
    >>> [[round(float(v), 2) for v in row] for row in lift]
    [[0.0, 1.61], [0.0, 0.0]]
    """
    counts = pair_counts(log, n_items, window, lambda d: decay ** (d - 1), ties_both_ways=True)
    share = log.item_counts(n_items) + 0.5
    share = share / share.sum()
    counts.data = np.log1p(counts.data / (prior * share[counts.indices]))
    return csr_array(counts.astype(np.float32))
