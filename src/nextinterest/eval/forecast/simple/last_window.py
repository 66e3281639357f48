"""The last window: what the user did most recently goes on. Window and smoothing are fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import interest_counts
from nextinterest.domain import History
from nextinterest.eval.forecast.simple.base import SimpleForecaster

__all__ = ["LastWindow"]


class LastWindow(SimpleForecaster):
    """Forecasts the mix of the last few events; the shape parameter is their number."""

    name = "last window"
    shapes = (5.0, 10.0, 20.0, 40.0, 80.0)

    def counts(self, histories: Sequence[History], shape: float) -> NDArray[np.float64]:
        """Return the counts of the last `shape` events."""
        return interest_counts(histories, self.catalog, last=int(shape))
