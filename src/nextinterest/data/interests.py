"""Histories as amounts of interest: counts, decayed counts, smoothed shares, marginals of item distributions.

An event counts 1/m for each of its item's m categories (`Catalog.interest_matrix`), so a history's counts sum
to its number of events and shares are shares of attention. Pure arithmetic; nothing here is learned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import DataError

__all__ = [
    "decayed_counts",
    "event_interests",
    "interest_counts",
    "interest_marginal",
    "population_mix",
    "smooth",
]

Shares = NDArray[np.float64]


def event_interests(history: History, catalog: Catalog) -> Shares:
    """Return the interests of each event, shape (n_events, n_interests), rows summing to one."""
    return catalog.interest_matrix[history.items].astype(np.float64)


def interest_counts(histories: Sequence[History], catalog: Catalog, last: int | None = None) -> Shares:
    """Return how many events each interest got, shape (n, n_interests), over the `last` events where given.

    Examples
    --------
    >>> catalog = Catalog(["a", "b"], ["A", "B"], [("War",), ("War", "Drama")])
    >>> catalog.interest_names
    ('Drama', 'War')
    >>> interest_counts([History(np.array([0, 1]))], catalog).tolist()
    [[0.5, 1.5]]
    """
    matrix = catalog.interest_matrix
    counts = np.zeros((len(histories), matrix.shape[1]))
    for row, history in enumerate(histories):
        items = history.items if last is None else history.items[max(0, len(history) - last) :]
        counts[row] = matrix[items].sum(axis=0, dtype=np.float64)
    return counts


def decayed_counts(histories: Sequence[History], catalog: Catalog, half_life: float) -> Shares:
    """Return counts in which an event `half_life` events old counts half, shape (n, n_interests).

    The newest event has age 0 and counts 1; the counts follow the recurrence
    ``c <- 2 ** (-1 / half_life) * c + interests of the new event``.

    Examples
    --------
    >>> catalog = Catalog(["a", "b"], ["A", "B"], [("War",), ("Drama",)])
    >>> decayed_counts([History(np.array([0, 1]))], catalog, half_life=1.0).tolist()
    [[1.0, 0.5]]
    """
    if not half_life > 0:
        raise DataError(f"A half-life must be positive, not {half_life}.", remedy="Give it in events.")
    matrix = catalog.interest_matrix
    counts = np.zeros((len(histories), matrix.shape[1]))
    for row, history in enumerate(histories):
        weights = 0.5 ** (np.arange(len(history))[::-1] / half_life)
        counts[row] = weights @ matrix[history.items]
    return counts


def smooth(counts: Shares, mix: Shares, strength: float) -> Shares:
    """Return shares shrunk towards `mix`: the mean of the Dirichlet posterior, (counts + a mix) / (n + a).

    Parameters
    ----------
    counts
        Events per interest, shape (..., n_interests).
    mix
        The distribution to shrink towards, shape (n_interests,).
    strength
        The prior's weight a, in events.

    Examples
    --------
    >>> smooth(np.array([3.0, 0.0]), np.array([0.5, 0.5]), strength=1.0).tolist()
    [0.875, 0.125]
    """
    total = counts.sum(axis=-1, keepdims=True) + strength
    shares: Shares = np.broadcast_to(mix, counts.shape).copy()
    np.divide(counts + strength * mix, total, out=shares, where=total > 0)
    return shares


def population_mix(items: NDArray[np.int32], catalog: Catalog, strength: float = 1.0) -> Shares:
    """Return the interest mix of all these events, shape (n_interests,), never quite zero.

    Smoothed towards the uniform mix with a weight of `strength` events.
    """
    matrix = catalog.interest_matrix
    per_item = np.bincount(items, minlength=len(catalog)).astype(np.float64)
    width = matrix.shape[1]
    return smooth(per_item @ matrix, np.full(width, 1.0 / width), strength)


def interest_marginal(
    log_probabilities: FloatArray,
    catalog: Catalog,
    histories: Sequence[History] | None = None,
) -> Shares:
    """Return the marginal of item distributions over interests, shape (n, n_interests), rows summing to one.

    P(u = c) = sum_i P(i) m(i, c), with m the rows of `Catalog.interest_matrix`: the interest forecast and the
    item ranking are one distribution, so they cannot contradict each other.

    Parameters
    ----------
    log_probabilities
        As `ItemScorer.log_probabilities` returns, shape (n, n_items).
    histories
        Where given, items of each history are left out and the rest renormalised (a row in which
        nothing is left keeps all items).
    """
    scores = np.asarray(log_probabilities, dtype=np.float64)
    probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    for row, history in enumerate(histories or ()):
        kept = probabilities[row].copy()
        kept[history.items] = 0.0
        if kept.sum() > 0:
            probabilities[row] = kept
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    marginal = probabilities @ catalog.interest_matrix
    return np.asarray(marginal / marginal.sum(axis=1, keepdims=True), dtype=np.float64)
