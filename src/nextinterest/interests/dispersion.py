"""How far the share that will be seen may lie from its forecast: an over-dispersed count of a few events.

The next n events carry about T = n x (categories per event) draws. An interest's draws are taken as
beta-binomial with mean p, T trials, and variance

    Var(y) = p (1 - p) v(p),    v(p) = exp(a + b p)

with a and b fitted to the squared errors of validation forecasts, so that a spread between users that the
forecast does not know of is counted in. Intervals are the shortest that hold the level, between quantiles
interpolated over the atoms (each spread over one step of 1/T), so that those of rare interests start at
zero. Source: Skellam, A probability distribution derived from the binomial ..., JRSS B 1948.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from nextinterest.interests.signals import Shares

__all__ = ["Dispersion", "fit_dispersion"]

MAX_TRIALS = 400
IN_PLAY = 0.25
MAX_SHIFT = 0.7  # the conformal step may halve or double the variance, not replace the fit
GRID = np.geomspace(1e-4, 0.98, 96)


class Dispersion(BaseModel):
    """Spread of seen shares around forecast ones, at one horizon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(description="Number of draws that the coming events amount to.", ge=1)
    log_variance: float = Field(description="a: log of the variance factor of a share near zero.")
    slope: float = Field(description="b: growth of the log variance factor with the share.")

    def variance(self, shares: Shares) -> Shares:
        """Return the variance of the seen share around each forecast share."""
        variance: Shares = shares * (1.0 - shares) * self._factor(shares)
        return variance

    def interval(self, shares: Shares, level: float = 0.8) -> tuple[Shares, Shares]:
        """Return lower and upper ends of the prediction interval, each of the shape of `shares`."""
        lower, upper = _bounds(self, level)
        inside = np.clip(shares, GRID[0], GRID[-1])
        return (
            np.minimum(np.interp(inside, GRID, lower), shares),
            np.maximum(np.interp(inside, GRID, upper), shares),
        )

    def probability_above(self, shares: Shares, thresholds: Shares) -> Shares:
        """Return the probability that each seen share exceeds its threshold; all of shape (n,)."""
        probabilities = np.empty(len(shares))
        for i, (share, threshold) in enumerate(zip(shares, thresholds, strict=True)):
            edges, mass_below = _distribution(self, float(np.clip(share, GRID[0], GRID[-1])))
            above = 1.0 - np.interp(threshold * (len(edges) - 2), edges, mass_below)
            probabilities[i] = max(float(above), 0.0)
        return probabilities

    def _factor(self, shares: Shares) -> Shares:
        factor: Shares = np.minimum(np.exp(self.log_variance + self.slope * shares), 0.95)
        return factor


def _distribution(dispersion: Dispersion, share: float) -> tuple[Shares, Shares]:
    """Return edges of the atoms, from -1/2 to T + 1/2 draws, and the probability below each edge."""
    factor = float(dispersion._factor(np.array([share]))[0])
    # A beta-binomial cannot vary less than a binomial of as many trials: take as many as the factor needs.
    trials = max(dispersion.trials, int(np.ceil(1.0 / factor)) + 1)
    trials = min(max(trials, 2), MAX_TRIALS)
    correlation = float(np.clip((factor * trials - 1.0) / (trials - 1.0), 1e-6, 0.99))
    concentration = 1.0 / correlation - 1.0
    k = np.arange(trials + 1)
    a, b = concentration * share, concentration * (1.0 - share)
    choose = gammaln(trials + 1) - gammaln(k + 1) - gammaln(trials - k + 1)
    mass = np.exp(choose + betaln(k + a, trials - k + b) - betaln(a, b))
    return np.concatenate([[-0.5], k + 0.5]), np.concatenate([[0.0], np.cumsum(mass / mass.sum())])


@lru_cache(maxsize=256)
def _bounds(dispersion: Dispersion, level: float) -> tuple[Shares, Shares]:
    """Return interval ends for every share of the grid, non-decreasing along it."""
    lower, upper = np.zeros(len(GRID)), np.zeros(len(GRID))
    tails = np.linspace(0.0, 1.0 - level, 33)
    for i, share in enumerate(GRID):
        edges, below = _distribution(dispersion, float(share))
        trials = len(edges) - 2
        starts = np.clip(np.interp(tails, below, edges), 0.0, trials)
        stops = np.clip(np.interp(tails + level, below, edges), 0.0, trials)
        shortest = int(np.argmin(stops - starts))
        lower[i], upper[i] = starts[shortest] / trials, stops[shortest] / trials
    return np.maximum.accumulate(lower), np.maximum.accumulate(upper)


def fit_dispersion(
    shares: Shares, truth: Shares, horizon: int, draws_per_event: float, level: float = 0.8
) -> Dispersion:
    """Fit the variance of seen shares around forecast ones, both of shape (n, n_interests).

    Maximises the gamma quasi-likelihood of the squared errors, each pair weighted by its binomial variance,
    so that the many rare interests do not drown the common ones. The variance is then scaled (conformally,
    on the same cases) until intervals of the given level cover that part of the pairs in play: those
    expected to get at least a quarter of an event. The others are nearly always zero, and any interval
    covers that.
    """
    trials = max(1, round(horizon * draws_per_event))
    p, y = shares.ravel(), truth.ravel()
    binomial = p * (1.0 - p)
    kept = binomial > 1e-8
    p, binomial = p[kept], binomial[kept]
    ratio = (y[kept] - p) ** 2 / binomial

    def deviance(parameters: NDArray[np.float64]) -> float:
        log_factor = parameters[0] + parameters[1] * p
        return float((binomial * (ratio * np.exp(-log_factor) + log_factor)).sum() / binomial.sum())

    start = np.array([np.log(max(float((binomial * ratio).sum() / binomial.sum()), 1e-4)), 0.0])
    found = minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7})
    fitted = Dispersion(trials=trials, log_variance=float(found.x[0]), slope=float(found.x[1]))
    in_play = shares * horizon >= IN_PLAY
    if not in_play.any():
        return fitted

    def coverage(shift: float) -> float:
        moved = fitted.model_copy(update={"log_variance": fitted.log_variance + shift})
        lower, upper = moved.interval(shares[in_play], level)
        return float(((truth[in_play] >= lower - 1e-9) & (truth[in_play] <= upper + 1e-9)).mean())

    low, high = -MAX_SHIFT, MAX_SHIFT
    for _ in range(12):  # bisection: coverage grows with the variance
        middle = 0.5 * (low + high)
        low, high = (middle, high) if coverage(middle) < level else (low, middle)
    return fitted.model_copy(update={"log_variance": fitted.log_variance + 0.5 * (low + high)})
