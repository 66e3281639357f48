"""Counts of pairs of items: in the order in which users chose them, or by the users of both.

    C[a, b] = sum over pairs of one user's events, a before b at distance d <= window, of weight(d)
    U[a, b] = number of users who chose a and b                              X'X of the choices X

Co-occurrence candidates, the log-lift and the Markov baseline are made from C, ItemKNN and EASE from U.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack

from nextinterest.data.log import EventLog
from nextinterest.retrieval.item_matrix import largest_entries

__all__ = ["choices", "common_users", "nearest_by_users", "pair_counts", "shrunk_cosine"]

_CELLS_PER_BLOCK = 1 << 24  # similarities held before the neighbours are picked: 64 MB as float32


def choices(log: EventLog, n_items: int) -> csr_array:
    """Return which user chose which item, 1 or nothing, float64, shape (n_users, n_items)."""
    matrix = csr_array((np.ones(log.n_events), (log.users, log.items)), shape=(log.n_users, n_items))
    matrix.data[:] = 1.0
    return matrix


def common_users(chosen: csr_array, items: slice = slice(None)) -> csr_array:
    """Return rows `items` of U of the module docstring, sparse float64, shape (n, n_items).

    Parameters
    ----------
    chosen
        From `choices`.
    items
        The rows, so that a large U need not be held at once.

    Examples
    --------
    >>> log = EventLog(("a", "b"), np.array([0, 2, 4]), np.array([0, 1, 0, 2], dtype=np.int32))
    >>> common_users(choices(log, 3)).toarray().tolist()
    [[2.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    return csr_array(chosen.T.tocsr()[items] @ chosen)


def shrunk_cosine(
    counts: csr_array, of_row: NDArray[np.number], of_column: NDArray[np.number], shrinkage: float
) -> csr_array:
    """Return counts[a, b] / (sqrt(n_a n_b) + shrinkage), in the precision of `counts`.

    The cosine of item-based neighbourhoods (Sarwar et al., 2001; Deshpande and Karypis, 2004) with the
    shrinkage of Bell and Koren (2007).

    Parameters
    ----------
    counts
        Counts of pairs, shape (n, n_items).
    of_row, of_column
        n_a and n_b, shapes (n,) and (n_items,).
    shrinkage
        Large values distrust rare items.
    """
    made, precision = counts.copy(), counts.dtype.type
    rows = np.repeat(np.arange(made.shape[0]), np.diff(made.indptr))
    root_row, root_column = np.sqrt(of_row).astype(precision), np.sqrt(of_column).astype(precision)
    made.data /= root_row[rows] * root_column[made.indices] + precision(shrinkage)
    return made


def nearest_by_users(log: EventLog, n_items: int, neighbours: int, shrinkage: float) -> csr_array:
    """Return the shrunk cosine of U, each item's largest entries, float32, (n_items, n_items), zero diagonal.

    Computed block by block, so that U need not be held at once.

    Parameters
    ----------
    log
        Events to learn from.
    n_items
        Size of the catalogue.
    neighbours
        Entries kept per item.
    shrinkage
        Large values distrust rare items.
    """
    chosen = choices(log, n_items).astype(np.float32)
    users = chosen.sum(axis=0)
    step = max(1, _CELLS_PER_BLOCK // n_items)
    blocks = []
    for start in range(0, n_items, step):
        block = slice(start, start + step)
        together = common_users(chosen, block)
        together.setdiag(0.0, k=start)  # an item is no neighbour of itself
        together.eliminate_zeros()
        blocks.append(largest_entries(shrunk_cosine(together, users[block], users, shrinkage), neighbours))
    return csr_array(vstack(blocks))


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
