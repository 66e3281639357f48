"""Calibration of shares: where the forecast says 10 %, it should be 10 % on average.

Forecast shares of all cases and interests are put into bins of equal forecast mass; in bin b

    error = sum_b m_b |mean y - mean p| / sum_b m_b,     m_b the number of pairs in b times their mean p

The slope of y on p through the weighted means tells over-confidence (below 1) from over-caution (above 1).
Source: Murphy & Winkler, Reliability of Subjective Probability Forecasts, JRSS C 1977; Cox, Two further
applications of a model for binary regression, Biometrika 1958 (the slope).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reliability", "share_reliability"]


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability curve and its two summaries.

    Attributes
    ----------
    forecast, seen
        Mean forecast and mean seen share in each bin, shape (n_bins,).
    pairs
        Number of (case, interest) pairs in each bin.
    error
        Absolute difference relative to the forecast mass, weighted by it; 0 is calibrated.
    slope
        Slope of the least-squares line of seen on forecast shares; 1 is calibrated.
    """

    forecast: NDArray[np.float64]
    seen: NDArray[np.float64]
    pairs: NDArray[np.int64]
    error: float
    slope: float


def share_reliability(
    forecast: NDArray[np.float64], truth: NDArray[np.float64], n_bins: int = 10
) -> Reliability:
    """Compare forecast and seen shares, both of shape (n, n_interests), in `n_bins` bins of equal mass.

    Examples
    --------
    >>> curve = share_reliability(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.8, 0.2], [0.0, 1.0]]), 2)
    >>> curve.forecast.round(2).tolist(), curve.seen.round(2).tolist(), round(curve.error, 3)
    ([0.37, 0.9], [0.33, 1.0], 0.1)
    """
    p, y = forecast.ravel(), truth.ravel()
    order = np.argsort(p, kind="stable")
    p, y = p[order], y[order]
    mass = np.cumsum(p) - 0.5 * p
    bins = np.minimum((mass / p.sum() * n_bins).astype(np.int64), n_bins - 1)
    pairs = np.bincount(bins, minlength=n_bins)
    held = pairs > 0
    said = np.bincount(bins, weights=p, minlength=n_bins)[held]
    seen = np.bincount(bins, weights=y, minlength=n_bins)[held]
    pairs = pairs[held]
    centred = p - p.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread if spread > 0 else float("nan")
    return Reliability(
        said / pairs, seen / pairs, pairs, float(np.abs(seen - said).sum() / said.sum()), slope
    )
