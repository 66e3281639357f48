"""The user's long-run mix: every event counts alike, with the least smoothing that keeps log-loss finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import interest_counts
from nextinterest.domain import History
from nextinterest.eval.forecast.simple.base import SimpleForecaster

__all__ = ["LongRunMix"]


class LongRunMix(SimpleForecaster):
    """Forecasts that the user goes on as always: the mix of the whole history plus one event's prior."""

    name = "long-run mix"
    strengths: tuple[float, ...] = (1.0,)

    def counts(self, histories: Sequence[History], shape: float) -> NDArray[np.float64]:
        """Return the counts of all events."""
        return interest_counts(histories, self.catalog)
