"""Exponential smoothing: older events count less, by a fitted half-life in events.

    c_t = 2^(-1/h) c_{t-1} + interests of event t,   p = (c + a mix) / (sum c + a)

Source: Gardner, Exponential smoothing: the state of the art, part II, International Journal of Forecasting
2006; here on counts, so that short histories are shrunk as they should be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import decayed_counts
from nextinterest.domain import History
from nextinterest.eval.forecast.simple.base import SimpleForecaster

__all__ = ["ExponentialSmoothing"]


class ExponentialSmoothing(SimpleForecaster):
    """Forecasts the exponentially smoothed mix; the shape parameter is the half-life in events."""

    name = "exponential smoothing"
    shapes = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)

    def counts(self, histories: Sequence[History], shape: float) -> NDArray[np.float64]:
        """Return the decayed counts."""
        return decayed_counts(histories, self.catalog, half_life=shape)
