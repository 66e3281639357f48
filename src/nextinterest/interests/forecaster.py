"""`PooledForecaster`: the signals of a history, pooled with fitted weights, with intervals.

It satisfies `nextinterest.domain.InterestForecaster`, so it is evaluated beside the simple forecasts. It
knows nothing of how its item models work, and learns from nothing but the cases it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from nextinterest.domain import Catalog, History, InterestForecasts, ItemScorer
from nextinterest.interests.dispersion import fit_dispersion
from nextinterest.interests.model import ForecastModel, HorizonFit
from nextinterest.interests.pool import fit_pool, pool
from nextinterest.interests.signals import RunningCounts, Shares, history_signals, model_signals

__all__ = ["FitCases", "PooledForecaster", "fit_horizon"]


class FitCases(Protocol):
    """Histories and how attention was shared over the events that followed."""

    @property
    def histories(self) -> Sequence[History]:
        """What was known at each moment."""
        ...

    @property
    def truth(self) -> Shares:
        """Shares seen afterwards, shape (n, n_interests)."""
        ...


def fit_horizon(
    signals: Mapping[str, Shares], truth: Shares, horizon: int, draws_per_event: float, level: float
) -> HorizonFit:
    """Fit weights and dispersion at one horizon to signals and the shares seen, each (n, n_interests)."""
    weights = fit_pool(signals, truth)
    shares = pool(signals, weights)
    return HorizonFit(
        horizon=horizon,
        weights=weights,
        dispersion=fit_dispersion(shares, truth, horizon, draws_per_event, level),
        loss=float(-(truth * np.log(shares)).sum(axis=1).mean()),
        cases=len(truth),
    )


class PooledForecaster:
    """Forecasts interests from a user's history and any number of item models.

    Parameters
    ----------
    catalog
        Gives the interests of items.
    population
        The population's interest mix, shape (n_interests,); see `nextinterest.data.interests.population_mix`.
    model
        Fitted weights and dispersions.
    scorers
        Item models by the name of their signal in `model`.
    level
        Nominal coverage of the intervals.
    name
        Short name, used in tables.
    """

    def __init__(
        self,
        catalog: Catalog,
        population: Shares,
        model: ForecastModel,
        scorers: Mapping[str, ItemScorer] | None = None,
        *,
        level: float = 0.8,
        name: str = "pooled forecast",
    ) -> None:
        self.catalog, self.population, self.model = catalog, population, model
        self.scorers = dict(scorers or {})
        self.level, self.name = level, name

    @classmethod
    def fit(
        cls,
        catalog: Catalog,
        population: Shares,
        cases: Mapping[int, FitCases],
        scorers: Mapping[str, ItemScorer] | None = None,
        *,
        fitted_on: str = "",
        level: float = 0.8,
        name: str = "pooled forecast",
    ) -> PooledForecaster:
        """Fit weights and dispersions, one horizon after the other.

        Parameters
        ----------
        catalog, population, scorers, level, name
            As for the class. The scorers must not have learned from the events that the cases forecast.
        cases
            Validation cases by horizon; never test cases.
        fitted_on
            What the cases are, in words; kept with the model.
        """
        counts = np.array([max(len(names), 1) for names in catalog.categories], dtype=np.float64)
        fits, draws = [], 1.0
        for horizon, some in sorted(cases.items()):
            seen = np.concatenate([history.items for history in some.histories])
            draws = float(counts[seen].mean())
            signals = history_signals(RunningCounts.of(some.histories, catalog), population)
            signals |= model_signals(scorers or {}, some.histories)
            fits.append(fit_horizon(signals, some.truth, horizon, draws, level))
        model = ForecastModel(fitted_on=fitted_on, draws_per_event=draws, horizons=tuple(fits))
        return cls(catalog, population, model, scorers, level=level, name=name)

    def signals(self, histories: Sequence[History]) -> dict[str, Shares]:
        """Return every signal of these histories, by name, each of shape (n, n_interests)."""
        counts = RunningCounts.of(histories, self.catalog)
        return history_signals(counts, self.population) | model_signals(self.scorers, histories)

    def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
        """Forecast the shares of each interest among the next `horizon` events."""
        return self.from_signals(self.signals(histories), horizon)

    def from_signals(self, signals: Mapping[str, Shares], horizon: float) -> InterestForecasts:
        """Forecast from signals at hand, so that several horizons cost one look at the histories."""
        fit = self.model.at(horizon)
        shares = pool(signals, fit.weights)
        lower, upper = fit.dispersion.interval(shares, self.level)
        return InterestForecasts(shares, lower, upper, self.level)
