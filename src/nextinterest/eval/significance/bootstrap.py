"""Paired bootstrap: confidence intervals of means over users.

Users are drawn with replacement, the same draw for every column, so that intervals of differences between
methods are read off the same resamples.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals); Sakai,
Laboratory Experiments in Information Retrieval, 2018. A resample is a vector of counts per user, and its
means are one product of counts with the table of values, so a block of resamples is one matrix product.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from nextinterest.errors import DataError
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["bootstrap_means", "percentile_interval"]

_CELLS = 1 << 24  # counts held at once: 64 MB as float32


def bootstrap_means(values: NDArray[np.floating], n_resamples: int = 1000, seed: int = 0) -> Scores:
    """Return the mean of each column in each resample of the rows, float64, shape (n_resamples, m).

    Parameters
    ----------
    values
        One row per user, shape (n_users, m). NaN is a value a user does not have: such a column's mean is
        over the users that do.
    n_resamples
        Resamples drawn.
    seed
        Draws them.

    Raises
    ------
    DataError
        If there is no user.

    Examples
    --------
    >>> means = bootstrap_means(np.array([[0.0], [1.0]]), n_resamples=4000, seed=1)
    >>> means.shape, bool(abs(means.mean() - 0.5) < 0.02), bool(abs(means.std() - 0.3536) < 0.01)
    ((4000, 1), True, True)
    """
    n, m = values.shape
    if n == 0:
        raise DataError("There is no user to resample.", remedy="Evaluate at least one user.")
    rng = np.random.default_rng(seed)
    missing = np.isnan(values).any(axis=0)
    partial = np.flatnonzero(missing)
    present = (~np.isnan(values[:, partial])).astype(np.float32)
    # Centred, single precision sums lose nothing that matters: they hold only the deviation from the mean.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column no user has is NaN throughout
        centre = np.nanmean(values, axis=0, dtype=np.float64)
    deviations = np.nan_to_num((values - centre.astype(values.dtype)).astype(np.float32), copy=False)
    means = np.empty((n_resamples, m))
    block = max(1, min(n_resamples, _CELLS // n))
    counts = np.empty((block, n), dtype=np.float32)
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        for row in range(size):
            counts[row] = np.bincount(rng.integers(n, size=n), minlength=n)
        sums = (counts[:size] @ deviations).astype(np.float64)
        weights = np.full((size, m), float(n))
        weights[:, partial] = counts[:size] @ present
        means[start : start + size] = np.divide(
            sums, weights, out=np.full((size, m), np.nan), where=weights > 0
        )
    # The centre was rounded to the values' own precision before it was taken off.
    return means + centre.astype(values.dtype)


def percentile_interval(samples: Scores, level: float = 0.95) -> Scores:
    """Return the lower and upper ends of each column's interval, shape (2, m).

    Examples
    --------
    >>> percentile_interval(np.arange(101.0)[:, None], level=0.9).ravel().round(6).tolist()
    [5.0, 95.0]
    """
    tail = (1.0 - level) / 2.0
    ends: Scores = np.nanquantile(samples, [tail, 1.0 - tail], axis=0)
    return ends
