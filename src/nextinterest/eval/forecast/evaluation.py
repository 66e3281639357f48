"""Score forecasters on the same cases, and compare them user by user.

Nothing is fitted here. Cases of one user are averaged before anything is tested, since they are not
independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import interest_counts, smooth
from nextinterest.domain import InterestForecaster, InterestForecasts
from nextinterest.errors import DataError
from nextinterest.eval.forecast.cases import ForecastCases
from nextinterest.eval.forecast.metrics import (
    Reliability,
    change_error,
    direction_accuracy,
    interest_ndcg,
    interval_coverage,
    interval_score,
    interval_width,
    share_brier,
    share_log_loss,
    share_reliability,
)
from nextinterest.eval.significance import bootstrap_means, percentile_interval, sign_flip_test

__all__ = [
    "HIGHER_IS_BETTER",
    "Comparison",
    "ForecastScores",
    "best_of",
    "compare",
    "score_forecaster",
    "user_means",
]

Values = NDArray[np.float64]

HIGHER_IS_BETTER = {
    "log-loss": False,
    "Brier": False,
    "NDCG": True,
    "change error": False,
    "direction": True,
    "interval score": False,
}
"""Metrics that rank forecasters, and which way. Coverage and width only make sense together."""


@dataclass(frozen=True, slots=True, eq=False)
class ForecastScores:
    """One forecaster's scores at one horizon.

    Attributes
    ----------
    name, horizon
        The forecaster and the number of events ahead.
    users
        User of each case, shape (n,).
    metrics
        Each metric's value per case, shape (n,).
    reliability
        Calibration over all cases.
    coverage_by_share
        (least share, part covered, number of pairs) for bands of the forecast share; empty without intervals.
    """

    name: str
    horizon: int
    users: NDArray[np.int32]
    metrics: dict[str, Values]
    reliability: Reliability
    coverage_by_share: tuple[tuple[float, float, int], ...]

    def mean(self, metric: str) -> float:
        """Return the mean over users of each user's mean."""
        return float(user_means(self.metrics[metric], self.users).mean())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether one forecaster beats another on one metric.

    Attributes
    ----------
    metric
        Name of the metric.
    ours, theirs
        Means over users.
    difference, lower, upper
        Ours minus theirs, and its 95 % bootstrap interval over users.
    p_value
        Two-sided, of the paired sign-flip test over users.
    better
        Whether the difference is on the good side.
    """

    metric: str
    ours: float
    theirs: float
    difference: float
    lower: float
    upper: float
    p_value: float
    better: bool


BANDS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)


def score_forecaster(
    forecaster: InterestForecaster,
    cases: ForecastCases,
    population: Values,
    reference_strength: float = 10.0,
    reference: Values | None = None,
) -> ForecastScores:
    """Forecast every case and score it.

    Parameters
    ----------
    forecaster
        What is scored.
    cases
        Histories and what followed.
    population
        The population's mix, shape (n_interests,).
    reference_strength
        Change is measured from the user's long-run mix shrunk towards `population` by so many events: from
        the raw mix, any shrinkage at all would be credited with foretelling change.
    reference
        The shares change is measured from, shape (n, n_interests), in place of that.

    Raises
    ------
    DataError
        If the forecast is not a distribution per case.
    """
    forecasts = forecaster.forecast(cases.histories, cases.horizon)
    shares, truth = forecasts.shares, cases.truth
    if shares.shape != truth.shape or not np.allclose(shares.sum(axis=1), 1.0, atol=1e-4):
        raise DataError(
            f"{forecaster.name!r} did not return one distribution over {truth.shape[1]} interests per case "
            f"(shape {shares.shape}).",
            remedy="Return shares of shape (n, n_interests), rows summing to one.",
        )
    if reference is None:
        reference = smooth(interest_counts(cases.histories, cases.catalog), population, reference_strength)
    metrics = {
        "log-loss": share_log_loss(shares, truth),
        "Brier": share_brier(shares, truth),
        "NDCG": interest_ndcg(shares, truth),
        "change error": change_error(shares, truth),
        "direction": direction_accuracy(shares, truth, reference),
    }
    by_share: tuple[tuple[float, float, int], ...] = ()
    if forecasts.lower is not None and forecasts.upper is not None:
        lower, upper = forecasts.lower, forecasts.upper
        metrics["coverage"] = interval_coverage(lower, upper, truth)
        metrics["coverage of mass"] = interval_coverage(lower, upper, truth, shares)
        metrics["width"] = interval_width(lower, upper)
        metrics["interval score"] = interval_score(lower, upper, truth, forecasts.level)
        by_share = _by_share(forecasts, truth)
    return ForecastScores(
        forecaster.name, cases.horizon, cases.users, metrics, share_reliability(shares, truth), by_share
    )


def _by_share(forecasts: InterestForecasts, truth: Values) -> tuple[tuple[float, float, int], ...]:
    if forecasts.lower is None or forecasts.upper is None:
        return ()
    inside = (truth >= forecasts.lower - 1e-9) & (truth <= forecasts.upper + 1e-9)
    edges = [*BANDS, 1.0 + 1e-9]
    rows = []
    for low, high in pairwise(edges):
        band = (forecasts.shares >= low) & (forecasts.shares < high)
        if band.any():
            rows.append((low, float(inside[band].mean()), int(band.sum())))
    return tuple(rows)


def user_means(values: Values, users: NDArray[np.int32]) -> Values:
    """Return the mean of each user's cases, in order of user."""
    _, group = np.unique(users, return_inverse=True)
    means: Values = np.bincount(group, weights=values) / np.bincount(group)
    return means


def compare(
    ours: ForecastScores, theirs: ForecastScores, metric: str, *, n_resamples: int = 2000, seed: int = 0
) -> Comparison:
    """Compare two forecasters on the same cases.

    Raises
    ------
    DataError
        If they were not scored on the same cases.
    """
    if ours.horizon != theirs.horizon or not np.array_equal(ours.users, theirs.users):
        raise DataError(
            f"{ours.name!r} and {theirs.name!r} were scored on different cases.",
            remedy="Score both on the same split and horizon.",
        )
    a = user_means(ours.metrics[metric], ours.users)
    b = user_means(theirs.metrics[metric], theirs.users)
    difference = a - b
    lower, upper = percentile_interval(bootstrap_means(difference[:, None], n_resamples, seed), 0.95)[:, 0]
    mean = float(difference.mean())
    return Comparison(
        metric=metric,
        ours=float(a.mean()),
        theirs=float(b.mean()),
        difference=mean,
        lower=float(lower),
        upper=float(upper),
        p_value=sign_flip_test(difference, seed=seed).p_value,
        better=mean > 0 if HIGHER_IS_BETTER[metric] else mean < 0,
    )


def best_of(scores: Sequence[ForecastScores], metric: str) -> ForecastScores:
    """Return the forecaster that is best on a metric."""
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    return min(scores, key=lambda score: sign * score.mean(metric))
