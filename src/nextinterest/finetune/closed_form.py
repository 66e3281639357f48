"""Item-item matrices that are computed, not trained: EASE^R and smoothed log-lift.

EASE^R (Steck, 2019): with X the users-by-items matrix of choices and P = (X'X + ridge I)^-1,

    M = I - P / diag(P)        (diagonal zero: an item does not explain itself)

Log-lift, of item i being chosen soon after another item a:

    M[a, i] = log (1 + C[a, i] / (prior p_i)),
    C[a, i] = sum over pairs of one user at distance d <= window of decay ** (d - 1), a before i,

where pairs of one time count in both directions and at full weight, since their order is unknown, and p is
the share of an item among all events. Up to a constant of the row, which no softmax over items can see, this
is log P(i soon after a) - log p_i with `prior` pseudo-events spread like p; it is zero where nothing was
counted.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import coo_array, csr_array

from nextinterest.data import EventLog
from nextinterest.domain import FloatArray

__all__ = ["ease", "log_lift"]


def ease(log: EventLog, n_items: int, ridge: float) -> FloatArray:
    """Return M of EASE^R, float32, shape (n_items, n_items).

    Memory is three dense matrices of that shape in double precision.

    Examples
    --------
    >>> log = EventLog(("a", "b"), np.array([0, 2, 4]), np.array([0, 1, 0, 1], dtype=np.int32))
    >>> m = ease(log, 3, ridge=1.0)
    >>> [abs(round(float(v), 3)) for v in m[0]]
    [0.0, 0.667, 0.0]
    """
    ones = np.ones(log.n_events)
    x = csr_array((ones, (log.users, log.items)), shape=(log.n_users, n_items))
    x.data[:] = 1.0  # a repeat is no second choice
    gram = np.asarray((x.T @ x).toarray(), dtype=np.float64)
    gram[np.diag_indices(n_items)] += ridge
    inverse = cho_solve(cho_factor(gram), np.eye(n_items))
    matrix = -inverse / np.diag(inverse)[None, :]
    matrix[np.diag_indices(n_items)] = 0.0
    return matrix.astype(np.float32)


def log_lift(log: EventLog, n_items: int, window: int, decay: float, prior: float) -> csr_array:
    """Return M of the log-lift, sparse float32, shape (n_items, n_items).

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
    counts = csr_array((n_items, n_items), dtype=np.float64)
    users, items, times = log.users, log.items.astype(np.int64), log.times
    for distance in range(1, min(window, int(log.lengths.max(initial=0)) - 1) + 1):
        same_user = users[:-distance] == users[distance:]
        tied = np.zeros(len(same_user), dtype=bool)
        if times is not None:
            tied = same_user & (times[:-distance] == times[distance:])
        first, second = items[:-distance], items[distance:]
        weight = np.where(tied, 1.0, decay ** (distance - 1))[same_user]
        for value, a, b in (
            (weight, first[same_user], second[same_user]),
            (np.ones(int(tied.sum())), second[tied], first[tied]),
        ):
            counts = counts + coo_array((value, (a, b)), shape=counts.shape).tocsr()
    share = log.item_counts(n_items) + 0.5
    share = share / share.sum()
    counts.data = np.log1p(counts.data / (prior * share[counts.indices]))
    return csr_array(counts.astype(np.float32))
