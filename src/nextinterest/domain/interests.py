"""Forecasts of interests, and the protocol of whatever makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain.history import History

__all__ = ["InterestForecaster", "InterestForecasts"]


@dataclass(frozen=True, slots=True, eq=False)
class InterestForecasts:
    """Forecast shares of attention for n histories, over the interests of a catalogue.

    Attributes
    ----------
    shares
        Expected share of each interest among the coming events, float64, shape (n, n_interests), rows
        summing to one; columns as `Catalog.interest_names`.
    lower, upper
        Ends of the prediction interval of the share that will be seen, same shape; None where the
        forecaster gives none.
    level
        Nominal coverage of that interval.
    """

    shares: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    level: float = 0.8

    def __len__(self) -> int:
        return len(self.shares)


@runtime_checkable
class InterestForecaster(Protocol):
    """Anything that says how attention will be shared among interests over a user's coming events."""

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        ...

    def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
        """Forecast the shares of each interest among the next `horizon` events of each history."""
        ...
