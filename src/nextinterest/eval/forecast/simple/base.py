"""What the simple forecasters share: a few parameters per horizon, picked by log-loss on validation cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import population_mix, smooth
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History, InterestForecasts
from nextinterest.errors import DataError
from nextinterest.eval.forecast.cases import ForecastBlock
from nextinterest.eval.forecast.metrics import share_log_loss

__all__ = ["Fitted", "SimpleForecaster"]

STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Prior weights tried, in events."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was picked for one horizon.

    Attributes
    ----------
    shape
        The forecaster's own parameter (a window, a half-life, an exponent); NaN where it has none.
    strength
        Weight of the population's mix, in events.
    loss
        Mean log-loss on the validation cases.
    """

    shape: float
    strength: float
    loss: float


class SimpleForecaster(ABC):
    """A forecast from counted interests, shrunk towards the population's mix.

    Parameters
    ----------
    catalog
        Gives the interests of items.
    train
        Events the population's mix is learned from.
    """

    name: str
    shapes: tuple[float, ...] = (float("nan"),)
    strengths: tuple[float, ...] = STRENGTHS

    def __init__(self, catalog: Catalog, train: EventLog) -> None:
        self.catalog = catalog
        self.mix = population_mix(train.items, catalog)
        self.fitted: dict[int, Fitted] = {}

    @abstractmethod
    def counts(self, histories: Sequence[History], shape: float) -> NDArray[np.float64]:
        """Return the counts to be smoothed, shape (n, n_interests)."""

    def shares(
        self, histories: Sequence[History], counts: NDArray[np.float64], shape: float, strength: float
    ) -> NDArray[np.float64]:
        """Return the forecast, shape (n, n_interests), from counts of the same shape parameter."""
        return smooth(counts, self.mix, strength)

    def fit(self, validation: ForecastBlock, horizons: Sequence[int]) -> Self:
        """Pick shape and strength for each horizon by mean log-loss on validation cases."""
        for horizon in horizons:
            cases = validation.at(horizon)
            tried = []
            for shape in self.shapes:
                counts = self.counts(cases.histories, shape)
                for strength in self.strengths:
                    shares = self.shares(cases.histories, counts, shape, strength)
                    tried.append(Fitted(shape, strength, float(share_log_loss(shares, cases.truth).mean())))
            self.fitted[horizon] = min(tried, key=lambda fit: fit.loss)
        return self

    def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
        """Forecast with the parameters of the fitted horizon closest to this one.

        Raises
        ------
        DataError
            If nothing was fitted.
        """
        if not self.fitted:
            raise DataError(f"The forecaster {self.name!r} was not fitted.", remedy="Call fit first.")
        closest = min(self.fitted, key=lambda fitted: (abs(fitted - horizon), fitted))
        fit = self.fitted[closest]
        counts = self.counts(histories, fit.shape)
        return InterestForecasts(self.shares(histories, counts, fit.shape, fit.strength))
